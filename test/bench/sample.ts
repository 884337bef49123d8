/** One timed command in a bed: wall time, CPU and peak memory of it and its waited-for children. */
import type { Bed } from '../bed/bed.ts';

export interface Sample {
  wallMs: number;
  /** User and system time. */
  cpuMs: number;
}

/** Runs a command line and measures it, whatever its exit code unless told: some entry points answer a question with theirs. */
export async function sample(
  bed: Bed,
  command: string,
  { mustSucceed = false, ...options }: { timeoutMs?: number; mustSucceed?: boolean } = {},
): Promise<Sample> {
  // Bash's own `time` counts in milliseconds, GNU time (which alone knows the peak) in hundredths of a second.
  const script = `TIMEFORMAT='%3R %3U %3S'; { time ${command} >/tmp/out 2>/tmp/err; } 2>&1`;
  const { stdout, stderr, code } = await bed.run(['bash', '-c', script], options);
  const [wall = Number.NaN, user = 0, sys = 0] = stdout.trim().split(/\s+/).map(Number);
  if (Number.isNaN(wall)) throw new Error(`${command} could not be measured: ${stderr}${stdout}`);
  if (mustSucceed && code !== 0)
    throw new Error(`${command}: exit code ${code}: ${await bed.ok(['cat', '/tmp/err'])}`);
  return { wallMs: wall * 1000, cpuMs: (user + sys) * 1000 };
}

/** The largest resident set, in kB, of any process of a command and its waited-for children (time(1), %M). */
export async function peakMemory(bed: Bed, command: string): Promise<number> {
  await bed.run(['bash', '-c', `/usr/bin/time -q -o /tmp/peak -f %M ${command}`]);
  return Number(await bed.ok(['cat', '/tmp/peak']));
}

/** The median of each figure. */
export function median(samples: readonly Sample[]): Sample {
  return {
    wallMs: middle(samples.map(({ wallMs }) => wallMs)),
    cpuMs: middle(samples.map(({ cpuMs }) => cpuMs)),
  };
}

/**
 * CPU time that systemd and all units of the bed have used since its boot, in µs, without what looks on from outside
 * (command.ts, "quick"): cpu.stat needs no controller (cgroups(7)).
 */
export async function cpuUsec(bed: Bed): Promise<number> {
  const script =
    "awk '/^usage_usec/ && FILENAME !~ /bed-guest/ { sum += $2 } END { print sum }' /sys/fs/cgroup/*/cpu.stat";
  return Number(await bed.sh(script, { quick: true }));
}

/** The one in the middle; of an even number, the higher of the two. */
export function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
