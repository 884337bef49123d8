/**
 * A reader of unit files, written from systemd.syntax(7), systemd.service(5) "Command lines" and systemd.unit(5)
 * "Specifiers", to hold the printer against something that does not share its code.
 */

export interface Assignment {
  section: string;
  key: string;
  /** As it stands in the file, white space at both ends off. */
  value: string;
}

/** The assignments of a unit file in order. Throws for a line that systemd would complain about. */
export function parseUnit(text: string): Assignment[] {
  const assignments: Assignment[] = [];
  let section = '';
  let continued = '';
  // systemd ends a line at \n, \r and \0 alike (fileio.c, read_line).
  for (const raw of text.split(/[\n\r\0]/)) {
    // Comment lines are ignored, in the middle of a continued line too.
    if (/^\s*[#;]/.test(raw)) continue;
    const line = continued + raw;
    if (line.endsWith('\\')) {
      continued = `${line.slice(0, -1)} `;
      continue;
    }
    continued = '';
    const stripped = line.trim();
    if (stripped === '') continue;
    const heading = /^\[(.*)\]$/.exec(stripped)?.[1];
    if (heading !== undefined) {
      section = heading;
      continue;
    }
    const equals = stripped.indexOf('=');
    if (equals <= 0 || section === '') throw new Error(`not an assignment: ${JSON.stringify(stripped)}`);
    assignments.push({
      section,
      key: stripped.slice(0, equals).trim(),
      value: stripped.slice(equals + 1).trim(),
    });
  }
  if (continued !== '') throw new Error('the file ends in the middle of a line');
  return assignments;
}

const C_ESCAPES: Record<string, string> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
  s: ' ',
};

/**
 * Words of a value, quotes resolved: a quote may begin only where a word begins, and what closes it must end the word.
 * `escapes`: are C escapes known (Exec lines) or does a backslash only protect the next character (paths)?
 */
export function splitWords(value: string, escapes: 'c' | 'plain'): string[] {
  const words: string[] = [];
  let at = 0;
  const escaped = (): string => {
    const [char = ''] = [...value.slice(at + 1)];
    if (char === '') throw new Error('a backslash at the end');
    if (escapes === 'plain') {
      at += 1 + char.length;
      return char;
    }
    const code = /^(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3}))/.exec(
      value.slice(at + 1),
    );
    if (code !== null) {
      at += 1 + code[0].length;
      return String.fromCodePoint(
        Number.parseInt(code[4] ?? code[1] ?? code[2] ?? code[3] ?? '', code[4] ? 8 : 16),
      );
    }
    const known = C_ESCAPES[char];
    if (known === undefined) throw new Error(`unknown escape \\${char}`);
    at += 2;
    return known;
  };
  while (at < value.length) {
    if (/\s/.test(value[at] ?? '')) {
      at++;
      continue;
    }
    const quote = /["']/.test(value[at] ?? '') ? value[at++] : undefined;
    let word = '';
    for (;;) {
      const char = value[at];
      if (char === undefined) {
        if (quote !== undefined) throw new Error('an open quote');
        break;
      }
      if (char === '\\') {
        word += escaped();
        continue;
      }
      if (quote === undefined ? /\s/.test(char) : char === quote) break;
      if (quote === undefined && /["']/.test(char)) throw new Error('a quote inside a word');
      word += char;
      at++;
    }
    if (quote !== undefined && value[++at] !== undefined && !/\s/.test(value[at] ?? ''))
      throw new Error('text after a quote');
    words.push(word);
  }
  return words;
}

/** Resolves `%%`; any other specifier would be expanded by systemd and is an error here. */
export function resolveSpecifiers(text: string): string {
  return text.replace(/%(.?)/gs, (_, char: string) => {
    if (char !== '%') throw new Error(`a specifier: %${char}`);
    return '%';
  });
}

/** Resolves `$$` in an argument; any other variable is an error here. */
export function resolveVariables(text: string): string {
  return text.replace(/\$(.?)/gs, (_, char: string) => {
    if (char !== '$') throw new Error(`a variable: $${char}`);
    return '$';
  });
}

/** What an Exec line runs: prefixes, program and arguments; the variables named may stand as words of their own. */
export function parseCommand(value: string): { prefix: string; argv: string[] } {
  const [first = '', ...others] = splitWords(value, 'c');
  if (others.includes(';')) throw new Error('a second command');
  const [, prefix = '', program = ''] = /^([-@:+!|]*)(.*)$/s.exec(first) ?? [];
  const args = others.map((word) => resolveVariables(resolveSpecifiers(word)));
  return { prefix, argv: [resolveSpecifiers(program), ...args] };
}
