/** A document of plain values as YAML, in the form that Podman's commands print. Pure. */

/**
 * Block style with sorted keys, and lists as far in as their key. A text stands as it is where every reader of YAML 1.1
 * or 1.2 takes it for that text, else in quotes; one of several lines stands as a literal block. Keys without a value
 * (undefined) are left out. For strings, finite numbers, booleans, null, and arrays and objects of these.
 */
export function toYaml(value: object): string {
  return block(value, '');
}

function block(value: object, indent: string): string {
  if (Array.isArray(value)) return value.map((item) => `${indent}-${rest(item, `${indent}  `)}`).join('');
  return keysOf(value)
    .map(
      ([key, item]) => `${indent}${scalar(key)}:${rest(item, Array.isArray(item) ? indent : `${indent}  `)}`,
    )
    .join('');
}

/** What follows a key or the hyphen of an item, with its line feed; `indent` is that of the lines below. */
function rest(value: unknown, indent: string): string {
  if (typeof value === 'string' && isLiteral(value)) return ` |-\n${value.replace(/^(?=.)/gm, indent)}\n`;
  if (typeof value !== 'object' || value === null) return ` ${scalar(value)}\n`;
  if (Array.isArray(value) ? value.length === 0 : keysOf(value).length === 0)
    return Array.isArray(value) ? ' []\n' : ' {}\n';
  return `\n${block(value, indent)}`;
}

function keysOf(value: object): [string, unknown][] {
  return Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1));
}

function scalar(value: unknown): string {
  if (typeof value !== 'string') return String(value);
  // JSON is YAML: what stands between double quotes is the same in both.
  if (!isPrintable(value) || meansOther(value)) return JSON.stringify(value);
  return isPlain(value) ? value : `'${value.replaceAll("'", "''")}'`;
}

/** Lines that can be told from their indentation. */
function isLiteral(text: string): boolean {
  return /^\S.*\n.*\S$/s.test(text) && isPrintable(text.replaceAll('\n', ''));
}

function isPrintable(text: string): boolean {
  return !/[\p{Cc}\p{Cs}\u2028\u2029\ufeff]/u.test(text);
}

/** Would it be read as something else than a text: a number, a date, a truth value, nothing? */
function meansOther(text: string): boolean {
  const digits = text.replace(/^[-+]/, '').replaceAll('_', '');
  return (
    !Number.isNaN(Number(digits)) ||
    /^(~|null|true|false|yes|no|on|off|y|n|=|<<)$/i.test(text) ||
    /^\.(inf|nan)$/i.test(digits) ||
    /^\d+(:\d+)+(\.\d*)?$/.test(digits) ||
    /^\d{4}-\d{1,2}-\d{1,2}([Tt\s].*)?$/.test(text)
  );
}

/** The indicators of YAML (1.2.2, 5.3) where they would count as such. */
function isPlain(text: string): boolean {
  return !/^[-?:,[\]{}#&*!|>'"%@`\s]|:(\s|$)|\s#|\s$/.test(text);
}
