/** The flags of resource limits: those of the control group, which update knows too, and those of processes. */
import type { ContainerConfig, ResourceLimits, UlimitConfig } from '../../model/config.ts';
import { BerthError, messageOf } from '../../model/errors.ts';
import { parseSize } from '../../model/size.ts';
import { parseUlimit } from '../../model/ulimit.ts';
import type { Arguments, Flag } from '../command.ts';
import { listed } from '../entries.ts';
import { BLOCK_IO_FLAGS, blockIoLimits } from './block-io.ts';

/** Of the container's control group. */
export const LIMIT_FLAGS: Record<string, Flag> = {
  ...BLOCK_IO_FLAGS,
  'blkio-weight': { type: 'uint', help: 'Share of block I/O, 10 to 1000' },
  'cpu-period': { type: 'uint', help: 'Period in which --cpu-quota counts, in microseconds' },
  'cpu-quota': { type: 'int', help: 'CPU time per period, in microseconds' },
  'cpu-rt-period': { type: 'uint', help: 'No effect with control groups of version 2' },
  'cpu-rt-runtime': { type: 'int', help: 'No effect with control groups of version 2' },
  'cpu-shares': { type: 'uint', short: 'c', help: 'Share of CPU time, 1024 being the usual one' },
  cpus: { type: 'number', help: 'CPUs the container may use, like 1.5' },
  'cpuset-cpus': { type: 'string', help: 'CPUs it may run on, like 0-3,7' },
  'cpuset-mems': { type: 'string', help: 'Memory nodes it may use, like 0,1' },
  memory: { type: 'string', short: 'm', help: 'Memory limit, like 512m' },
  'memory-reservation': { type: 'string', help: 'Memory that is not taken away when memory is short' },
  'memory-swappiness': { type: 'int', help: 'Not with control groups of version 2: only -1', default: '-1' },
  'memory-swap': { type: 'string', help: 'Limit of memory and swap together; -1 for no limit of swap' },
  'pids-limit': { type: 'int', help: 'Most processes; 0 or -1 for no limit' },
};

/** Of each process; fixed at its start. */
export const PROCESS_LIMIT_FLAGS: Record<string, Flag> = {
  'oom-score-adj': { type: 'int', help: 'How soon the kernel ends it when memory is short, -1000 to 1000' },
  'oom-kill-disable': { type: 'bool', help: 'Not with cgroup v2, which is what there is' },
  personality: { type: 'string', help: 'Execution domain: LINUX or LINUX32' },
  'rdt-class': { type: 'string', help: 'Class of service below /sys/fs/resctrl' },
  ulimit: {
    type: 'strings',
    help: "Limit of each process, name=soft[:hard]; -1 for none. host: the unit's own limits",
  },
};

/** The limits that were asked for. Throws BerthError 'invalid' in Podman's words. */
export function limits(args: Arguments): ResourceLimits {
  const bytes = (flag: string): number | undefined => {
    const text = args.string(flag);
    if (text === undefined || text === '') return undefined;
    if (flag === 'memory-swap' && text === '-1') return -1;
    return size(text, (why) => `invalid value for ${flag}: ${why}`);
  };
  const cpus = args.number('cpus');
  if (cpus !== undefined && cpus < 0)
    throw new BerthError('invalid', `invalid argument "${cpus}" for "--cpus" flag: it must be 0 or greater`);
  for (const flag of ['cpu-quota', 'cpu-period'])
    if (cpus !== undefined && args.has(flag))
      throw new BerthError('invalid', `--${flag} and --cpus cannot be set together`);
  if ((args.int('memory-swappiness') ?? -1) >= 0)
    throw new BerthError('unsupported', 'cannot set memory swappiness with cgroupv2');
  const weight = args.int('blkio-weight');
  if (weight !== undefined && weight !== 0 && (weight < 10 || weight > 1000))
    throw new BerthError('invalid', `invalid value for blkio-weight: ${weight}: write 10 to 1000`);
  const pids = args.int('pids-limit');
  const asked: { [Key in keyof ResourceLimits]: ResourceLimits[Key] | undefined } = {
    memoryBytes: bytes('memory'),
    memorySwapBytes: bytes('memory-swap'),
    memoryReservationBytes: bytes('memory-reservation'),
    cpus,
    cpuShares: args.int('cpu-shares'),
    cpuQuota: args.int('cpu-quota'),
    cpuPeriod: args.int('cpu-period'),
    cpusetCpus: cpuList('cpuset-cpus', args.string('cpuset-cpus')),
    cpusetMems: cpuList('cpuset-mems', args.string('cpuset-mems')),
    pids: pids === 0 ? -1 : pids,
    blkioWeight: weight,
    ...blockIoLimits(args),
  };
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
}

/** Says in Podman's words which of the limits have no effect: version 2 of control groups has none of the kind. */
export function warnOfRealTime(args: Arguments, warn: (line: string) => void): void {
  for (const part of ['period', 'runtime'])
    if ((args.int(`cpu-rt-${part}`) ?? 0) > 0) warn(`Realtime ${part} not supported on cgroups V2 systems`);
}

/** For a new container, which nothing limits yet: 0 and -1 ask for nothing. */
export function withoutUnlimited(asked: ResourceLimits): ResourceLimits {
  return Object.fromEntries(
    Object.entries(asked).filter(
      ([key, value]) => key === 'memorySwapBytes' || typeof value !== 'number' || value > 0,
    ),
  );
}

/** The limits of each process that were asked for. */
export function processLimits(
  args: Arguments,
): Pick<ContainerConfig, 'ulimits' | 'oomScoreAdj' | 'personality' | 'rdtClass'> {
  const asked = args.strings('ulimit').flatMap(listed);
  const ulimits: UlimitConfig[] | 'host' = asked.includes('host') ? 'host' : asked.map(parseUlimit);
  const personality = args.string('personality') || undefined;
  if (personality !== undefined && personality !== 'LINUX' && personality !== 'LINUX32')
    throw new BerthError('invalid', `unknown persona specified \`${personality}\`: use LINUX or LINUX32`);
  if (args.bool('oom-kill-disable'))
    throw new BerthError('unsupported', 'cannot disable OOM killer with cgroupv2: use --oom-score-adj');
  const rdtClass = args.string('rdt-class') || undefined;
  const oomScoreAdj = args.int('oom-score-adj');
  if (oomScoreAdj !== undefined && Math.abs(oomScoreAdj) > 1000)
    throw new BerthError('invalid', `invalid value for oom-score-adj: ${oomScoreAdj}: write -1000 to 1000`);
  return {
    ...(ulimits.length === 0 ? {} : { ulimits }),
    ...(oomScoreAdj === undefined ? {} : { oomScoreAdj }),
    ...(personality === undefined ? {} : { personality }),
    ...(rdtClass === undefined ? {} : { rdtClass }),
  };
}

export function size(text: string, explain: (why: string) => string): number {
  try {
    return parseSize(text);
  } catch (error) {
    throw new BerthError('invalid', explain(messageOf(error)), { cause: error });
  }
}

function cpuList(flag: string, text: string | undefined): string | undefined {
  if (text === undefined || /^(\d+(-\d+)?(,\d+(-\d+)?)*)?$/.test(text)) return text;
  throw new BerthError(
    'invalid',
    `invalid value for ${flag}: ${JSON.stringify(text)}: write numbers and ranges, like 0-3,7`,
  );
}
