/** One verb of Go's fmt on one value. */
import { decimal, goExponent, goFloat, printValue, quote, quoteCharacter } from './print.ts';
import { TIME } from './types.ts';
import {
  bigintOf,
  elements,
  entries,
  fieldsOf,
  floatOf,
  pointee,
  textOf,
  typed,
  unwrapped,
  type Value,
} from './values.ts';

export interface Spec {
  flags: { plus?: true; minus?: true; sharp?: true; space?: true; zero?: true; names?: true };
  width: number | undefined;
  precision: number | undefined;
}

/** The value under the verb (`s`, `d`, `v` …); a verb that does not fit its type gives `%!d(string=hi)`. */
export function formatOne(verb: string, arg: Value | undefined, given: Spec): string {
  const value = unwrapped(arg);
  const spec = verb === 'v' && given.flags.plus === true ? withNames(given) : given;
  if (verb === 'T') return pad(value?.type.name ?? '<nil>', spec);
  if (value === undefined) return verb === 'v' ? pad('<nil>', spec) : `%!${verb}(<nil>)`;
  return format(verb, value, spec);
}

/** In %+v the plus asks for names of fields, not for signs of numbers. */
function withNames({ flags: { plus: _plus, ...flags }, ...spec }: Spec): Spec {
  return { ...spec, flags: { ...flags, names: true } };
}

function format(verb: string, value: Value, spec: Spec): string {
  switch (value.type.kind) {
    case 'bool':
      return verb === 't' || verb === 'v' ? pad(printValue(value), spec) : misfit(verb, value);
    case 'string':
      return formatText(verb, textOf(value), spec) ?? misfit(verb, value);
    case 'duration':
    case 'time':
      if ('vsq'.includes(verb) && spec.flags.sharp !== true)
        return formatText(verb, printValue(value), spec) ?? '';
      if (value.type.kind === 'time') return misfit(verb, typed(TIME, value.raw));
      return formatWhole(verb, bigintOf(value), spec) ?? misfit(verb, value);
    case 'int':
    case 'uint':
      if (verb === 'v' && value.type.kind === 'uint' && spec.flags.sharp === true)
        return formatWhole('x', bigintOf(value), spec) ?? '';
      return formatWhole(verb, bigintOf(value), spec) ?? misfit(verb, value);
    case 'float':
      return formatFloat(verb, floatOf(value), spec) ?? misfit(verb, value);
    default:
      return formatCompound(verb, value, spec);
  }
}

function misfit(verb: string, value: Value): string {
  return `%!${verb}(${value.type.name}=${printValue(value)})`;
}

/** Lists, maps, structs and pointers: the verb goes to every part. */
function formatCompound(verb: string, value: Value, spec: Spec): string {
  if (verb === 'v' && spec.flags.sharp === true) return printValue(value, 'source');
  const inner = (part: Value): string => format(verb, unwrapped(part) ?? part, spec);
  switch (value.type.kind) {
    case 'slice':
      return `[${elements(value).map(inner).join(' ')}]`;
    case 'map':
      return `map[${entries(value)
        .map((pair) => `${inner(pair.key)}:${inner(pair.value)}`)
        .join(' ')}]`;
    case 'struct':
      return `{${fieldsOf(value)
        .map((field) => `${spec.flags.names === true ? `${field.name}:` : ''}${inner(field.value)}`)
        .join(' ')}}`;
    case 'pointer': {
      const target = pointee(value);
      if (target === undefined) return verb === 'v' ? pad('<nil>', spec) : misfit(verb, value);
      return target.type.kind === 'struct' ? `&${inner(target)}` : inner(target);
    }
    default:
      return verb === 'v' ? pad('<nil>', spec) : `%!${verb}(<nil>)`;
  }
}

function formatText(verb: string, text: string, spec: Spec): string | undefined {
  const { precision, flags } = spec;
  const cut = precision === undefined ? text : [...text].slice(0, precision).join('');
  switch (verb) {
    case 'v':
      return pad(flags.sharp === true ? quote(cut) : cut, spec);
    case 's':
      return pad(cut, spec);
    case 'q':
      if (flags.sharp === true && !/[`\p{Cc}]/u.test(cut.replaceAll('\t', '')))
        return pad(`\`${cut}\``, spec);
      return pad(quote(cut, flags.plus === true), spec);
    case 'x':
    case 'X': {
      const bytes = [...Buffer.from(text).subarray(0, precision)].map((byte) =>
        byte.toString(16).padStart(2, '0'),
      );
      const lead = flags.sharp === true && bytes.length > 0 ? '0x' : '';
      const joined = lead + bytes.join(flags.space === true ? ` ${lead}` : '');
      return pad(verb === 'X' ? joined.toUpperCase() : joined, spec);
    }
    default:
      return undefined;
  }
}

const BASES: Record<string, { radix: number; lead: string }> = {
  d: { radix: 10, lead: '' },
  v: { radix: 10, lead: '' },
  b: { radix: 2, lead: '0b' },
  o: { radix: 8, lead: '0' },
  O: { radix: 8, lead: '0o' },
  x: { radix: 16, lead: '0x' },
  X: { radix: 16, lead: '0X' },
};

function formatWhole(verb: string, number: bigint, spec: Spec): string | undefined {
  if (verb === 'c') return pad(characterOf(number), spec);
  if (verb === 'q') return pad(quoteCharacter(Number(BigInt.asUintN(53, number))), spec);
  if (verb === 'U') {
    const hex = `U+${number
      .toString(16)
      .toUpperCase()
      .padStart(Math.max(4, spec.precision ?? 4), '0')}`;
    return pad(spec.flags.sharp === true ? `${hex} '${characterOf(number)}'` : hex, spec);
  }
  const base = BASES[verb];
  if (base === undefined) return undefined;
  const { flags, precision } = spec;
  const plain = (number < 0n ? -number : number).toString(base.radix);
  const digits = verb === 'X' ? plain.toUpperCase() : plain;
  const lead = (flags.sharp === true && verb !== 'v') || verb === 'O' ? base.lead : '';
  const body = precision === 0 && number === 0n ? '' : digits.padStart(precision ?? 0, '0');
  return padNumber({ sign: signOf(number < 0n, spec) + lead, body, canZero: precision === undefined }, spec);
}

function characterOf(number: bigint): string {
  const isCharacter = number >= 0n && number <= 0x10ffffn && !(number >= 0xd800n && number < 0xe000n);
  return isCharacter ? String.fromCodePoint(Number(number)) : '\ufffd';
}

function signOf(isNegative: boolean, { flags }: Spec): string {
  if (isNegative) return '-';
  if (flags.plus === true) return '+';
  return flags.space === true ? ' ' : '';
}

function formatFloat(verb: string, number: number, spec: Spec): string | undefined {
  if (!'vgGeEfF'.includes(verb)) return undefined;
  const isNegative = number < 0 || Object.is(number, -0);
  if (!Number.isFinite(number)) {
    const body = Number.isNaN(number) ? 'NaN' : 'Inf';
    const plus = body === 'Inf' && !isNegative && spec.flags.plus === undefined;
    return padNumber({ sign: plus ? '+' : signOf(isNegative, spec), body, canZero: false }, spec);
  }
  const body = floatBody(verb, Math.abs(number), spec.precision);
  return padNumber({ sign: signOf(isNegative, spec), body, canZero: true }, spec);
}

function floatBody(verb: string, number: number, precision: number | undefined): string {
  const digits = Math.min(precision ?? 6, 100);
  switch (verb) {
    case 'f':
    case 'F':
      return fixed(number, digits);
    case 'e':
      return goExponent(number.toExponential(digits));
    case 'E':
      return goExponent(number.toExponential(digits)).toUpperCase();
    case 'G':
      return general(number, precision).toUpperCase();
    default:
      return verb === 'v' && precision === undefined ? goFloat(number) : general(number, precision);
  }
}

/** toFixed turns to exponents from 1e21 on (such numbers are whole), and rounds a tie up where Go rounds to even. */
function fixed(number: number, digits: number): string {
  if (number < 1e21) {
    const up = number.toFixed(digits);
    const exact = number.toFixed(100).split('.')[1] ?? '';
    if (!/^50*$/.test(exact.slice(digits)) || /[02468]$/.test(up)) return up;
    const shorter = number.toFixed(100).slice(0, digits - 100);
    return shorter.replace(/\.$/, '');
  }
  return `${BigInt(number)}${digits > 0 ? `.${'0'.repeat(digits)}` : ''}`;
}

/** %g: the shortest form; an exponent below -4 and from the precision on. */
function general(number: number, precision: number | undefined): string {
  if (precision === undefined) return goFloat(number);
  const wanted = Math.max(1, Math.min(precision, 100));
  const rounded = Number(number.toPrecision(wanted));
  const exponent = rounded === 0 ? 0 : Number(rounded.toExponential().split('e')[1]);
  return exponent < -4 || exponent >= wanted ? goExponent(rounded.toExponential()) : decimal(rounded);
}

function pad(text: string, { flags, width }: Spec): string {
  const missing = Math.max(0, (width ?? 0) - [...text].length);
  if (flags.minus === true) return text + ' '.repeat(missing);
  return (flags.zero === true ? '0' : ' ').repeat(missing) + text;
}

/** Zeros go between the sign and the digits. */
function padNumber(
  { sign, body, canZero }: { sign: string; body: string; canZero: boolean },
  spec: Spec,
): string {
  if (spec.flags.zero !== true || spec.flags.minus === true || !canZero)
    return pad(sign + body, { ...spec, flags: { ...(spec.flags.minus === true ? { minus: true } : {}) } });
  return sign + body.padStart((spec.width ?? 0) - sign.length, '0');
}
