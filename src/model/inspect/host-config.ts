/** `inspect`: what a container is to the host, `HostConfig`. Pure. */
import type { ContainerConfig, DeviceLimit, MountConfig } from '../config.ts';
import { mapOrNull, sortedMap } from '../go-map.ts';
import { namespaceModes } from '../namespace.ts';
import { inspectPorts } from '../network/port-display.ts';
import { shortSize } from '../size.ts';
import { rangeText } from '../user-namespace/id-map.ts';

export interface HostConfigFacts {
  logPath: string;
  /** See InspectFacts. */
  mounts: MountConfig[];
  capAdd: string[];
  capDrop: string[];
}

/** The part `HostConfig`, with Podman's fields in its order; what Berth does not have yet is as where it was not asked for. */
export function inspectHostConfig(config: ContainerConfig, facts: HostConfigFacts): object {
  const { limits, restart, security } = config;
  const modes = namespaceModes(config);
  return {
    Binds: volumesFirst(facts.mounts)
      .filter(({ type }) => type !== 'image')
      .map(bindOf),
    CgroupManager: 'cgroupfs',
    CgroupMode: modes.cgroup,
    ContainerIDFile: config.cidFile ?? '',
    LogConfig: {
      Type: config.logDriver,
      Config: null,
      Path: facts.logPath,
      Tag: config.logOptions?.tag ?? '',
      Size: shortSize(config.logOptions?.maxSizeBytes ?? 0, 4),
    },
    NetworkMode: config.network,
    PortBindings: inspectPorts(config.ports),
    RestartPolicy: { Name: restart.name, MaximumRetryCount: restart.maximumRetryCount },
    AutoRemove: config.autoRemove,
    AutoRemoveImage: config.autoRemoveImage === true,
    Annotations: mapOrNull(config.annotations),
    VolumeDriver: '',
    VolumesFrom: config.volumesFrom ?? null,
    CapAdd: facts.capAdd,
    CapDrop: facts.capDrop,
    Dns: (config.dns ?? []).filter((server) => server !== 'none'),
    DnsOptions: config.dnsOptions ?? [],
    DnsSearch: config.dnsSearch ?? [],
    ExtraHosts: config.addHosts ?? [],
    HostsFile: config.hostsFile ?? '',
    GroupAdd: config.groupAdd ?? [],
    IpcMode: modes.ipc,
    Cgroup: '',
    Cgroups: 'default',
    Links: null,
    OomScoreAdj: config.oomScoreAdj ?? 0,
    PidMode: modes.pid,
    Privileged: security.privileged === true,
    PublishAllPorts: config.publishAllPorts === true,
    ReadonlyRootfs: config.readOnly,
    SecurityOpt: securityOptions(config),
    Tmpfs: sortedMap(
      facts.mounts
        .filter(({ type }) => type === 'tmpfs')
        .map(({ destination, options }) => [destination, options.join(',')]),
    ),
    UTSMode: modes.uts,
    UsernsMode: modes.user === 'auto' || modes.user === 'host' ? '' : modes.user,
    ...(config.idMappings === undefined
      ? {}
      : {
          IDMappings: {
            UidMap: config.idMappings.uids.map(rangeText),
            GidMap: config.idMappings.gids.map(rangeText),
          },
        }),
    ShmSize: config.shmSizeBytes,
    Runtime: 'oci',
    ConsoleSize: [0, 0],
    Isolation: '',
    CpuShares: limits.cpuShares ?? 0,
    Memory: limits.memoryBytes ?? 0,
    NanoCpus: nanoCpus(limits),
    CgroupParent: config.cgroupParent ?? '',
    BlkioWeight: limits.blkioWeight ?? 0,
    BlkioWeightDevice:
      limits.deviceWeights?.map(({ device, value }) => ({ Path: device, Weight: value })) ?? null,
    BlkioDeviceReadBps: throttles(limits.deviceReadBps),
    BlkioDeviceWriteBps: throttles(limits.deviceWriteBps),
    BlkioDeviceReadIOps: throttles(limits.deviceReadIops),
    BlkioDeviceWriteIOps: throttles(limits.deviceWriteIops),
    CpuPeriod: limits.cpuPeriod ?? (limits.cpus === undefined ? 0 : 100_000),
    CpuQuota: limits.cpuQuota ?? Math.round((limits.cpus ?? 0) * 100_000),
    CpuRealtimePeriod: 0,
    CpuRealtimeRuntime: 0,
    CpusetCpus: limits.cpusetCpus ?? '',
    CpusetMems: limits.cpusetMems ?? '',
    Devices: (config.devices ?? []).map(({ source, destination = source, access }) => ({
      PathOnHost: source,
      PathInContainer: destination,
      CgroupPermissions: access,
    })),
    DiskQuota: 0,
    KernelMemory: 0,
    MemoryReservation: limits.memoryReservationBytes ?? 0,
    MemorySwap: limits.memorySwapBytes ?? 2 * (limits.memoryBytes ?? 0),
    MemorySwappiness: 0,
    OomKillDisable: false,
    ...(config.init === undefined ? {} : { Init: true }),
    PidsLimit: limits.pids ?? 0,
    Ulimits: (config.ulimits === 'host' ? [] : (config.ulimits ?? [])).map(({ name, soft, hard }) => ({
      Name: `RLIMIT_${name.toUpperCase()}`,
      Soft: soft,
      Hard: hard,
    })),
    CpuCount: 0,
    CpuPercent: 0,
    IOMaximumIOps: 0,
    IOMaximumBandwidth: 0,
    CgroupConf: config.cgroupConf ?? null,
    ...(config.rdtClass === undefined ? {} : { IntelRdtClosID: config.rdtClass }),
  };
}

/** Options of a bind mount, complete as they are, by what they say. */
export function bindOptions(options: readonly string[]): {
  mode: string;
  /** `z`, `Z` or nothing. */
  relabel: string;
  propagation: string;
  others: string[];
} {
  const isPropagation = (option: string): boolean => /^r?(private|shared|slave|unbindable)$/.test(option);
  const isMode = (option: string): boolean => option === 'ro' || option === 'rw';
  const isRelabel = (option: string): boolean => option === 'z' || option === 'Z';
  return {
    mode: options.findLast(isMode) ?? 'rw',
    relabel: options.findLast(isRelabel) ?? '',
    propagation: options.findLast(isPropagation) ?? 'rprivate',
    others: options.filter((option) => !isPropagation(option) && !isMode(option) && !isRelabel(option)),
  };
}

function bindOf({ type, source, volume, destination, options }: MountConfig): string {
  const words = options.length === 0 ? [] : [options.join(',')];
  return [volume ?? source ?? type, destination, ...words].join(':');
}

/** As Podman keeps them: volumes, images, then what else the runtime is given; a tmpfs is told apart. */
export function volumesFirst<T extends MountConfig>(mounts: readonly T[]): T[] {
  const of = (...types: MountConfig['type'][]): T[] => mounts.filter(({ type }) => types.includes(type));
  return [...of('volume'), ...of('image'), ...of('bind', 'devpts', 'ramfs')];
}

/** In Podman's order: what was asked for, but for what masks and unmasks single paths. */
function securityOptions({ security }: ContainerConfig): string[] {
  const { noNewPrivileges, label, seccomp, apparmor, unmask, privileged } = security;
  return [
    ...(noNewPrivileges ? ['no-new-privileges'] : []),
    ...(label.length > 0 ? [`label=${label.join(',label=')}`] : []),
    ...(seccomp === 'default' ? [] : [`seccomp=${seccomp === 'unconfined' ? seccomp : seccomp.path}`]),
    ...(apparmor === undefined ? [] : [`apparmor=${apparmor}`]),
    ...(unmask === 'ALL' || privileged === true ? ['unmask=all'] : []),
  ];
}

function throttles(limits: DeviceLimit[] | undefined): object[] | null {
  return limits?.map(({ device, value }) => ({ Path: device, Rate: value })) ?? null;
}

/** Podman computes it back from quota and period. */
function nanoCpus({ cpus = 0, cpuQuota = 0, cpuPeriod = 0 }: ContainerConfig['limits']): number {
  return Math.round(cpuQuota > 0 && cpuPeriod > 0 ? (cpuQuota / cpuPeriod) * 1e9 : cpus * 1e9);
}
