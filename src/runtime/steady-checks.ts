/**
 * The directory by which bin/berth-check goes: what to run, what it should find, and what it has found.
 *
 *     rule           outcome, time-out in s, bytes of output to keep, length of the ring, results until Berth wants them,
 *                    payload's pid, whether to feed the watchdog; then a line each: ID, cgroup of the command, runtime, its root
 *     process.json   the OCI process
 *     last           number of the last result, from 1 on
 *     N.result       of the ring's place N: number and exit code; the file is as old as the end of the check,
 *     N.began        and this one as its beginning
 *     N.output, N.log   what the command said, and the runtime
 *
 * It is made and removed as a whole, by a rename. Who removes it has the results: at the same moment the program notes
 * its last one where nobody looks any more.
 */
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { isErrno } from '../model/errors.ts';
import type { HealthResult } from '../model/health/health.ts';
import type { SteadyOutcome, SteadyResults } from '../model/health/steady.ts';
import { makeDirectory, readFileIfAny } from '../sys/files.ts';
import { classifyRuntimeError, readLastLogError } from './errors.ts';
import type { RuntimeTarget } from './oci-runtime.ts';
import { runtimeRoot } from './paths.ts';

export interface SteadyRule {
  outcome: SteadyOutcome;
  timeoutMs: number;
  /** Bytes of output to keep. */
  keptOutput: number;
  /** How many results are kept, and after how many Berth is to fetch them; 0 = never. */
  room: { results: number; most: number };
  /** OCI process document, as JSON text. */
  process: string;
  payloadPid: number;
  /** An existing cgroup for the command, as in /proc/PID/cgroup, and its name below the container's. */
  cgroup: string;
  feedsWatchdog: boolean;
}

/** From now on such checks pass by. There must be no such directory yet. */
export function beginSteady(target: RuntimeTarget, rule: SteadyRule): void {
  const { steady } = target.paths;
  const made = `${steady}.${process.pid}`;
  rmSync(made, { recursive: true, force: true });
  makeDirectory(made);
  const { results, most } = rule.room;
  const numbers = [
    rule.outcome,
    rule.timeoutMs / 1000,
    rule.keptOutput,
    // One place more: readers look at results while a check is under way.
    results + 1,
    most,
    rule.payloadPid,
    rule.feedsWatchdog ? 1 : 0,
  ];
  const root = runtimeRoot(target.runDir, target.runtime);
  const lines = [numbers.join(' '), target.id, `/sys/fs/cgroup${rule.cgroup}`, target.runtime, root];
  writeFileSync(path.join(made, 'rule'), `${lines.join('\n')}\n`);
  writeFileSync(path.join(made, 'process.json'), rule.process);
  writeFileSync(path.join(made, 'last'), '0\n');
  renameSync(made, steady);
}

/** Ends it, with what was found; undefined if it had not begun. */
export function endSteady(target: RuntimeTarget): SteadyResults | undefined {
  const { steady } = target.paths;
  const taken = `${steady}.${process.pid}`;
  try {
    renameSync(steady, taken);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
  const results = resultsIn(target.runtime, taken);
  rmSync(taken, { recursive: true, force: true });
  return results;
}

/** What was found until now. */
export function steadyResults(target: RuntimeTarget): SteadyResults | undefined {
  return resultsIn(target.runtime, target.paths.steady);
}

function resultsIn(runtime: string, directory: string): SteadyResults | undefined {
  const [outcome, , , ring] = readFileIfAny(path.join(directory, 'rule'))?.split(/\s/) ?? [];
  if (outcome !== 'pass' && outcome !== 'fail') return undefined;
  // Nothing in it: the program is in the middle of writing the number of the newest result.
  const noted = readFileIfAny(path.join(directory, 'last'))?.trim();
  const last = noted ? Number(noted) : Number.POSITIVE_INFINITY;
  const places = Array.from({ length: Number(ring) }, (_, place) =>
    resultAt(runtime, directory, String(place)),
  );
  const found = places
    .filter((place) => place !== undefined)
    .filter(({ number }) => number <= last)
    .sort((a, b) => a.number - b.number)
    .slice(-(Number(ring) - 1));
  return { outcome, count: found.at(-1)?.number ?? 0, results: found.map(({ result }) => result) };
}

/**
 * The result that the program has left in its directory for its caller to judge. In the current directory, which is that
 * one, also where it has been taken away meanwhile: then there is none.
 */
export function unforeseenResult(runtime: string, place: string): HealthResult | undefined {
  return resultAt(runtime, '.', place)?.result;
}

/** timeout(1) says so when it has sent SIGKILL. */
const KILLED = 137;

function resultAt(
  runtime: string,
  directory: string,
  place: string,
): { number: number; result: HealthResult } | undefined {
  const file = (suffix: string): string => path.join(directory, `${place}.${suffix}`);
  try {
    const [number, code] = readFileSync(file('result'), 'utf8').trim().split(' ').map(Number);
    if (number === undefined || code === undefined) return undefined;
    const start = statSync(file('began')).mtime;
    const end = statSync(file('result')).mtime;
    const timeoutMs = 1000 * Number(readFileSync(path.join(directory, 'rule'), 'utf8').split(' ')[1]);
    const isLate = code === KILLED && end.getTime() - start.getTime() >= timeoutMs - CLOCK_TICK_MS;
    // As for Podman: a command that cannot be run is a check that failed.
    const failure = code === 0 || isLate ? undefined : readLastLogError(file('log'));
    return {
      number,
      result: {
        exitCode: isLate ? -1 : failure === undefined ? code : 1,
        output:
          failure === undefined
            ? new StringDecoder('utf8').write(readFileSync(file('output'))) // without half a character at its end
            : classifyRuntimeError(runtime, failure).message,
        start: start.toISOString(),
        end: end.toISOString(),
      },
    };
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** The kernel's clock of file times is that coarse (CONFIG_HZ=100). */
const CLOCK_TICK_MS = 10;
