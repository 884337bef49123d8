/**
 * registries.conf(5) as far as short names go: `unqualified-search-registries`, `short-name-mode` and `[aliases]`. Everything
 * else in it (mirrors, blocked and insecure registries) is read by skopeo itself. Pure.
 *
 * The files are TOML. What is kept here are strings and lists of strings; all other values are passed over.
 */
import { BerthError } from './errors.ts';

export interface ConfFile {
  path: string;
  text: string;
}

export interface ShortNames {
  /** Full repository by short name, with the file that says so. */
  aliases: Record<string, { repository: string; file: string }>;
  searchRegistries: string[];
  /** The file that names the search registries, or would. */
  searchFile: string;
  /** What to do with a short name that several registries may have: try all of them, or refuse it. */
  mode: 'permissive' | 'enforcing' | 'disabled';
}

/** Of the main file and then its drop-ins in order; a later file's word replaces an earlier one's. Throws BerthError 'invalid'. */
export function shortNamesOf(files: readonly ConfFile[], mainFile: string): ShortNames {
  const result: ShortNames = { aliases: {}, searchRegistries: [], searchFile: mainFile, mode: 'permissive' };
  for (const file of files) {
    for (const { table, key, value } of settings(file)) {
      if (table === '' && key === 'unqualified-search-registries' && Array.isArray(value)) {
        result.searchRegistries = value;
        result.searchFile = file.path;
      } else if (table === '' && key === 'short-name-mode' && typeof value === 'string') {
        result.mode = shortNameMode(value, file);
      } else if (table === 'aliases' && typeof value === 'string') {
        if (value === '') delete result.aliases[key];
        else result.aliases[key] = { repository: value, file: file.path };
      }
    }
  }
  return result;
}

function shortNameMode(text: string, file: ConfFile): ShortNames['mode'] {
  if (text === 'permissive' || text === 'enforcing' || text === 'disabled') return text;
  throw broken(file, `invalid short-name mode: ${JSON.stringify(text)}`);
}

interface Setting {
  /** Empty before the first table; a table of an array counts as its name in brackets. */
  table: string;
  key: string;
  value: string | string[] | undefined;
}

/** A comment, a line's end, a string of either kind, a bracket or another sign, a bare word. */
const TOKEN =
  /[ \t\r]+|#[^\n]*|(?<end>\n)|"(?<basic>(?:[^"\\\n]|\\.)*)"|'(?<literal>[^'\n]*)'|(?<sign>\[\[|\]\]|[[\]{}=,])|(?<word>[^\s#"'[\]{}=,]+)/y;

interface Token {
  kind: 'end' | 'string' | 'sign' | 'word';
  text: string;
}

function* settings(file: ConfFile): Generator<Setting> {
  let table = '';
  for (const line of statements(file)) {
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
function* statements(file: ConfFile): Generator<Token[]> {
  let line: Token[] = [];
  let open = 0;
  for (const token of tokens(file)) {
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

function* tokens(file: ConfFile): Generator<Token> {
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

function broken({ path }: ConfFile, why: string): BerthError {
  return new BerthError('invalid', `loading registries configuration ${JSON.stringify(path)}: ${why}`);
}
