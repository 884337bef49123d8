/** Environment variables as flags and files give them. */
import { BerthError } from './errors.ts';

/**
 * Entries of `--env`: `KEY=value`, `KEY` (the caller's own value, or nothing if it has none), `PREFIX*` (all of the
 * caller's that begin so). podman-create(1).
 */
export function parseEnvFlags(entries: readonly string[], own: Record<string, string | undefined>): string[] {
  return entries.flatMap((typed) => {
    const entry = typed.replace(/^[ \t]+/, '');
    const equals = entry.indexOf('=');
    if (typed === '') return [];
    if (equals === 0 || entry === '')
      throw new BerthError('invalid', `invalid variable: ${JSON.stringify(typed)}`);
    if (equals > 0) return [entry];
    if (entry.endsWith('*')) {
      const prefix = entry.slice(0, -1);
      return Object.entries(own).flatMap(([key, value]) =>
        key.startsWith(prefix) && value !== undefined ? [`${key}=${value}`] : [],
      );
    }
    // Not `own[entry]` alone: process.env also answers for toString and its like.
    const value = Object.hasOwn(own, entry) ? own[entry] : undefined;
    return value === undefined ? [] : [`${entry}=${value}`];
  });
}

/** Lines of `--env-file`: as `--env`, blank lines and lines beginning with `#` left out. Values are taken as they are. */
export function parseEnvFile(text: string, file: string, own: Record<string, string | undefined>): string[] {
  try {
    return parseEnvFlags(fileLines(text), own);
  } catch (error) {
    throw new BerthError('invalid', `parsing file ${JSON.stringify(file)}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** Without what leads them, blank ones, and those that begin with `#`. */
export function fileLines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.replace(/\r$/, '').trimStart())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/**
 * What every container has unless the image or the person sets it.
 *
 * `container=podman`: systemd and scripts recognise a container by this variable, and the value `podman` by name
 * (systemd-detect-virt(1)); a name of our own would be "other" to systemd and unknown to scripts that were written for
 * the peer. Podman sets it for images only; Berth for every container.
 */
export function defaultEnv(terminal: boolean): string[] {
  return [
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    'container=podman',
    ...(terminal ? ['TERM=xterm'] : []),
  ];
}

/** Without what `--unsetenv` names, or `--unsetenv-all`. */
export function withoutUnset(entries: readonly string[], unset: readonly string[] | 'ALL' = []): string[] {
  if (unset === 'ALL') return [];
  return entries.filter((entry) => !unset.includes(entry.split('=', 1)[0] ?? ''));
}

/**
 * One list out of several: a later value wins, in the place of the first. An entry without a name or without `=`, as
 * some image has it, says nothing and is left out; a runtime would refuse it.
 */
export function mergeEnv(...lists: readonly (readonly string[])[]): string[] {
  const merged = new Map<string, string>();
  for (const entry of lists.flat()) {
    const equals = entry.indexOf('=');
    if (equals > 0) merged.set(entry.slice(0, equals), entry);
  }
  return [...merged.values()];
}
