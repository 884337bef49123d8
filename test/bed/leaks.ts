/**
 * What a container left behind: everything in a bed that was not there before, by kind. Verbs clean up
 * partly by way of systemd and the kernel, which take their time, so a leak is what is still there after
 * a while.
 */
import { AssertionError } from 'node:assert';
import { setTimeout as delay } from 'node:timers/promises';
import type { Bed } from './bed.ts';
import { sourceText } from './cache.ts';

export interface LeakOptions {
  /** Lines ("kind: text") that may be there. */
  allow?: RegExp[];
  /** Counts of things stored, for example rows per table; each must be what it was. */
  rows?: (bed: Bed) => Promise<Record<string, number>>;
  /** How long systemd and the kernel may take to tidy up; 30,000 unless told. */
  settleMs?: number;
}

/**
 * Everything that could leak and is there now: lines "kind: text", where kind is mount, netns, cgroup,
 * unit, unit file, process, runtime file or rows.
 */
export type LeakSnapshot = ReadonlySet<string>;

export async function leakSnapshot(bed: Bed, options: LeakOptions = {}): Promise<LeakSnapshot> {
  const [things, rows] = await Promise.all([thingsIn(bed), rowsIn(bed, options)]);
  return new Set([...things, ...rows]);
}

/** Throws an AssertionError that lists, by kind, what is in the bed now and was not in `before`. */
export async function assertNoLeaks(
  bed: Bed,
  before: LeakSnapshot,
  options: LeakOptions = {},
): Promise<void> {
  const deadline = performance.now() + (options.settleMs ?? 30_000);
  const isLeak = (line: string): boolean =>
    !before.has(line) && !options.allow?.some((pattern) => pattern.test(line));
  for (;;) {
    const things = (await thingsIn(bed)).filter(isLeak);
    const late = performance.now() > deadline;
    // Rows are counted when all the rest is right: that costs a process more.
    const leaks =
      things.length > 0 && !late ? things : [...things, ...(await rowsIn(bed, options)).filter(isLeak)];
    if (leaks.length === 0) return;
    if (late) throw new AssertionError({ message: describe(leaks.sort()) });
    await delay(50); // nothing announces that systemd has collected a unit
  }
}

async function thingsIn(bed: Bed): Promise<string[]> {
  const found = await bed.nsenter(['bash', '--norc', '-s'], { input: sourceText('leaks.sh') });
  if (found.code !== 0) throw new Error(`the search for leaks failed: ${found.stderr}`);
  const lines = found.stdout.split('\n').filter(Boolean);
  return numbered(lines.filter((line) => !NOISE.some((noise) => noise.test(line))));
}

async function rowsIn(bed: Bed, { rows }: LeakOptions): Promise<string[]> {
  return Object.entries((await rows?.(bed)) ?? {}).map(([name, n]) => `rows: ${name} ${n}`);
}

/** What comes and goes by itself in a healthy machine. */
const NOISE = [
  /^mount: \/run\/(credentials|user)\//,
  /^(unit|unit file): .*\bbed-run-/,
  /^cgroup: .*\/bed-run-/,
  /^unit: (systemd-tmpfiles-clean|logrotate)\.timer/,
  // It executes itself anew with other arguments.
  /^process: 1, .*: \/usr\/lib\/systemd\/systemd\b/,
  /^process: .*: \/usr\/lib\/systemd\/systemd-(hostnamed|localed|timedated|userdbd|userwork)\b/,
];

/** The same line twice is two things: the second gets a number, so that it shows. */
function numbered(lines: string[]): string[] {
  const seen = new Map<string, number>();
  return lines.map((line) => {
    const count = (seen.get(line) ?? 0) + 1;
    seen.set(line, count);
    return count === 1 ? line : `${line} (${count})`;
  });
}

function describe(leaks: string[]): string {
  const kinds = Map.groupBy(leaks, (line) => line.slice(0, line.indexOf(': ')));
  const parts = [...kinds].map(([kind, lines]) => {
    const texts = lines.map((line) => `    ${line.slice(kind.length + 2)}`);
    return `  ${kind}:\n${texts.join('\n')}`;
  });
  return `${leaks.length} left behind in the bed:\n${parts.join('\n')}`;
}
