/** Values with their types, and what can be asked of them. A `undefined` Value is Go's "no value". */
import {
  ANY,
  BOOL,
  FLOAT,
  type GoType,
  INT,
  type MapType,
  map,
  STRING,
  type Struct,
  slice,
  TIME,
} from './types.ts';

const VALUE = Symbol('value');

export interface Value {
  readonly [VALUE]: true;
  readonly type: GoType;
  /** Of type `any`: a Value or undefined. Otherwise the JavaScript value; null and undefined are Go's zero value. */
  readonly raw: unknown;
}

/** What hands in untyped JavaScript: objects are structs with the fields they have, Maps are maps. */
const OBJECT: Struct = { kind: 'struct', name: 'struct', fields: undefined, methods: {} };
const ANY_SLICE = slice(ANY);
const ANY_MAP: MapType = map(ANY);

/** A JavaScript value as a value of that type. */
export function typed(type: GoType, raw: unknown): Value {
  if (type.kind !== 'any') return { [VALUE]: true, type, raw };
  return { [VALUE]: true, type, raw: isValue(raw) ? raw : inferred(raw) };
}

/** Reads the type off the value; null and undefined are no value. */
export function inferred(raw: unknown): Value | undefined {
  if (raw === undefined || raw === null) return undefined;
  if (isValue(raw)) return raw;
  if (Array.isArray(raw)) return typed(ANY_SLICE, raw);
  if (raw instanceof Map) return typed(ANY_MAP, raw);
  if (raw instanceof Date) return typed(TIME, raw.toISOString());
  switch (typeof raw) {
    case 'string':
      return typed(STRING, raw);
    case 'boolean':
      return typed(BOOL, raw);
    case 'bigint':
      return typed(INT, raw);
    case 'number':
      return typed(Number.isInteger(raw) ? INT : FLOAT, raw);
    default:
      return typed(OBJECT, raw);
  }
}

export function isValue(thing: unknown): thing is Value {
  return typeof thing === 'object' && thing !== null && VALUE in thing;
}

/** Out of an interface: the value inside, or no value. */
export function unwrapped(value: Value | undefined): Value | undefined {
  return value?.type.kind === 'any' ? unwrapped(value.raw as Value | undefined) : value;
}

/** Out of interfaces and pointers; a nil pointer stays itself and says so. */
export function followed(value: Value | undefined): { value: Value | undefined; isNil: boolean } {
  const inner = unwrapped(value);
  if (inner?.type.kind !== 'pointer') return { value: inner, isNil: inner === undefined };
  const target = pointee(inner);
  return target === undefined ? { value: inner, isNil: true } : followed(target);
}

/** What a pointer points to; undefined of a nil pointer. */
export function pointee({ type, raw }: Value): Value | undefined {
  return type.kind !== 'pointer' || raw === null || raw === undefined ? undefined : typed(type.to, raw);
}

/** The elements of a slice. */
export function elements({ type, raw }: Value): Value[] {
  return type.kind === 'slice' && Array.isArray(raw) ? raw.map((item) => typed(type.of, item)) : [];
}

/** The entries of a map by ascending key, as Go walks and prints maps. */
export function entries({ type, raw }: Value): { key: Value; value: Value }[] {
  if (type.kind !== 'map') return [];
  const pairs: [unknown, unknown][] =
    raw instanceof Map ? [...raw] : Object.entries((raw as object | null) ?? {});
  const isNumber = type.key.kind !== 'string';
  return pairs
    .map(([key, item]) => ({ key: isNumber ? Number(key) : String(key), item }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ key, item }) => ({ key: typed(type.key, key), value: typed(type.of, item) }));
}

/** The entry of a map; undefined when it has none. */
export function entry(value: Value, key: string): Value | undefined {
  if (value.type.kind !== 'map') return undefined;
  const { raw } = value;
  if (raw instanceof Map) return raw.has(key) ? typed(value.type.of, raw.get(key)) : undefined;
  const object = objectOf(value);
  return Object.hasOwn(object, key) ? typed(value.type.of, object[key]) : undefined;
}

/** The named fields of a struct, in Go's order; those of embedded structs within these. */
export function fieldsOf(value: Value): { name: string; value: Value }[] {
  if (value.type.kind !== 'struct') return [];
  const object = objectOf(value);
  if (value.type.fields === undefined)
    return Object.entries(object).map(([name, item]) => ({ name, value: typed(ANY, item) }));
  return Object.entries(value.type.fields).map(([name, { type, key, isEmbedded }]) => ({
    name,
    value: typed(type, isEmbedded === true ? object : object[key]),
  }));
}

/** A method's result or a field of a struct, also of an embedded one; undefined when it has none of that name. */
export function member(value: Value, name: string): Value | undefined {
  const { type } = value;
  if (type.kind !== 'struct') return undefined;
  const object = objectOf(value);
  const method = Object.hasOwn(type.methods, name) ? type.methods[name] : undefined;
  if (method !== undefined) return typed(method.type, method.get(object));
  if (type.fields === undefined) return Object.hasOwn(object, name) ? typed(ANY, object[name]) : undefined;
  const field = Object.hasOwn(type.fields, name) ? type.fields[name] : undefined;
  if (field !== undefined) return typed(field.type, field.isEmbedded === true ? object : object[field.key]);
  for (const { type: inner, isEmbedded } of Object.values(type.fields)) {
    const target = inner.kind === 'pointer' ? inner.to : inner;
    const found = isEmbedded === true ? member(typed(target, object), name) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function objectOf({ raw }: Value): Record<string, unknown> {
  return typeof raw === 'object' && raw !== null ? (raw as Record<string, unknown>) : {};
}

export function textOf({ raw }: Value): string {
  return typeof raw === 'string' ? raw : '';
}

/** A whole number of any of Go's kinds. */
export function bigintOf({ raw }: Value): bigint {
  if (typeof raw === 'bigint') return raw;
  return BigInt(Math.trunc(Number.isFinite(raw) ? (raw as number) : 0));
}

export function floatOf({ raw }: Value): number {
  return typeof raw === 'number' || typeof raw === 'bigint' ? Number(raw) : 0;
}

/** Is it set, in the sense of `if`: not zero, not empty, not nil. A struct always is. */
export function isTrue(value: Value | undefined): boolean {
  const inner = unwrapped(value);
  if (inner === undefined) return false;
  switch (inner.type.kind) {
    case 'string':
      return textOf(inner) !== '';
    case 'bool':
      return inner.raw === true;
    case 'int':
    case 'uint':
    case 'duration':
      return bigintOf(inner) !== 0n;
    case 'float':
      return floatOf(inner) !== 0;
    case 'slice':
      return elements(inner).length > 0;
    case 'map':
      return entries(inner).length > 0;
    case 'pointer':
      return inner.raw !== null && inner.raw !== undefined;
    default:
      return true;
  }
}
