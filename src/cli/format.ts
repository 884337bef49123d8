/** `--format` for commands: JSON, the command's own table, or a Go template. */
import { BerthError } from '../model/errors.ts';
import { formatObject, formatObjects, formatRows, isJson, type Rows } from '../model/template/report.ts';
import { ANY, type GoType } from '../model/template/types.ts';
import { typed } from '../model/template/values.ts';

/** Rows: `ps`, `images`, `stats`. */
export interface FormattedRows extends Rows {
  kind: 'rows';
  /** What `--format json` prints; asked for only then. */
  json(): unknown;
}

/** Objects one after the other: `inspect`. */
export interface FormattedObjects {
  kind: 'objects';
  name: string;
  format: string;
  /** Each with its Go type, ANY when there is none: containers and images may come mixed. */
  objects: readonly { object: object; type?: GoType }[];
  /** Other names for fields: `{ Id: 'ID' }`. */
  aliases?: Readonly<Record<string, string>>;
}

/** One object: `info`, `version`. */
export interface FormattedObject {
  kind: 'object';
  name: string;
  format: string;
  object: object;
  type?: GoType;
  /** Tried when the template fails on the whole: `version` takes `{{.Version}}` for `{{.Client.Version}}`. */
  fallback?: { format: string; object: object; type: GoType };
}

export type Formatted = FormattedRows | FormattedObjects | FormattedObject;

/**
 * Prints what a command has found in the form that `--format` asks for. A wrong template throws a BerthError 'usage'
 * with Podman's text (exit code 125) before anything is printed.
 */
export function printFormatted(print: (text: string) => void, formatted: Formatted): void {
  print(textOf(formatted));
}

function textOf(formatted: Formatted): string {
  switch (formatted.kind) {
    case 'rows':
      return rowsText(formatted);
    case 'objects':
      return objectsText(formatted);
    case 'object':
      return objectText(formatted);
  }
}

function rowsText({ json, kind: _kind, ...rows }: FormattedRows): string {
  return rows.format !== undefined && isJson(rows.format) ? jsonText(json()) : formatRows(rows);
}

function objectsText({ name, format, objects, aliases = {} }: FormattedObjects): string {
  if (format === '' || isJson(format)) return jsonText(objects.map(({ object }) => object));
  const values = objects.map(({ object, type = ANY }) => typed(type, object));
  return formatObjects(format, values, { name, aliases });
}

function objectText({ name, format, object, type = ANY, fallback }: FormattedObject): string {
  if (isJson(format)) return jsonText(object);
  try {
    return formatObject(format, typed(type, object), { name });
  } catch (error) {
    if (fallback === undefined || !(error instanceof BerthError) || !error.message.includes(': executing '))
      throw error;
    return formatObject(fallback.format, typed(fallback.type, fallback.object), { name });
  }
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
