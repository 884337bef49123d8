/** `--env-merge`: variables made of the image's, in the words of a shell. Pure. */
import { BerthError } from './errors.ts';

/**
 * The list with each of the entries in it, which may use what the ones before them have set.
 * @param known variables that an entry may use beside those of the list.
 * @throws BerthError `invalid`
 */
export function mergeIntoEnv(
  list: readonly string[],
  entries: readonly string[],
  known: readonly string[],
): string[] {
  const merged = [...list];
  for (const entry of entries) {
    const values = new Map([...known, ...merged].map(split));
    merged.push(expand(entry, (name) => values.get(name) ?? ''));
  }
  return merged;
}

function split(entry: string): [string, string] {
  const at = entry.indexOf('=');
  return at < 0 ? [entry, ''] : [entry.slice(0, at), entry.slice(at + 1)];
}

/**
 * Quotes, `\`, `$NAME`, `${NAME}`, `${NAME:-WORD}` and `${NAME:+WORD}` as in a shell, but for words, which are not split.
 * A variable that is not set is empty.
 */
function expand(text: string, lookUp: (name: string) => string): string {
  const wrong = (why: string): BerthError =>
    new BerthError('invalid', `unable to process variables for --env-merge ${text}: ${why}`);
  let rest = text;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    const match = pattern.exec(rest) ?? undefined;
    if (match !== undefined) rest = rest.slice(match[0].length);
    return match;
  };

  /** Up to what the pattern begins with, or the end. */
  function words(end: RegExp | undefined, escaped: RegExp): string {
    let made = '';
    while (rest !== '' && end?.test(rest) !== true) {
      if (take(/^\$\{/)) made += braces();
      else if (take(escaped)) made += take(/^./s)?.[0] ?? '';
      else if (end?.source !== DOUBLE.source && take(/^'/)) made += quoted(/^[^']*(?=')/, 'single');
      else if (end?.source !== DOUBLE.source && take(DOUBLE)) made += doubleQuoted();
      else {
        const name = take(/^\$([A-Za-z_]\w*|\d)/)?.[1];
        made += name === undefined ? (take(/^./s)?.[0] ?? '') : lookUp(name);
      }
    }
    return made;
  }

  function quoted(content: RegExp, kind: string): string {
    const inside = take(content);
    if (inside === undefined) throw unmatched(kind);
    take(/^./s);
    return inside[0];
  }

  function doubleQuoted(): string {
    const inside = words(DOUBLE, /^\\(?=["$\\])/);
    if (!take(DOUBLE)) throw unmatched('double');
    return inside;
  }

  function unmatched(kind: string): BerthError {
    return wrong(`unexpected end of statement while looking for matching ${kind}-quote`);
  }

  /** After `${`. */
  function braces(): string {
    const value = lookUp(take(/^\w*/)?.[0] ?? '');
    if (take(/^\}/)) return value;
    if (!take(/^:/)) throw wrong(`Missing ':' or '#' or '%' or '/' in substitution: ${text}`);
    const modifier = take(/^./s)?.[0] ?? '';
    if (modifier !== '-' && modifier !== '+')
      throw wrong(`Unsupported modifier (${modifier}) in substitution: ${text}`);
    const word = words(/^\}/, ESCAPED);
    if (!take(/^\}/)) throw wrong(`the substitution has no end: ${text}`);
    return (value === '') === (modifier === '-') ? word : value;
  }

  return words(undefined, ESCAPED);
}

const DOUBLE = /^"/;
/** A backslash that ends the text is one. */
const ESCAPED = /^\\(?=.)/s;
