/** Helper programs run while nothing else may happen: in the middle of unpacking a layer. */
import { spawnSync } from 'node:child_process';
import { BerthError } from '../model/errors.ts';
import { cleanEnvironment, type RunResult, spawnError } from '../sys/spawn.ts';

/** Runs a program to its end, blocking; anything but exit code 0 is a BerthError('storage') beginning with `purpose`. */
export function runOrFail(
  purpose: string,
  file: string,
  args: string[],
  options: { cwd?: string; input?: string } = {},
): void {
  const result = spawnSync(file, args, {
    ...options,
    env: cleanEnvironment(),
    encoding: 'utf8',
    maxBuffer: Number.POSITIVE_INFINITY,
  });
  if (result.error !== undefined) throw spawnError(file, result.error);
  if (result.status === 0) return;
  const how = result.signal === null ? `exit code ${result.status}` : `killed by ${result.signal}`;
  throw new BerthError(
    'storage',
    `cannot ${purpose}: ${[`${file}: ${how}`, result.stderr.trim()].filter(Boolean).join(': ')}`,
  );
}

/** "exit code 32: mount: unknown filesystem type" */
export function describeFailure(result: RunResult): string {
  const said = result.stderr.trim().replace(/\s*\n\s*/g, '; ');
  return said === '' ? `exit code ${result.code}` : said;
}
