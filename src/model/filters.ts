/** `--filter KEY=VALUE`: what the filters of containers, images and events have in common. */
import { BerthError } from './errors.ts';
import { matchesStars } from './glob.ts';
import { type MomentOptions, parseMoment } from './moment.ts';

/** The values given for each key, in order. */
export type Filters = ReadonlyMap<string, readonly string[]>;

/**
 * `['label=a=1', 'label!=b']` → label: a=1, label!: b. Throws a BerthError 'usage' with Podman's words, of which a prune
 * has others.
 */
export function parseFilters(
  texts: readonly string[],
  words = (text: string) => `invalid filter ${JSON.stringify(text)}`,
): Filters {
  const filters = new Map<string, string[]>();
  for (const text of texts) {
    const equals = text.indexOf('=');
    if (equals < 0) throw new BerthError('usage', `${words(text)}: write it as KEY=VALUE`);
    const key = text.slice(0, equals);
    filters.set(key, [...(filters.get(key) ?? []), text.slice(equals + 1)]);
  }
  return filters;
}

/** For a key that the command does not know. */
export function invalidFilter(key: string): BerthError {
  return new BerthError('usage', `${key} is an invalid filter`);
}

/** Do the labels have every one of these? `KEY`, `KEY=` (any value), `KEY=VALUE`; a KEY may have `*` for any text. */
export function matchesLabels(labels: Readonly<Record<string, string>>, wanted: readonly string[]): boolean {
  return wanted.every((text) => {
    const [, key = '', value = ''] = /^([^=]*)=?(.*)$/s.exec(text) ?? [];
    return Object.entries(labels).some(
      ([name, own]) => matchesStars(name, key) && (value === '' || own === value),
    );
  });
}

/** Does one of the regular expressions match somewhere? One that is none matches nothing. */
export function matchesAny(text: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => regExp(pattern)?.test(text) === true);
}

/** The one moment of `until=`. */
export function untilMoment(values: readonly string[], options: MomentOptions): number {
  const [only = '', ...more] = values;
  if (more.length > 0) throw new BerthError('usage', 'specify exactly one timestamp for until');
  return parseMoment(only, options);
}

/** Go writes "ignore case" as `(?i)` in front. */
function regExp(pattern: string): RegExp | undefined {
  const [, flag, rest = ''] = /^(\(\?i\))?(.*)$/s.exec(pattern) ?? [];
  try {
    return new RegExp(rest, flag === undefined ? '' : 'i');
  } catch {
    return undefined;
  }
}
