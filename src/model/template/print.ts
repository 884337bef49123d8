/** Values as Go's fmt prints them with %v, %+v and %#v. */
import { formatDuration } from '../duration.ts';
import { goTime } from './time.ts';
import {
  bigintOf,
  elements,
  entries,
  fieldsOf,
  floatOf,
  pointee,
  textOf,
  unwrapped,
  type Value,
} from './values.ts';

/** `plain` is %v, `named` is %+v (with field names), `source` is %#v (as in a Go program). */
export type Style = 'plain' | 'named' | 'source';

/**
 * The text of a value. Where Go would print the address of a nested pointer, what it points to is printed
 * instead, with a & in front: an address helps nobody and differs from run to run.
 */
export function printValue(value: Value | undefined, style: Style = 'plain'): string {
  const inner = unwrapped(value);
  if (inner === undefined) return '<nil>';
  const { type } = inner;
  switch (type.kind) {
    case 'string':
      return style === 'source' ? quote(textOf(inner)) : textOf(inner);
    case 'bool':
      return String(inner.raw === true);
    case 'int':
      return bigintOf(inner).toString();
    case 'uint':
      return style === 'source' ? `0x${bigintOf(inner).toString(16)}` : bigintOf(inner).toString();
    case 'duration':
      return style === 'source' ? bigintOf(inner).toString() : formatDuration(floatOf(inner) / 1e6);
    case 'float':
      return goFloat(floatOf(inner));
    case 'time':
      return goTime(textOf(inner)).text;
    case 'pointer': {
      const target = pointee(inner);
      if (target === undefined) return style === 'source' ? `(${type.name})(nil)` : '<nil>';
      return target.type.kind === 'struct' ? `&${printValue(target, style)}` : printValue(target, style);
    }
    case 'slice':
      return style === 'source' ? sliceSource(inner) : `[${elements(inner).map(printer(style)).join(' ')}]`;
    case 'map':
      return style === 'source'
        ? `${type.name}${inner.raw === null || inner.raw === undefined ? '(nil)' : `{${pairs(inner, style).join(', ')}}`}`
        : `map[${pairs(inner, style).join(' ')}]`;
    case 'struct':
      return printStruct(inner, style);
    case 'any':
      return '<nil>';
  }
}

const printer =
  (style: Style) =>
  (value: Value): string =>
    printValue(value, style);

function sliceSource(value: Value): string {
  const isNil = value.raw === null || value.raw === undefined;
  return `${value.type.name}${isNil ? '(nil)' : `{${elements(value).map(printer('source')).join(', ')}}`}`;
}

function pairs(value: Value, style: Style): string[] {
  return entries(value).map((pair) => `${printValue(pair.key, style)}:${printValue(pair.value, style)}`);
}

function printStruct(value: Value, style: Style): string {
  const texts = fieldsOf(value).map((field) => {
    const text = printValue(field.value, style);
    return style === 'plain' ? text : `${field.name}:${text}`;
  });
  return style === 'source' ? `${value.type.name}{${texts.join(', ')}}` : `{${texts.join(' ')}}`;
}

/** As %v and %g: the shortest form, with an exponent (of two digits) when that is below -4 or above 5. */
export function goFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const exponent = value === 0 ? 0 : Number(value.toExponential().split('e')[1]);
  if (exponent < -4 || exponent > 5) return goExponent(value.toExponential());
  return Object.is(value, -0) ? '-0' : decimal(value);
}

/** 1e+5 → 1e+05. */
export function goExponent(text: string): string {
  return text.replace(/e([+-])(\d)$/, 'e$10$2');
}

/** Without an exponent, which JavaScript uses below 1e-6 and from 1e21 on. */
export function decimal(value: number): string {
  const text = String(value);
  if (!text.includes('e')) return text;
  if (Math.abs(value) >= 1e21) return BigInt(value).toString();
  const [digits = '', exponent = '0'] = value.toExponential().split('e');
  return value.toFixed(Math.min(100, -Number(exponent) + digits.replace(/[-.]/g, '').length - 1));
}

const SHORT: Record<string, string> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '"': '\\"',
  '\\': '\\\\',
};

/** A string as %q prints it. */
export function quote(text: string, isAscii = false): string {
  return `"${[...text].map((character) => (character === '"' ? '\\"' : escaped(character, isAscii))).join('')}"`;
}

/** A character as %q prints it. */
export function quoteCharacter(point: number): string {
  const character =
    point <= 0x10ffff && !(point >= 0xd800 && point < 0xe000) ? String.fromCodePoint(point) : '\ufffd';
  if (character === "'") return "'\\''";
  return character === '"' ? `'"'` : `'${escaped(character, false)}'`;
}

function escaped(character: string, isAscii: boolean): string {
  const short = SHORT[character];
  if (short !== undefined) return short;
  const point = character.codePointAt(0) ?? 0;
  const isPrintable = character === ' ' || /^[^\p{C}\p{Z}]$/u.test(character);
  if (isPrintable && (!isAscii || point < 0x80)) return character;
  if (point < 0x20 || point === 0x7f) return `\\x${point.toString(16).padStart(2, '0')}`;
  return point > 0xffff
    ? `\\U${point.toString(16).padStart(8, '0')}`
    : `\\u${point.toString(16).padStart(4, '0')}`;
}
