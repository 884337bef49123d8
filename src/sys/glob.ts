/** Files by a shell pattern, as Go's filepath.Glob finds them. */
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { globMatcher } from '../model/glob.ts';

/**
 * What is there that an absolute pattern names, in the order of names; a leading dot is nothing special, and a link on the way is
 * followed. Undefined for a pattern that is none.
 */
export function pathsMatching(pattern: string): string[] | undefined {
  let found = ['/'];
  for (const part of pattern.split('/').filter((text) => text !== '')) {
    const matches = globMatcher(part);
    if (matches === undefined) return undefined;
    found = /[*?[\\]/.test(part)
      ? found.flatMap((directory) =>
          namesIn(directory)
            .filter(matches)
            .map((name) => join(directory, name)),
        )
      : found.map((directory) => join(directory, part)).filter(isThere);
  }
  return found;
}

/** What cannot be read has none. */
function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    return [];
  }
}

function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}
