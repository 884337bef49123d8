/**
 * What a template sees: values with Go's types. Templates for Podman rely on them — a missing field of a struct is
 * an error and a missing key of a map is not, a nil pointer prints `<nil>` and a nil slice `[]` — and JSON alone does
 * not say which is which. A type can be left out (`ANY`): then it is read off the JavaScript value.
 */
export interface Basic {
  kind: 'string' | 'bool' | 'int' | 'uint' | 'float' | 'time' | 'duration';
  name: string;
}
export interface Slice {
  kind: 'slice';
  name: string;
  of: GoType;
}
export interface MapType {
  kind: 'map';
  name: string;
  key: GoType;
  of: GoType;
}
export interface Pointer {
  kind: 'pointer';
  name: string;
  to: GoType;
}
export interface Any {
  kind: 'any';
  name: string;
}
export interface Struct {
  kind: 'struct';
  name: string;
  /** By Go's name; undefined: whatever the object has. */
  fields: Record<string, Field> | undefined;
  /** Computed: found before fields, not printed with the whole and not in its JSON. */
  methods: Record<string, Method>;
}
export type GoType = Basic | Slice | MapType | Pointer | Any | Struct;

export interface Field {
  type: GoType;
  /** Its name in the JavaScript object and in JSON. */
  key: string;
  /** A struct, or a pointer to one, whose fields are the outer one's, in Go and in the object. */
  isEmbedded?: true;
}
export interface Method {
  type: GoType;
  get(object: Record<string, unknown>): unknown;
}

export const STRING: Basic = { kind: 'string', name: 'string' };
export const BOOL: Basic = { kind: 'bool', name: 'bool' };
export const INT: Basic = { kind: 'int', name: 'int' };
export const FLOAT: Basic = { kind: 'float', name: 'float64' };
/** ISO 8601 text, as in JSON. */
export const TIME: Basic = { kind: 'time', name: 'time.Time' };
/** Nanoseconds. */
export const DURATION: Basic = { kind: 'duration', name: 'time.Duration' };
export const ANY: Any = { kind: 'any', name: 'interface {}' };

export const int = (name: 'int8' | 'int16' | 'int32' | 'int64'): Basic => ({ kind: 'int', name });
export const uint = (name: 'uint' | 'uint8' | 'uint16' | 'uint32' | 'uint64' = 'uint'): Basic => ({
  kind: 'uint',
  name,
});
export const slice = (of: GoType): Slice => ({ kind: 'slice', name: `[]${of.name}`, of });
export const map = (of: GoType, key: GoType = STRING): MapType => ({
  kind: 'map',
  name: `map[${key.name}]${of.name}`,
  key,
  of,
});
export const pointer = (to: GoType): Pointer => ({ kind: 'pointer', name: `*${to.name}`, to });

/** A field whose JSON name differs from its name in Go. */
export const as = (key: string, type: GoType): Field => ({ type, key });
/** An embedded struct. */
export const embedded = (type: Struct | Pointer): Field => ({ type, key: '', isEmbedded: true });

/** A struct type; a bare type is a field with the same name in JSON. */
export function struct(
  name: string,
  fields: Record<string, GoType | Field>,
  methods: Record<string, Method> = {},
): Struct {
  const named = Object.entries(fields).map(([key, field]): [string, Field] => [
    key,
    'type' in field ? field : { type: field, key },
  ]);
  return { kind: 'struct', name, fields: Object.fromEntries(named), methods };
}
