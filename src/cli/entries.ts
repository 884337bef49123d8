/** What a flag's text consists of. */

/** A list with commas; the empty text is an empty one. */
export function listed(text: string): string[] {
  return text === '' ? [] : text.split(',');
}

/** KEY=VALUE entries. A key without a value has an empty one; the last word on a key counts. */
export function pairs(entries: string[]): Record<string, string> {
  return Object.fromEntries(
    entries.map((entry) => {
      const [key = '', ...value] = entry.split('=');
      return [key, value.join('=')];
    }),
  );
}
