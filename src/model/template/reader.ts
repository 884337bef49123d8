/** Tokens one after the other, with look-ahead, and the errors that quote them. */
import { BerthError } from '../errors.ts';
import { type Token, type TokenKind, tokenize } from './lexer.ts';
import { readQuoted } from './literals.ts';

/** A cursor over the tokens of one template. Errors are made here because they name the line reached. */
export class TokenReader {
  readonly name: string;
  /** Line of the `{{` being read, 0 outside. */
  actionLine = 0;
  readonly #tokens: Token[];
  #position = 0;
  /** Go names the line of the furthest token it has looked at. */
  #furthest = 0;

  constructor(text: string, name: string) {
    this.name = name;
    this.#tokens = tokenize(text);
  }

  next(): Token {
    const token = this.peek();
    this.#position++;
    return token;
  }

  peek(): Token {
    const last = this.#tokens.length - 1;
    const index = Math.min(this.#position, last);
    this.#furthest = Math.max(this.#furthest, index);
    return this.#tokens[index] ?? { kind: 'end-of-text', text: '', at: 0, line: 1 };
  }

  nextAfterSpace(): Token {
    this.peekAfterSpace();
    return this.next();
  }

  peekAfterSpace(): Token {
    while (this.peek().kind === 'space') this.#position++;
    return this.peek();
  }

  /** Un-reads the last token. */
  back(): void {
    this.#position--;
  }

  /** Makes this the next token again. */
  backTo(token: Token): void {
    this.#position = this.#tokens.indexOf(token);
  }

  expect(kind: TokenKind, context: string): Token {
    const token = this.nextAfterSpace();
    if (token.kind !== kind) throw this.unexpected(token, context);
    return token;
  }

  unexpected(token: Token, context: string): BerthError {
    if (token.kind !== 'error') return this.error(`unexpected ${shown(token)} in ${context}`);
    if (this.actionLine === 0 || this.actionLine === token.line) return this.error(token.text);
    const word = token.text.endsWith(' action') ? ' started' : ' in action started';
    return this.error(`${token.text}${word} at ${this.name}:${this.actionLine}`);
  }

  error(text: string): BerthError {
    return new BerthError(
      'usage',
      `template: ${this.name}:${this.#tokens[this.#furthest]?.line ?? 1}: ${text}`,
    );
  }
}

function shown({ kind, text }: Token): string {
  if (kind === 'end-of-text') return 'EOF';
  if (kind === 'keyword' || kind === 'dot' || kind === 'nil') return `<${text}>`;
  const characters = [...text];
  return characters.length > 10
    ? `${JSON.stringify(characters.slice(0, 10).join(''))}...`
    : JSON.stringify(text);
}

/** The value of a string literal. */
export function stringOf(reader: TokenReader, { kind, text }: Token): string {
  const value = kind === 'raw-string' ? text.slice(1, -1).replaceAll('\r', '') : readQuoted(text);
  if (value === undefined) throw reader.error('invalid syntax');
  return value;
}
