/**
 * As much of TOML as the configuration files of containers' tools use: tables, and keys whose values are strings or lists of
 * strings. All other values are passed over. Pure.
 */

export interface ConfFile {
  path: string;
  text: string;
}

type Broken = (file: ConfFile, why: string) => Error;

export interface Setting {
  /** Empty before the first table; a table of an array counts as its name in brackets. */
  table: string;
  key: string;
  value: string | string[] | undefined;
}

/** A comment, the end of a line with those that say nothing, a string of either kind, a bracket or another sign, a bare word. */
const TOKEN =
  /[ \t\r]+|#[^\n]*|(?<end>(?:\n[ \t\r]*(?:#[^\n]*)?)+)|"(?<basic>(?:[^"\\\n]|\\.)*)"|'(?<literal>[^'\n]*)'|(?<sign>\[\[|\]\]|[[\]{}=,])|(?<word>[^\s#"'[\]{}=,]+)/y;

interface Token {
  kind: 'end' | 'string' | 'sign' | 'word';
  text: string;
}

/** All of a file, in its order. Throws what `broken` makes of the reason why it is no TOML. */
export function* tomlSettings(file: ConfFile, broken: Broken): Generator<Setting> {
  let table = '';
  for (const line of statements(file, broken)) {
    const [first] = line;
    if (first === undefined) continue;
    if (first.kind === 'sign' && first.text.startsWith('[')) {
      table = line.map(({ text }) => text).join('');
      table = table.startsWith('[[') ? table : table.slice(1, -1);
      continue;
    }
    const equals = line.findIndex(({ kind, text }) => kind === 'sign' && text === '=');
    if (equals < 1) throw broken(file, `expected KEY = VALUE, found ${JSON.stringify(first.text)}`);
    const key = line
      .slice(0, equals)
      .map(({ text }) => text)
      .join('');
    yield { table, key, value: settingValue(line.slice(equals + 1)) };
  }
}

/** Lines of tokens; a list goes on until its bracket closes. */
function* statements(file: ConfFile, broken: Broken): Generator<Token[]> {
  let line: Token[] = [];
  let open = 0;
  for (const token of tokens(file, broken)) {
    if (token.kind === 'sign' && line.some(({ text }) => text === '=')) {
      open += { '[': 1, '[[': 2, '{': 1, ']': -1, ']]': -2, '}': -1 }[token.text] ?? 0;
    }
    if (token.kind !== 'end') line.push(token);
    else if (open <= 0) {
      yield line;
      line = [];
      open = 0;
    }
  }
  if (open > 0) throw broken(file, 'a list has no end');
  yield line;
}

function* tokens(file: ConfFile, broken: Broken): Generator<Token> {
  TOKEN.lastIndex = 0;
  for (let at = 0; at < file.text.length; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(file.text)?.groups;
    if (found === undefined) {
      const number = file.text.slice(0, at).split('\n').length;
      throw broken(file, `line ${number} is not TOML`);
    }
    const { end, basic, literal, sign, word } = found;
    const next = TOKEN.lastIndex;
    if (end !== undefined) yield { kind: 'end', text: end };
    else if (basic !== undefined) yield { kind: 'string', text: unescape_(basic) };
    else if (literal !== undefined) yield { kind: 'string', text: literal };
    else if (sign !== undefined) yield { kind: 'sign', text: sign };
    else if (word !== undefined) yield { kind: 'word', text: word };
    TOKEN.lastIndex = next;
  }
}

function settingValue(tokens: readonly Token[]): Setting['value'] {
  const [first] = tokens;
  if (first?.kind === 'string') return first.text;
  if (first?.kind === 'sign' && first.text === '[')
    return tokens.flatMap(({ kind, text }) => (kind === 'string' ? [text] : []));
  return undefined;
}

function unescape_(text: string): string {
  return text.replace(/\\(.)/g, (_, letter: string) => ({ n: '\n', t: '\t' })[letter] ?? letter);
}
