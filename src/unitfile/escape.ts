/**
 * Any text as a value in a unit file. A value can never end its line, open a section, name a specifier or
 * expand a variable (systemd.syntax(7), systemd.service(5) "Command lines", systemd.unit(5) "Specifiers").
 */

/** An argument in an Exec line: quoted, with C escapes, `%` and `$` doubled. */
export function execWord(text: string): string {
  return quoted(escapeC(text).replaceAll('%', '%%').replaceAll('$', '$$$$'));
}

/**
 * A word where specifiers are expanded but variables are not: Environment=, the program of an Exec line (prefix included,
 * for quotes must enclose the whole word) …
 */
export function specifierWord(text: string): string {
  return quoted(escapeC(text).replaceAll('%', '%%'));
}

/**
 * A path in RequiresMountsFor=. Its parser knows quotes, and a backslash before a character that stands for itself, but
 * no C escapes (load-fragment.c, config_parse_unit_mounts_for), so a line break cannot be said: then the folder
 * above it is named.
 */
export function pathWord(path: string): string {
  const sayable = path.replace(/\/[^/]*[\n\r].*$/s, '') || '/';
  return quoted(sayable.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%'));
}

/** Bare where nothing in it has a meaning of its own, else in double quotes. */
function quoted(escaped: string): string {
  return /^[A-Za-z0-9_@:.,/+=-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}

/** Free text on one line with specifiers: Description=. Control characters become spaces, backslashes at the end go. */
export function freeText(text: string): string {
  return [...text]
    .map((char) => (isControl(char) ? ' ' : char))
    .join('')
    .trimStart()
    .replace(/[\\\s]+$/, '') // a trailing backslash would join the next line
    .replaceAll('%', '%%');
}

function escapeC(text: string): string {
  return [...text]
    .map((char) => {
      if (char === '\\') return '\\\\';
      if (char === '"') return '\\"';
      if (char === '\n') return '\\n';
      if (char === '\t') return '\\t';
      if (isControl(char)) return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
      return char;
    })
    .join('');
}

function isControl(char: string): boolean {
  const code = char.codePointAt(0) ?? 0;
  return code < 0x20 || code === 0x7f;
}
