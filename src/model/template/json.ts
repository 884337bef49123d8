/** `{{json .X}}`: a value as Go's encoding/json writes it, without escaping HTML. */
import { ANY, type GoType, type Struct } from './types.ts';
import {
  bigintOf,
  elements,
  entries,
  floatOf,
  pointee,
  textOf,
  typed,
  unwrapped,
  type Value,
} from './values.ts';

/**
 * One line of JSON. A struct has the keys that its object has, in their order, so that `{{json .State}}` agrees
 * with what `inspect` prints of it; a map has its keys sorted.
 */
export function toJson(value: Value | undefined): string {
  const inner = unwrapped(value);
  if (inner === undefined) return 'null';
  switch (inner.type.kind) {
    case 'string':
    case 'time':
      return jsonString(inner.type.kind === 'time' ? isoTime(textOf(inner)) : textOf(inner));
    case 'bool':
      return String(inner.raw === true);
    case 'int':
    case 'uint':
    case 'duration':
      return bigintOf(inner).toString();
    case 'float':
      return floatJson(floatOf(inner));
    case 'pointer':
      return toJson(pointee(inner));
    case 'slice':
      return isNil(inner) ? 'null' : `[${elements(inner).map(toJson).join(',')}]`;
    case 'map':
      return isNil(inner)
        ? 'null'
        : braces(entries(inner).map(({ key, value: item }) => [String(key.raw), toJson(item)]));
    case 'struct':
      return structJson(inner);
    case 'any':
      return 'null';
  }
}

function isNil({ raw }: Value): boolean {
  return raw === null || raw === undefined;
}

function braces(pairs: [string, string][]): string {
  return `{${pairs.map(([key, text]) => `${jsonString(key)}:${text}`).join(',')}}`;
}

/** Keys that the type does not know are written too: Berth's own, beside Podman's. */
function structJson({ type, raw }: Value): string {
  if (type.kind !== 'struct') return 'null';
  const known = new Map(keysOf(type));
  return braces(
    Object.entries((raw ?? {}) as Record<string, unknown>)
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => [key, toJson(typed(known.get(key) ?? ANY, item))]),
  );
}

function keysOf({ fields = {} }: Partial<Struct>): [string, GoType][] {
  return Object.values(fields).flatMap(({ type, key, isEmbedded }): [string, GoType][] =>
    isEmbedded === true ? keysOf(structOf(type)) : [[key, type]],
  );
}

function structOf(type: GoType): Partial<Struct> {
  const target = type.kind === 'pointer' ? type.to : type;
  return target.kind === 'struct' ? target : {};
}

/** As JSON has it, except that Go's escapes the two line separators, which are no line ends in JavaScript. */
function jsonString(text: string): string {
  return JSON.stringify(text).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}

function isoTime(text: string): string {
  return text === '' ? '0001-01-01T00:00:00Z' : text;
}

function floatJson(value: number): string {
  return Number.isFinite(value) ? String(value) : 'null';
}
