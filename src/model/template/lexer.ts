/**
 * Template text → tokens, as Go's text/template reads it: plain text, and between `{{` and `}}` words, literals
 * and signs. A mistake becomes an `error` token, the last of the list, so that the parser can say where it stands.
 */
export type TokenKind =
  | 'text'
  | 'open' // {{
  | 'close' // }}
  | 'space'
  | 'keyword'
  | 'identifier'
  | 'field' // .Name
  | 'variable' // $ or $name
  | 'dot'
  | 'nil'
  | 'bool'
  | 'number'
  | 'char'
  | 'string'
  | 'raw-string'
  | 'pipe'
  | 'declare' // :=
  | 'assign' // =
  | 'left-paren'
  | 'right-paren'
  | 'sign' // any other printable character
  | 'end-of-text'
  | 'error';

export interface Token {
  kind: TokenKind;
  /** As written; of an `error`: what is wrong. */
  text: string;
  /** Offset in the template, in UTF-16 units. */
  at: number;
  /** From 1. */
  line: number;
}

const KEYWORDS = new Set('block break continue define else end if range template with'.split(' '));

/** Reads the whole text; the last token is `end-of-text` or `error`. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  let counted = 0;
  const push = (kind: TokenKind, at: number, value: string): void => {
    for (; counted < at; counted++) if (text[counted] === '\n') line++;
    tokens.push({ kind, text: value, at, line });
  };
  let position = 0;
  while (true) {
    const open = text.indexOf('{{', position);
    const trimmed = open >= 0 && /^-[ \t\r\n]/.test(text.slice(open + 2, open + 4));
    const plain = text.slice(position, open < 0 ? undefined : open);
    const kept = trimmed ? plain.replace(/[ \t\r\n]+$/, '') : plain;
    if (kept !== '') push('text', position, kept);
    if (open < 0) {
      push('end-of-text', text.length, '');
      return tokens;
    }
    const inside = open + (trimmed ? 4 : 2);
    const end = text.startsWith('/*', inside)
      ? skipComment(text, { open, inside }, push)
      : readAction(text, { open, inside }, push);
    if (end === undefined) return tokens;
    position = end;
  }
}

type Push = (kind: TokenKind, at: number, value: string) => void;
interface Opening {
  open: number;
  inside: number;
}

/** Where the text goes on; undefined after a mistake. */
function skipComment(text: string, { open, inside }: Opening, push: Push): number | undefined {
  const end = text.indexOf('*/', inside + 2);
  const close = end < 0 ? undefined : closing(text, end + 2);
  if (close !== undefined) return close.next;
  push('error', open, end < 0 ? 'unclosed comment' : 'comment ends before closing delimiter');
  return undefined;
}

/** `}}` at this place, or ` -}}`, which also swallows the white space that follows. */
function closing(text: string, at: number): { at: number; next: number } | undefined {
  if (text.startsWith('}}', at)) return { at, next: at + 2 };
  if (!/^[ \t\r\n]-\}\}/.test(text.slice(at, at + 4))) return undefined;
  return { at: at + 2, next: runEnd(/[ \t\r\n]*/y, text, at + 4) };
}

/** The tokens of one action; returns where the text goes on, undefined after a mistake. */
function readAction(text: string, { open, inside }: Opening, push: Push): number | undefined {
  push('open', open, '{{');
  let depth = 0;
  let at = inside;
  while (true) {
    const close = closing(text, at);
    if (close !== undefined) {
      if (depth > 0) return void push('error', at, 'unclosed left paren');
      push('close', close.at, '}}');
      return close.next;
    }
    const { kind, end, error } = readToken(text, at);
    if (error !== undefined) return void push('error', at, error);
    if (kind === 'left-paren') depth++;
    if (kind === 'right-paren' && --depth < 0) return void push('error', at, 'unexpected right paren');
    push(kind, at, text.slice(at, end));
    at = end;
  }
}

interface Read {
  kind: TokenKind;
  end: number;
  error?: string;
}

const SIGNS: Record<string, TokenKind> = {
  '=': 'assign',
  '|': 'pipe',
  '(': 'left-paren',
  ')': 'right-paren',
};

function readToken(text: string, at: number): Read {
  const character = text[at];
  if (character === undefined) return mistake('unclosed action');
  if (/[ \t\r\n]/.test(character)) return { kind: 'space', end: spaceEnd(text, at) };
  const sign = SIGNS[character];
  if (sign !== undefined) return { kind: sign, end: at + 1 };
  if (character === ':')
    return text[at + 1] === '=' ? { kind: 'declare', end: at + 2 } : mistake('expected :=');
  if (character === '"') return quoted(text, at, { kind: 'string', what: 'quoted string' });
  if (character === "'") return quoted(text, at, { kind: 'char', what: 'character constant' });
  if (character === '`') {
    const end = text.indexOf('`', at + 1);
    return end < 0 ? mistake('unterminated raw quoted string') : { kind: 'raw-string', end: end + 1 };
  }
  if (character === '$') return word(text, at, 'variable');
  if (/[+\-0-9]/.test(character) || (character === '.' && /[0-9]/.test(text[at + 1] ?? '')))
    return number(text, at);
  if (character === '.') return word(text, at, 'field');
  if (isWordCharacter(pointAt(text, at))) return word(text, at, 'identifier');
  if (/[\x21-\x7e]/.test(character)) return { kind: 'sign', end: at + 1 };
  return mistake(`unrecognized character in action: ${unicodeName(pointAt(text, at))}`);
}

function mistake(error: string): Read {
  return { kind: 'error', end: 0, error };
}

/** White space, but not the last blank of ` -}}`. */
function spaceEnd(text: string, at: number): number {
  const end = runEnd(/[ \t\r\n]+/y, text, at);
  return text.startsWith('-}}', end) && end - at > 1 ? end - 1 : end;
}

function quoted(text: string, at: number, { kind, what }: { kind: TokenKind; what: string }): Read {
  const quote = text[at];
  for (let end = at + 1; end < text.length && text[end] !== '\n'; end++) {
    if (text[end] === quote) return { kind, end: end + 1 };
    if (text[end] === '\\' && text[++end] === '\n') break;
  }
  return mistake(`unterminated ${what}`);
}

/** A name, `.name` or `$name`: letters, digits and underscores of any script. */
function word(text: string, at: number, kind: 'identifier' | 'field' | 'variable'): Read {
  const start = kind === 'identifier' ? at : at + 1;
  const end = runEnd(/[\p{L}\p{Nd}_]*/uy, text, start);
  if (!isTerminator(text, end)) return mistake(`bad character ${unicodeName(pointAt(text, end))}`);
  const name = text.slice(at, end);
  if (kind === 'field') return { kind: name === '.' ? 'dot' : 'field', end };
  if (kind === 'variable') return { kind, end };
  if (KEYWORDS.has(name)) return { kind: 'keyword', end };
  if (name === 'true' || name === 'false') return { kind: 'bool', end };
  return { kind: name === 'nil' ? 'nil' : 'identifier', end };
}

function isTerminator(text: string, at: number): boolean {
  return at >= text.length || /[ \t\r\n.,|:()]/.test(text[at] ?? '') || text.startsWith('}}', at);
}

const NUMBER =
  /[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?|0[oO][0-7_]*|0[bB][01_]*|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)/y;

function number(text: string, at: number): Read {
  const end = runEnd(NUMBER, text, at);
  const next = pointAt(text, end);
  if (!isWordCharacter(next)) return { kind: 'number', end };
  return mistake(`bad number syntax: ${JSON.stringify(text.slice(at, end) + next)}`);
}

function runEnd(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return at + (pattern.exec(text)?.[0].length ?? 0);
}

function isWordCharacter(character: string): boolean {
  return /^[\p{L}\p{Nd}_]$/u.test(character);
}

function pointAt(text: string, at: number): string {
  const point = text.codePointAt(at);
  return point === undefined ? '' : String.fromCodePoint(point);
}

/** U+007B '{', as Go names a character. */
function unicodeName(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return /^[^\p{C}\p{Zl}\p{Zp}]$/u.test(character) && (character === ' ' || !/\p{Zs}/u.test(character))
    ? `U+${hex} '${character}'`
    : `U+${hex}`;
}
