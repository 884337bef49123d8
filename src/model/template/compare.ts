/** eq, ne, lt, le, gt, ge. Mistakes are thrown as FunctionError; the caller adds the place. */
import { printValue } from './print.ts';
import { bigintOf, floatOf, textOf, unwrapped, type Value } from './values.ts';

/** What a function of a template refuses: `error calling NAME: …`. */
export class FunctionError extends Error {}

type Kind = 'bool' | 'int' | 'float' | 'string' | 'other' | 'none';

function kindOf(value: Value | undefined): Kind {
  switch (value?.type.kind) {
    case undefined:
      return 'none';
    case 'int':
    case 'uint':
    case 'duration':
      return 'int';
    case 'bool':
    case 'float':
    case 'string':
      return value.type.kind;
    default:
      return 'other';
  }
}

/** Is the first equal to any of the others? Whole numbers compare whatever their types. */
export function equalsAny(first: Value | undefined, others: (Value | undefined)[]): boolean {
  if (others.length === 0) throw new FunctionError('missing argument for comparison');
  return others.some((other) => equals(unwrapped(first), unwrapped(other)));
}

function equals(a: Value | undefined, b: Value | undefined): boolean {
  const kind = kindOf(a);
  if (kind !== kindOf(b)) {
    if (a !== undefined && b !== undefined) throw new FunctionError('incompatible types for comparison');
    return isNil(a) && isNil(b);
  }
  if (a === undefined || b === undefined) return true;
  if (kind !== 'other') return compareAs(kind, a, b) === 0;
  if (isNil(a) || isNil(b)) return isNil(a) === isNil(b);
  if (a.type.kind === 'slice' || a.type.kind === 'map') {
    throw new FunctionError(`non-comparable type ${printValue(b)}: ${b.type.name}`);
  }
  return a.type.name === b.type.name && (a.raw === b.raw || printValue(a) === printValue(b));
}

function isNil(value: Value | undefined): boolean {
  const kind = value?.type.kind;
  const canBeNil = kind === undefined || kind === 'slice' || kind === 'map' || kind === 'pointer';
  return canBeNil && (value?.raw === undefined || value.raw === null);
}

/** Negative, zero or positive, of numbers and strings. */
export function order(first: Value | undefined, second: Value | undefined): number {
  const a = unwrapped(first);
  const b = unwrapped(second);
  const kind = kindOf(a);
  if (kind === 'other' || kind === 'none' || kindOf(b) === 'other' || kindOf(b) === 'none')
    throw new FunctionError('invalid type for comparison');
  if (kind !== kindOf(b)) throw new FunctionError('incompatible types for comparison');
  if (kind === 'bool' || a === undefined || b === undefined)
    throw new FunctionError('invalid type for comparison');
  return compareAs(kind, a, b);
}

function compareAs(kind: Kind, a: Value, b: Value): number {
  switch (kind) {
    case 'int':
      return sign(bigintOf(a), bigintOf(b));
    case 'float':
      return sign(floatOf(a), floatOf(b));
    case 'bool':
      return sign(a.raw === true ? 1 : 0, b.raw === true ? 1 : 0);
    default:
      return Buffer.compare(Buffer.from(textOf(a)), Buffer.from(textOf(b)));
  }
}

/** NaN is neither less, equal nor greater. */
function sign<T extends number | bigint>(a: T, b: T): number {
  return a === b ? 0 : a < b ? -1 : a > b ? 1 : Number.NaN;
}
