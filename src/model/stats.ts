/** What a container uses, from the texts of its cgroup's files (cgroups(7), the kernel's cgroup-v2.rst). Pure. */

/** Texts by file name; a file is absent when the kernel has not its controller, or the container does not run. */
export interface CgroupTexts {
  'cpu.stat'?: string | undefined;
  'memory.current'?: string | undefined;
  'memory.max'?: string | undefined;
  'memory.stat'?: string | undefined;
  'io.stat'?: string | undefined;
  'pids.current'?: string | undefined;
}

export interface Usage {
  cpuNanoseconds: number;
  systemNanoseconds: number;
  memoryBytes: number;
  /** That of the container, or all the host has. */
  memoryLimitBytes: number;
  readBytes: number;
  writtenBytes: number;
  pids: number;
  /** By interface, without the loopback; all zero for a container without a network of its own. */
  networks: Record<string, NetworkUsage>;
}

export interface NetworkUsage {
  receivedBytes: number;
  sentBytes: number;
}

/** A measurement with the two rates that follow from it and from the one before. */
export interface Sample extends Usage {
  /** ms since the epoch */
  at: number;
  /** Of one CPU, since the last sample or else since the start, and since the start. */
  cpuPercent: number;
  averageCpuPercent: number;
  memoryPercent: number;
}

/** One container's usage. `network` is /proc/PID/net/dev of a process in it, `meminfo` the host's /proc/meminfo. */
export function parseUsage(
  cgroup: CgroupTexts,
  { network = '', meminfo = '' }: { network?: string | undefined; meminfo?: string | undefined },
): Usage {
  const hostMemory = Number(/^MemTotal:\s+(\d+) kB$/m.exec(meminfo)?.[1] ?? 0) * 1024;
  const max = cgroup['memory.max']?.trim() ?? 'max';
  const limit = max === 'max' ? Number.POSITIVE_INFINITY : Number(max);
  const current = Number(cgroup['memory.current'] ?? 0);
  return {
    cpuNanoseconds: value(cgroup['cpu.stat'], 'usage_usec') * 1000,
    systemNanoseconds: value(cgroup['cpu.stat'], 'system_usec') * 1000,
    // Pages of files that the kernel can drop at once are not counted, as by Docker and Podman.
    memoryBytes: Math.max(0, current - value(cgroup['memory.stat'], 'inactive_file')),
    memoryLimitBytes: Math.min(limit, hostMemory),
    readBytes: ioBytes(cgroup['io.stat'], 'rbytes'),
    writtenBytes: ioBytes(cgroup['io.stat'], 'wbytes'),
    pids: Number(cgroup['pids.current'] ?? 0),
    networks: networks(network),
  };
}

export const NO_USAGE: Usage = {
  cpuNanoseconds: 0,
  systemNanoseconds: 0,
  memoryBytes: 0,
  memoryLimitBytes: 0,
  readBytes: 0,
  writtenBytes: 0,
  pids: 0,
  networks: {},
};

/** `startedAt` is undefined for a container that does not run. Times are ms since the epoch. */
export function sample(
  usage: Usage,
  { at, startedAt, before }: { at: number; startedAt?: number | undefined; before?: Sample | undefined },
): Sample {
  const percent = (nanoseconds: number, ms: number): number =>
    ms > 0 ? (nanoseconds / (ms * 1e6)) * 100 : 0;
  const average = startedAt === undefined ? 0 : percent(usage.cpuNanoseconds, at - startedAt);
  // A restart counts from zero again.
  const continues = before !== undefined && before.cpuNanoseconds <= usage.cpuNanoseconds;
  return {
    ...usage,
    at,
    averageCpuPercent: average,
    cpuPercent: continues ? percent(usage.cpuNanoseconds - before.cpuNanoseconds, at - before.at) : average,
    memoryPercent: usage.memoryLimitBytes === 0 ? 0 : (usage.memoryBytes / usage.memoryLimitBytes) * 100,
  };
}

/** `NAME NUMBER` of a flat keyed file. */
function value(text: string | undefined, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text ?? '')?.[1] ?? 0);
}

/** Sum over all devices of io.stat: `8:0 rbytes=1 wbytes=2 …`. */
function ioBytes(text: string | undefined, name: string): number {
  return [...(text ?? '').matchAll(new RegExp(`\\b${name}=(\\d+)`, 'g'))].reduce(
    (sum, [, bytes]) => sum + Number(bytes),
    0,
  );
}

/** /proc/net/dev: two lines of headings, then `NAME: received-bytes 7-more sent-bytes …`. */
function networks(text: string): Record<string, NetworkUsage> {
  const found: Record<string, NetworkUsage> = {};
  for (const line of text.split('\n').slice(2)) {
    const [name = '', rest = ''] = line.split(':');
    const numbers = rest.trim().split(/\s+/).map(Number);
    if (rest !== '' && name.trim() !== 'lo')
      found[name.trim()] = { receivedBytes: numbers[0] ?? 0, sentBytes: numbers[8] ?? 0 };
  }
  return found;
}
