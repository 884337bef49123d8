/** The functions that a template can call: Go's own and those Podman adds. */
import { equalsAny, FunctionError, order } from './compare.ts';
import { escapeHtml, escapeJs, escapeQuery } from './escape.ts';
import { toJson } from './json.ts';
import { printValue } from './print.ts';
import { sprintf } from './printf.ts';
import { ANY, BOOL, type GoType, INT, STRING, slice, uint } from './types.ts';
import {
  bigintOf,
  elements,
  entry,
  followed,
  isTrue,
  textOf,
  typed,
  unwrapped,
  type Value,
} from './values.ts';

type Argument = Value | undefined;

export interface GoFunction {
  /** Types of the arguments; `ANY` takes all. */
  parameters: GoType[];
  /** Type of any number of further arguments. */
  rest?: GoType;
  /** Undefined for `and` and `or`, which the evaluator knows: they leave arguments unevaluated. */
  call(args: Argument[]): Argument;
}

const TEXTS = slice(STRING);

/** Longer than anything a person prints, and short enough for memory. */
const MAX_TEXT = 16 * 1024 * 1024;

export const FUNCTIONS: ReadonlyMap<string, GoFunction> = new Map<string, GoFunction>([
  ['and', { parameters: [ANY], rest: ANY, call: (args) => args.find((arg) => !isTrue(arg)) ?? args.at(-1) }],
  ['or', { parameters: [ANY], rest: ANY, call: (args) => args.find(isTrue) ?? args.at(-1) }],
  ['not', { parameters: [ANY], call: ([value]) => typed(BOOL, !isTrue(value)) }],
  [
    'eq',
    { parameters: [ANY], rest: ANY, call: ([first, ...others]) => typed(BOOL, equalsAny(first, others)) },
  ],
  ['ne', comparison((a, b) => !equalsAny(a, [b]))],
  ['lt', comparison((a, b) => order(a, b) < 0)],
  ['le', comparison((a, b) => order(a, b) <= 0)],
  ['gt', comparison((a, b) => !(order(a, b) <= 0))],
  ['ge', comparison((a, b) => !(order(a, b) < 0))],
  ['len', { parameters: [ANY], call: ([value]) => typed(INT, length(value)) }],
  ['index', { parameters: [ANY], rest: ANY, call: ([value, ...keys]) => keys.reduce(indexed, value) }],
  ['slice', { parameters: [ANY], rest: ANY, call: sliced }],
  ['print', { parameters: [], rest: ANY, call: (args) => text(sprint(args)) }],
  [
    'println',
    { parameters: [], rest: ANY, call: (args) => text(`${args.map((arg) => printValue(arg)).join(' ')}\n`) },
  ],
  [
    'printf',
    { parameters: [STRING], rest: ANY, call: ([format, ...args]) => text(sprintf(plain(format), args)) },
  ],
  ['html', escaping(escapeHtml)],
  ['js', escaping(escapeJs)],
  ['urlquery', escaping(escapeQuery)],
  ['call', { parameters: [ANY], rest: ANY, call: notCallable }],
  ['json', { parameters: [ANY], call: ([value]) => text(toJson(value)) }],
  ['join', { parameters: [TEXTS, STRING], call: ([list, between]) => text(joined(list, between)) }],
  [
    'split',
    { parameters: [STRING, STRING], call: ([whole, between]) => typed(TEXTS, splitText(whole, between)) },
  ],
  ['lower', mapping((whole) => whole.toLowerCase())],
  ['upper', mapping((whole) => whole.toUpperCase())],
  ['title', mapping(title)],
  [
    'truncate',
    { parameters: [STRING, INT], call: ([whole, bytes]) => text(truncated(plain(whole), number(bytes))) },
  ],
  [
    'pad',
    { parameters: [STRING, INT, INT], call: ([whole, before, after]) => text(padded(whole, before, after)) },
  ],
]);

function plain(value: Argument): string {
  return value === undefined ? '' : textOf(value);
}

function number(value: Argument): number {
  return value === undefined ? 0 : Number(bigintOf(value));
}

function text(value: string): Value {
  if (value.length > MAX_TEXT) throw new FunctionError('the text is too long');
  return typed(STRING, value);
}

function comparison(holds: (a: Argument, b: Argument) => boolean): GoFunction {
  return { parameters: [ANY, ANY], call: ([a, b]) => typed(BOOL, holds(a, b)) };
}

function mapping(change: (text: string) => string): GoFunction {
  return { parameters: [STRING], call: ([whole]) => text(change(plain(whole))) };
}

function escaping(change: (text: string) => string): GoFunction {
  return { parameters: [], rest: ANY, call: (args) => text(change(sprint(args.map(printable)))) };
}

/** What an action would print of it: the target of a pointer, "no value" for none. */
export function printable(value: Argument): Value {
  const { value: found } =
    unwrapped(value)?.type.kind === 'pointer' ? followed(value) : { value: unwrapped(value) };
  return found ?? typed(STRING, '<no value>');
}

/** fmt.Sprint: a blank between two operands when neither is a string. */
export function sprint(args: Argument[]): string {
  const isText = (arg: Argument): boolean => unwrapped(arg)?.type.kind === 'string';
  return args
    .map((arg, index) => (index > 0 && !isText(arg) && !isText(args[index - 1]) ? ' ' : '') + printValue(arg))
    .join('');
}

function length(argument: Argument): number {
  const { value, isNil } = followed(argument);
  if (value === undefined || isNil)
    throw new FunctionError(value === undefined ? 'len of untyped nil' : 'len of nil pointer');
  switch (value.type.kind) {
    case 'string':
      return Buffer.byteLength(textOf(value));
    case 'slice':
      return elements(value).length;
    case 'map':
      return value.raw instanceof Map ? value.raw.size : Object.keys((value.raw ?? {}) as object).length;
    default:
      throw new FunctionError(`len of type ${value.type.name}`);
  }
}

function indexed(container: Argument, keyArgument: Argument): Argument {
  const inner = unwrapped(container);
  if (inner === undefined) throw new FunctionError('index of untyped nil');
  const { value, isNil } = followed(inner);
  if (value === undefined || isNil) throw new FunctionError('index of nil pointer');
  const key = unwrapped(keyArgument);
  switch (value.type.kind) {
    case 'string': {
      const bytes = Buffer.from(textOf(value));
      return typed(uint('uint8'), bytes[position(key, bytes.length - 1)]);
    }
    case 'slice': {
      const items = elements(value);
      return items[position(key, items.length - 1)];
    }
    case 'map':
      return entry(value, mapKey(key, value.type.key)) ?? zero(value.type.of);
    default:
      throw new FunctionError(`can't index item of type ${value.type.name}`);
  }
}

function zero(type: GoType): Argument {
  return type.kind === 'any' ? undefined : typed(type, undefined);
}

function mapKey(key: Argument, wanted: GoType): string {
  if (key === undefined) throw new FunctionError(`value is nil; should be of type ${wanted.name}`);
  const fits =
    key.type.name === wanted.name ||
    ((wanted.kind === 'int' || wanted.kind === 'uint') &&
      (key.type.kind === 'int' || key.type.kind === 'uint'));
  if (!fits) throw new FunctionError(`value has type ${key.type.name}; should be ${wanted.name}`);
  return printValue(key);
}

/** A whole number from 0 to `last`. */
function position(key: Argument, last: number): number {
  if (key === undefined) throw new FunctionError('cannot index slice/array with nil');
  if (key.type.kind !== 'int' && key.type.kind !== 'uint')
    throw new FunctionError(`cannot index slice/array with type ${key.type.name}`);
  const index = Number(bigintOf(key));
  if (index < 0 || index > last) throw new FunctionError(`index out of range: ${bigintOf(key)}`);
  return index;
}

function sliced([argument, ...bounds]: Argument[]): Argument {
  const inner = unwrapped(argument);
  if (inner === undefined) throw new FunctionError('slice of untyped nil');
  if (bounds.length > 3) throw new FunctionError(`too many slice indexes: ${bounds.length}`);
  const { value, isNil } = followed(inner);
  if (value === undefined || isNil) throw new FunctionError('slice of nil pointer');
  const { kind } = value.type;
  if (kind !== 'string' && kind !== 'slice')
    throw new FunctionError(`can't slice item of type ${inner.type.name}`);
  if (kind === 'string' && bounds.length === 3) throw new FunctionError('cannot 3-index slice a string');
  const bytes = Buffer.from(textOf(value));
  const items = elements(value);
  const size = kind === 'string' ? bytes.length : items.length;
  const [from = 0, to = size] = bounds.map((bound) => position(unwrapped(bound), size));
  if (from > to) throw new FunctionError(`invalid slice index: ${from} > ${to}`);
  if (kind === 'string') return typed(STRING, bytes.subarray(from, to).toString());
  return typed(value.type, (value.raw as unknown[] | undefined)?.slice(from, to));
}

/** No value of Podman's is a function; the evaluator names what was to be called. */
function notCallable([value]: Argument[]): Argument {
  const inner = unwrapped(value);
  throw new FunctionError(
    inner === undefined ? 'call of nil' : `non-function %callee% of type ${inner.type.name}`,
  );
}

function joined(list: Argument, between: Argument): string {
  return (list === undefined ? [] : elements(list)).map(textOf).join(plain(between));
}

function splitText(whole: Argument, between: Argument): string[] {
  const separator = plain(between);
  return separator === '' ? [...plain(whole)] : plain(whole).split(separator);
}

/** The first letter of each word becomes a capital; what is neither letter, digit nor underscore ends a word. */
function title(whole: string): string {
  let previous = ' ';
  return [...whole]
    .map((character) => {
      const startsWord = /[^\p{L}\p{Nd}_]/u.test(previous) && (previous < '\x80' || /\s/.test(previous));
      previous = character;
      return startsWord ? character.toUpperCase() : character;
    })
    .join('');
}

function truncated(whole: string, bytes: number): string {
  const buffer = Buffer.from(whole);
  if (buffer.length < bytes) return whole;
  if (bytes < 0) throw new FunctionError(`runtime error: slice bounds out of range [:${bytes}]`);
  return buffer.subarray(0, bytes).toString();
}

function padded(whole: Argument, before: Argument, after: Argument): string {
  const [left, right] = [number(before), number(after)];
  if (plain(whole) === '') return '';
  if (left < 0 || right < 0) throw new FunctionError('strings: negative Repeat count');
  if (left + right > MAX_TEXT) throw new FunctionError('the text is too long');
  return ' '.repeat(left) + plain(whole) + ' '.repeat(right);
}
