/**
 * Resource limits: cgroup (linux.resources) and rlimits.
 */
import type { ContainerConfig, DeviceLimit, ResourceLimits, UlimitConfig } from '../model/config.ts';
import type { DeviceRule } from '../model/device.ts';
import { BerthError } from '../model/errors.ts';
import { ULIMITS } from '../model/ulimit.ts';
import type { BlockIo, Resources, Rlimit, Throttle } from './types.ts';

/** Soft and hard limit; `Infinity` = unlimited. */
export interface LimitPair {
  soft: number;
  hard: number;
}

/** By the path that a limit names. */
export type DeviceNumbers = Readonly<Record<string, { major: number; minor: number }>>;

/** Podman's default for open files and processes; Linux's own ceiling for the former (fs.nr_open). */
const DEFAULT_LIMIT = 1_048_576;
/** Podman's, and Docker's: what `--cpus` counts in. */
const CPU_PERIOD_USEC = 100_000;
/**
 * The cgroup limits that were asked for, and only those: a runtime asked for a limit whose controller is missing
 * fails. As in Podman, a memory limit alone allows as much swap again (`swap` counts memory and swap together).
 * @param controllers those of the container's cgroup (cgroup.controllers).
 * @param devices numbers of the devices that have limits, by path.
 * @throws BerthError `unsupported` when a limit's controller is missing.
 */
export function cgroupResources(
  limits: ResourceLimits,
  deviceRules: DeviceRule[],
  controllers: readonly string[],
  devices: DeviceNumbers = {},
): Resources {
  const resources: Resources = { devices: deviceRules };
  const memory = memoryOf(limits);
  const cpu = cpuOf(limits);
  const blockIO = blockIoOf(limits, devices);
  const { pids = 0 } = limits;
  for (const [option, controller] of askedFor(limits)) requireController(controller, option, controllers);
  if (Object.keys(memory).length > 0) resources.memory = memory;
  if (Object.keys(cpu).length > 0) resources.cpu = cpu;
  if (pids > 0) resources.pids = { limit: pids };
  if (Object.keys(blockIO).length > 0) resources.blockIO = blockIO;
  return resources;
}

/**
 * Files of the control group (`--cgroup-conf`).
 * @throws BerthError `invalid` for what is no file of a controller, `unsupported` when the controller is missing.
 */
export function unifiedResources(
  { cgroupConf }: Pick<ContainerConfig, 'cgroupConf'>,
  controllers: readonly string[],
): Pick<Resources, 'unified'> {
  if (cgroupConf === undefined) return {};
  for (const file of Object.keys(cgroupConf)) {
    const [, controller] = /^([a-z]+)\.[a-z0-9._]+$/.exec(file) ?? [];
    if (controller === undefined)
      throw new BerthError('invalid', `the specified key has not the form CONTROLLER.VALUE \`${file}\``);
    if (controller !== 'cgroup') requireController(controller, `--cgroup-conf ${file}`, controllers);
  }
  return { unified: cgroupConf };
}

/** The same for a container that runs: what is no longer limited has to be said. */
export function changedResources(
  limits: ResourceLimits,
  before: ResourceLimits,
  controllers: readonly string[],
  devices: DeviceNumbers = {},
): Omit<Resources, 'devices'> {
  const { devices: _, ...resources } = cgroupResources(limits, [], controllers, devices);
  if ((before.pids ?? 0) > 0 && (limits.pids ?? 0) <= 0) resources.pids = { limit: -1 };
  if ((before.cpus ?? before.cpuQuota ?? 0) > 0 && resources.cpu?.quota === undefined)
    resources.cpu = { ...resources.cpu, quota: -1 };
  if ((before.memoryBytes ?? 0) > 0 && resources.memory?.limit === undefined)
    resources.memory = { ...resources.memory, limit: -1, swap: -1 };
  return resources;
}

/** Which limit needs which controller: the option's name, for the one who asked. */
const CONTROLLERS: Record<keyof ResourceLimits, [option: string, controller: string]> = {
  memoryBytes: ['--memory', 'memory'],
  memorySwapBytes: ['--memory-swap', 'memory'],
  memoryReservationBytes: ['--memory-reservation', 'memory'],
  cpus: ['--cpus', 'cpu'],
  cpuShares: ['--cpu-shares', 'cpu'],
  cpuQuota: ['--cpu-quota', 'cpu'],
  cpuPeriod: ['--cpu-period', 'cpu'],
  cpusetCpus: ['--cpuset-cpus', 'cpuset'],
  cpusetMems: ['--cpuset-mems', 'cpuset'],
  pids: ['--pids-limit', 'pids'],
  blkioWeight: ['--blkio-weight', 'io'],
  deviceReadBps: ['--device-read-bps', 'io'],
  deviceWriteBps: ['--device-write-bps', 'io'],
  deviceReadIops: ['--device-read-iops', 'io'],
  deviceWriteIops: ['--device-write-iops', 'io'],
  deviceWeights: ['--blkio-weight-device', 'io'],
};

function askedFor(limits: ResourceLimits): [option: string, controller: string][] {
  return (Object.keys(CONTROLLERS) as (keyof ResourceLimits)[])
    .filter((key) => {
      const value = limits[key] ?? 0;
      if (typeof value === 'string') return value !== '';
      if (typeof value === 'object') return value.length > 0;
      return key === 'memorySwapBytes' ? value !== 0 : value > 0;
    })
    .map((key) => CONTROLLERS[key]);
}

function blockIoOf(limits: ResourceLimits, devices: DeviceNumbers): BlockIo {
  const throttles = (asked: DeviceLimit[] = []): Throttle[] =>
    asked.flatMap(({ device, value }) => withNumbers(devices, device, { rate: value }));
  const lists = {
    weightDevice: (limits.deviceWeights ?? []).flatMap(({ device, value }) =>
      withNumbers(devices, device, { weight: value }),
    ),
    throttleReadBpsDevice: throttles(limits.deviceReadBps),
    throttleWriteBpsDevice: throttles(limits.deviceWriteBps),
    throttleReadIOPSDevice: throttles(limits.deviceReadIops),
    throttleWriteIOPSDevice: throttles(limits.deviceWriteIops),
  };
  const { blkioWeight = 0 } = limits;
  return {
    ...(blkioWeight > 0 ? { weight: blkioWeight } : {}),
    ...Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0)),
  };
}

function withNumbers<T>(devices: DeviceNumbers, device: string, limit: T) {
  const numbers = devices[device];
  return numbers === undefined ? [] : [{ ...numbers, ...limit }];
}

function memoryOf({ memoryBytes = 0, memorySwapBytes = 0, memoryReservationBytes = 0 }: ResourceLimits) {
  const swap = memorySwapBytes === 0 ? 2 * memoryBytes : memorySwapBytes;
  return {
    ...(memoryBytes > 0 ? { limit: memoryBytes } : {}),
    ...(swap === 0 ? {} : { swap }),
    ...(memoryReservationBytes > 0 ? { reservation: memoryReservationBytes } : {}),
  };
}

function cpuOf({
  cpus = 0,
  cpuShares = 0,
  cpuQuota = 0,
  cpuPeriod = 0,
  cpusetCpus,
  cpusetMems,
}: ResourceLimits) {
  return {
    ...(cpuShares > 0 ? { shares: cpuShares } : {}),
    ...(cpus > 0 ? { quota: Math.round(cpus * CPU_PERIOD_USEC), period: CPU_PERIOD_USEC } : {}),
    ...(cpuQuota > 0 ? { quota: cpuQuota } : {}),
    ...(cpuPeriod > 0 ? { period: cpuPeriod } : {}),
    ...(cpusetCpus ? { cpus: cpusetCpus } : {}),
    ...(cpusetMems ? { mems: cpusetMems } : {}),
  };
}

/**
 * The rlimits of a container's processes: what was asked for, and Podman's defaults for open files and processes.
 * A default is never above what this process may set: only CAP_SYS_RESOURCE may raise a hard limit. What was asked for
 * is never lowered: the runtime says so if it cannot be had.
 * @throws BerthError `usage` for an unknown name, or soft above hard.
 */
export function rlimits(
  config: ContainerConfig,
  host: { rlimits: { nofile: LimitPair; nproc: LimitPair }; capabilities: readonly string[] },
): Rlimit[] {
  if (config.ulimits === 'host') return [];
  const mayRaise = host.capabilities.includes('CAP_SYS_RESOURCE');
  const byDefault = (type: string, { hard }: LimitPair): Rlimit => {
    const limit = mayRaise ? DEFAULT_LIMIT : Math.min(DEFAULT_LIMIT, hard);
    return { type, soft: limit, hard: limit };
  };
  const limits = [
    byDefault('RLIMIT_NOFILE', host.rlimits.nofile),
    byDefault('RLIMIT_NPROC', host.rlimits.nproc),
    ...(config.ulimits ?? []).map(askedLimit),
  ];
  return [...new Map(limits.map((limit) => [limit.type, limit])).values()];
}

function askedLimit({ name, soft, hard }: UlimitConfig): Rlimit {
  const type = name.toLowerCase();
  if (!ULIMITS.includes(type)) {
    throw new BerthError('usage', `invalid ulimit type: ${name}`);
  }
  const limit = {
    type: `RLIMIT_${type.toUpperCase()}`,
    soft: unlimitedBelowZero(soft),
    hard: unlimitedBelowZero(hard),
  };
  if (limit.soft > limit.hard) {
    throw new BerthError(
      'usage',
      `ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`,
    );
  }
  return limit;
}

function unlimitedBelowZero(value: number): number {
  return value < 0 ? Number.POSITIVE_INFINITY : value;
}

function requireController(name: string, option: string, controllers: readonly string[]): void {
  if (!controllers.includes(name)) {
    throw new BerthError(
      'unsupported',
      `${option} cannot be enforced: the container's cgroup has no ${name} controller; leave the option out or enable the controller`,
    );
  }
}
