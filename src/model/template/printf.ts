/** Go's fmt.Sprintf over values: flags, widths, precisions, argument indexes, and its way of saying what is wrong. */

import { printValue } from './print.ts';
import { bigintOf, unwrapped, type Value } from './values.ts';
import { formatOne, type Spec } from './verbs.ts';

type Argument = Value | undefined;

/** Go refuses wider columns. */
const MAX_WIDTH = 1_000_000;

const FLAGS: Record<string, keyof Spec['flags']> = {
  '+': 'plus',
  '-': 'minus',
  '#': 'sharp',
  ' ': 'space',
  '0': 'zero',
};

/** What reading a format needs to remember. */
interface Cursor {
  format: string;
  /** Offset in `format`. */
  at: number;
  args: Argument[];
  next: number;
  /** An explicit index like %[2]d was used: surplus arguments are no mistake then. */
  reordered: boolean;
  badIndex: boolean;
}

/** Formats like Go; mistakes appear in the text, as `%!d(string=hi)`, `%!d(MISSING)` or `%!(EXTRA int=1)`. */
export function sprintf(format: string, args: Argument[]): string {
  const cursor: Cursor = { format, at: 0, args, next: 0, reordered: false, badIndex: false };
  let out = '';
  while (true) {
    const percent = format.indexOf('%', cursor.at);
    out += format.slice(cursor.at, percent < 0 ? undefined : percent);
    if (percent < 0) break;
    cursor.at = percent + 1;
    out += directive(cursor);
  }
  if (cursor.reordered || cursor.next >= args.length) return out;
  const extra = args.slice(cursor.next).map((arg) => describe(arg));
  return `${out}%!(EXTRA ${extra.join(', ')})`;
}

/** `string=hi`: how a mistake names an argument. */
function describe(arg: Argument): string {
  const inner = unwrapped(arg);
  return inner === undefined ? '<nil>' : `${inner.type.name}=${printValue(inner)}`;
}

function directive(cursor: Cursor): string {
  const spec: Spec = { flags: {}, width: undefined, precision: undefined };
  cursor.badIndex = false;
  let problems = '';
  for (let flag = FLAGS[peek(cursor)]; flag !== undefined; flag = FLAGS[peek(cursor)]) {
    spec.flags[flag] = true;
    cursor.at++;
  }
  let indexed = argumentIndex(cursor);
  if (peek(cursor) === '*') {
    cursor.at++;
    const width = starred(cursor);
    if (width === undefined) problems += '%!(BADWIDTH)';
    else {
      spec.width = Math.abs(width);
      if (width < 0) spec.flags.minus = true;
    }
    indexed = false;
  } else {
    spec.width = digits(cursor);
    if (indexed && spec.width !== undefined) cursor.badIndex = true;
  }
  if (peek(cursor) === '.') {
    cursor.at++;
    if (indexed) cursor.badIndex = true;
    indexed = argumentIndex(cursor);
    if (peek(cursor) === '*') {
      cursor.at++;
      const precision = starred(cursor);
      if (precision === undefined || precision < 0) problems += '%!(BADPREC)';
      else spec.precision = precision;
      indexed = false;
    } else spec.precision = digits(cursor) ?? 0;
  }
  if (!indexed) argumentIndex(cursor);
  return problems + verb(cursor, spec);
}

function verb(cursor: Cursor, spec: Spec): string {
  const point = cursor.format.codePointAt(cursor.at);
  if (point === undefined) return '%!(NOVERB)';
  const letter = String.fromCodePoint(point);
  cursor.at += letter.length;
  if (letter === '%') return '%';
  if (cursor.badIndex) return `%!${letter}(BADINDEX)`;
  if (cursor.next >= cursor.args.length) return `%!${letter}(MISSING)`;
  return formatOne(letter, cursor.args[cursor.next++], spec);
}

function peek({ format, at }: Cursor): string {
  return format[at] ?? '';
}

function digits(cursor: Cursor): number | undefined {
  const [text = ''] = /^\d*/.exec(cursor.format.slice(cursor.at, cursor.at + 20)) ?? [];
  cursor.at += text.length;
  return text === '' || Number(text) > MAX_WIDTH ? undefined : Number(text);
}

/** `[n]`: the next argument is the nth. Says whether there was one. */
function argumentIndex(cursor: Cursor): boolean {
  if (peek(cursor) !== '[') return false;
  cursor.reordered = true;
  const end = cursor.format.indexOf(']', cursor.at);
  const inner = cursor.format.slice(cursor.at + 1, end < 0 ? undefined : end);
  cursor.at = end < 0 ? cursor.at + 1 : end + 1;
  const index = /^\d+$/.test(inner) && end >= 0 ? Number(inner) - 1 : -1;
  if (index < 0 || index >= cursor.args.length) cursor.badIndex = true;
  else cursor.next = index;
  return true;
}

/** A width or precision taken from the arguments; undefined when that one is no fitting whole number. */
function starred(cursor: Cursor): number | undefined {
  const arg = unwrapped(cursor.args[cursor.next]);
  if (cursor.next < cursor.args.length) cursor.next++;
  if (arg === undefined || (arg.type.kind !== 'int' && arg.type.kind !== 'uint')) return undefined;
  const number = Number(bigintOf(arg));
  return Math.abs(number) > MAX_WIDTH ? undefined : number;
}
