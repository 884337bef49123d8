/**
 * What Podman's commands make of `--format`: `json`, `table …` with a header and columns, or a template for every
 * row. Pure: the text comes back.
 */

import { BerthError } from '../errors.ts';
import { alignColumns } from './columns.ts';
import { type ExecuteOptions, parseTemplate, type Template } from './template.ts';
import { type GoType, map, STRING, slice } from './types.ts';
import { typed } from './values.ts';

export interface Rows extends ExecuteOptions {
  /** The command's name, for error texts. */
  name: string;
  /** As the person gave it; undefined for the command's own table. */
  format: string | undefined;
  /** The command's own table: `{{.ID}}\t{{.Names}}`. */
  table: string;
  /** Headings by field name (`{ ID: 'CONTAINER ID' }`). */
  headers: Readonly<Record<string, string>>;
  rows: readonly unknown[];
  /** Type of a row. */
  type: GoType;
  noHeading?: boolean;
}

/** Rows of `ps`, `images` and their like. `isJson(format)` has to be asked before. Throws as parseTemplate does. */
export function formatRows({
  name,
  format,
  table,
  headers,
  rows,
  type,
  noHeading = false,
  ...options
}: Rows): string {
  const isTable = format === undefined || hasTable(format);
  const template =
    format === undefined
      ? parseTemplate(`{{range .}}${table}\n{{end -}}`, { name })
      : parseFormat(format, { name, wrap: ranged });
  const heading =
    isTable && !noHeading ? template.execute(typed(slice(map(STRING)), [headers]), options) : '';
  const text = heading + template.execute(typed(slice(type), [...rows]), options);
  return isTable ? alignColumns(text) : text;
}

/** Objects of `inspect`: a template for each, a `table` without headings. */
export function formatObjects(
  format: string,
  objects: readonly unknown[],
  { name, ...options }: ObjectOptions,
): string {
  const template = parseFormat(format, { name, wrap: ranged });
  const text = template.execute(objects, options);
  return hasTable(format) ? alignColumns(text) : text;
}

/** The one object of `info` and `version`. */
export function formatObject(format: string, object: unknown, { name, ...options }: ObjectOptions): string {
  const isTable = hasTable(format);
  const template = parseFormat(format, { name, wrap: isTable ? ranged : (text) => text });
  const text = template.execute(object, options);
  return isTable ? alignColumns(text) : text;
}

export interface ObjectOptions extends ExecuteOptions {
  name: string;
}

/** `json` and `{{json}}`: everything as one JSON document, not by template. */
export function isJson(format: string): boolean {
  return /^\s*(json|\{\{\s*json\s*\}\})\s*$/.test(format);
}

/**
 * `\t` and `\n` mean a tab and a line feed; but where that breaks the template (`{{join .Args "\n"}}`), it is taken as
 * it was given, without a line feed at its end. So does Podman.
 */
function parseFormat(
  format: string,
  { name, wrap }: { name: string; wrap: (text: string) => string },
): Template {
  try {
    return parseTemplate(wrap(normalized(format)), { name });
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    return parseTemplate(wrap(format.replace(/^table /, '')), { name });
  }
}

function hasTable(format: string): boolean {
  return format.startsWith('table ');
}

/** A template is for every row, unless it ranges itself. */
function ranged(text: string): string {
  return /^\s*\{\{\s*range\s*\.\s*\}\}/.test(text) ? text : `{{range .}}${text}{{end -}}`;
}

/** `\t` and `\n` are a tab and a line feed; in a table so is a blank a tab. */
function normalized(format: string): string {
  const text = hasTable(format)
    ? format.replace(/table |\\t|\\n| /g, (found) => ({ 'table ': '', '\\n': '\n' })[found] ?? '\t')
    : format.replace(/\\[tn]/g, (found) => (found === '\\t' ? '\t' : '\n'));
  return text.endsWith('\n') ? text : `${text}\n`;
}
