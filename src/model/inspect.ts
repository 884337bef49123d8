/** `inspect`: a container in Podman's form and field names. Pure. */
import type { ContainerConfig } from './config.ts';
import type { HealthCheck, HealthResult, HealthState } from './health.ts';
import { argvOf } from './init.ts';
import { dependenciesOf, namespaceModes } from './namespace.ts';
import type { ContainerRecord } from './records.ts';
import { signalName } from './signal.ts';
import { shortSize } from './size.ts';
import { displayStatus, hasPayload } from './state.ts';

/** What inspect shows beyond the record. */
export interface InspectFacts {
  bundle: string;
  staticDir: string;
  specPath: string;
  mountPoint: string;
  mounted: boolean;
  healthLog: HealthResult[];
  /** systemd's NRestarts. */
  restartCount: number;
  logPath: string;
  imageDigest: string;
  /** Sessions of exec that run. */
  execIds: string[];
  /** Bytes, looked up when asked for: what the container wrote, and that with its image's layers. */
  size?: { rw: number; rootFs: number };
  effectiveCaps: string[];
  boundingCaps: string[];
}

/** The zero time, as Go prints it. */
const NEVER = '0001-01-01T00:00:00Z';

/** The object that `berth inspect` prints for one container. */
export function inspectContainer(record: ContainerRecord, facts: InspectFacts): object {
  const { config, state } = record;
  const [path = '', ...args] = argvOf(config);
  return {
    Id: config.id,
    Created: config.createdAt,
    Path: path,
    Args: args,
    State: inspectState(record, facts),
    Image: config.image?.id ?? '',
    ImageDigest: facts.imageDigest,
    ImageName: config.image?.name ?? '',
    Rootfs: config.rootfs ?? '',
    Pod: '',
    ResolvConfPath: `${facts.bundle}/resolv.conf`,
    HostnamePath: `${facts.bundle}/hostname`,
    HostsPath: `${facts.bundle}/hosts`,
    StaticDir: facts.staticDir,
    OCIConfigPath: facts.specPath,
    OCIRuntime: config.runtime.slice(config.runtime.lastIndexOf('/') + 1),
    ConmonPidFile: config.conmonPidFile ?? `${facts.bundle}/conmon.pid`,
    PidFile: config.pidFile ?? `${facts.bundle}/pidfile`,
    Name: config.name,
    RestartCount: facts.restartCount,
    Driver: config.rootfs === undefined ? 'overlay' : 'rootfs',
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: config.security.apparmor ?? '',
    EffectiveCaps: facts.effectiveCaps,
    BoundingCaps: facts.boundingCaps,
    ExecIDs: facts.execIds,
    GraphDriver: {
      Name: config.rootfs === undefined ? 'overlay' : 'rootfs',
      Data: facts.mounted ? { MergedDir: facts.mountPoint } : {},
    },
    ...(facts.size === undefined ? {} : { SizeRw: facts.size.rw, SizeRootFs: facts.size.rootFs }),
    Mounts: config.mounts
      .filter(({ type }) => type === 'bind')
      .map(({ source, destination, options }) => {
        const { mode, propagation, others } = bindOptions(options);
        return {
          Type: 'bind',
          Source: source,
          Destination: destination,
          Driver: '',
          Mode: '',
          Options: others,
          RW: mode === 'rw',
          Propagation: propagation,
        };
      }),
    Dependencies: dependenciesOf(config).map(({ id }) => id),
    NetworkSettings: { Networks: {}, Ports: {} },
    Namespace: '',
    IsInfra: false,
    IsService: false,
    KubeExitCodePropagation: 'invalid',
    lockNumber: 0,
    /** Berth's own: the unit that runs it. */
    Unit: config.unit,
    Config: inspectConfig(record),
    HostConfig: inspectHostConfig(record, facts),
    StartNumber: state.startNumber,
  };
}

/** Health as Podman shows it, and writes it into a file. */
export function healthLogObject(health: HealthState | undefined, log: readonly HealthResult[]): object {
  return {
    Status: health?.status ?? '',
    FailingStreak: health?.failingStreak ?? 0,
    Log: log.map(healthLogEntry),
  };
}

/** One result, in the same form. */
export function healthLogEntry({ start, end, exitCode, output }: HealthResult): object {
  return { Start: start, End: end, ExitCode: exitCode, Output: output };
}

function inspectState({ config, state, health }: ContainerRecord, facts: InspectFacts): object {
  const status = displayStatus(state.status);
  return {
    OciVersion: '1.0.2',
    Status: status,
    Running: state.status === 'running',
    Paused: state.status === 'paused',
    Restarting: false,
    OOMKilled: state.oomKilled,
    Dead: false,
    Pid: state.payload?.pid ?? 0,
    ...(hasPayload(state.status) ? { ConmonPid: state.conmon?.pid ?? 0 } : {}),
    ExitCode: state.exitCode,
    Error: state.error,
    StartedAt: state.startedAt ?? NEVER,
    FinishedAt: state.finishedAt ?? NEVER,
    ...(config.health === undefined
      ? {}
      : {
          Health: healthLogObject(health, facts.healthLog),
        }),
    CgroupPath: state.cgroup === undefined ? '' : `${state.cgroup}/container`,
    CheckpointedAt: NEVER,
    RestoredAt: NEVER,
    StoppedByUser: state.stopRequested && state.stoppedAtShutdown !== true,
  };
}

function inspectConfig({ config }: ContainerRecord): object {
  const { health } = config;
  return {
    Hostname: config.hostname,
    Domainname: '',
    User: config.user,
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    Tty: config.terminal,
    OpenStdin: config.interactive,
    StdinOnce: false,
    Env: config.env,
    Cmd: config.command,
    Image: config.image?.name ?? '',
    Volumes: null,
    WorkingDir: config.workdir,
    Entrypoint: config.entrypoint,
    OnBuild: null,
    Labels: config.labels,
    Annotations: config.annotations,
    StopSignal: signalName(config.stopSignal),
    ...(config.systemd === true ? { SystemdMode: true } : {}),
    ...(health === undefined
      ? {}
      : {
          ...(health.startup === undefined
            ? {}
            : {
                StartupHealthCheck: {
                  ...inspectCheck(health.startup),
                  ...ifNotZero('Retries', health.startup.retries),
                  ...ifNotZero('Successes', health.startup.successes),
                },
              }),
          Healthcheck: {
            Test: health.testAsGiven,
            StartPeriod: nanoseconds(health.startPeriodMs),
            Interval: nanoseconds(health.intervalMs),
            Timeout: nanoseconds(health.timeoutMs),
            Retries: health.retries,
          },
        }),
    HealthLogDestination: health?.logDestination ?? 'local',
    HealthcheckOnFailureAction: health?.onFailure ?? 'none',
    HealthcheckMaxLogCount: health?.maxLogCount ?? 5,
    HealthcheckMaxLogSize: health?.maxLogSize ?? 500,
    CreateCommand: config.createCommand,
    ...(config.timezone === undefined ? {} : { Timezone: config.timezone }),
    Umask: config.umask.toString(8).padStart(4, '0'),
    Timeout: config.timeoutSeconds ?? 0,
    StopTimeout: config.stopTimeoutSeconds,
    Passwd: true,
    sdNotifyMode: 'conmon',
  };
}

function inspectHostConfig({ config }: ContainerRecord, facts: InspectFacts): object {
  const { limits, restart, security } = config;
  const modes = namespaceModes(config);
  return {
    Binds: config.mounts
      .filter(({ type }) => type === 'bind')
      .map(({ source, destination, options }) => {
        const { mode, propagation, others } = bindOptions(options);
        return [source, destination, [mode, propagation, ...others, 'rbind'].join(',')].join(':');
      }),
    CgroupManager: 'cgroupfs',
    Cgroups: 'default',
    CgroupParent: config.cgroupParent ?? '',
    CgroupConf: config.cgroupConf ?? null,
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
    PortBindings: {},
    RestartPolicy: { Name: restart.name, MaximumRetryCount: restart.maximumRetryCount },
    AutoRemove: config.autoRemove,
    CapAdd: security.capAdd,
    CapDrop: security.capDrop,
    Dns: (config.dns ?? []).filter((server) => server !== 'none'),
    DnsOptions: config.dnsOptions ?? [],
    DnsSearch: config.dnsSearch ?? [],
    ExtraHosts: config.addHosts ?? [],
    HostsFile: config.hostsFile ?? '',
    GroupAdd: config.groupAdd ?? [],
    IpcMode: modes.ipc,
    Privileged: security.privileged === true,
    PidMode: modes.pid,
    ReadonlyRootfs: config.readOnly,
    SecurityOpt: security.noNewPrivileges ? ['no-new-privileges'] : [],
    Tmpfs: Object.fromEntries(
      config.mounts
        .filter(({ type }) => type === 'tmpfs')
        .map(({ destination, options }) => [destination, options.join(',')]),
    ),
    UTSMode: modes.uts,
    ShmSize: config.shmSizeBytes,
    Runtime: 'oci',
    ...(config.init === undefined ? {} : { Init: true }),
    OomScoreAdj: config.oomScoreAdj ?? 0,
    BlkioWeight: limits.blkioWeight ?? 0,
    CpuShares: limits.cpuShares ?? 0,
    CpusetCpus: limits.cpusetCpus ?? '',
    CpusetMems: limits.cpusetMems ?? '',
    Memory: limits.memoryBytes ?? 0,
    MemoryReservation: limits.memoryReservationBytes ?? 0,
    MemorySwap: limits.memorySwapBytes ?? 2 * (limits.memoryBytes ?? 0),
    NanoCpus: nanoCpus(limits),
    CpuPeriod: limits.cpuPeriod ?? (limits.cpus === undefined ? 0 : 100_000),
    CpuQuota: limits.cpuQuota ?? Math.round((limits.cpus ?? 0) * 100_000),
    PidsLimit: limits.pids ?? 0,
    Devices: (config.devices ?? []).map(({ source, destination = source, access }) => ({
      PathOnHost: source,
      PathInContainer: destination,
      CgroupPermissions: access,
    })),
    Ulimits: (config.ulimits ?? []).map(({ name, soft, hard }) => ({
      Name: `RLIMIT_${name.toUpperCase()}`,
      Soft: soft,
      Hard: hard,
    })),
  };
}

/** Podman computes it back from quota and period. */
function nanoCpus({ cpus = 0, cpuQuota = 0, cpuPeriod = 0 }: ContainerConfig['limits']): number {
  return Math.round(cpuQuota > 0 && cpuPeriod > 0 ? (cpuQuota / cpuPeriod) * 1e9 : cpus * 1e9);
}

/** Options of a bind mount by what they say; the last word on each counts, as for the mount itself. */
function bindOptions(options: string[]): { mode: string; propagation: string; others: string[] } {
  const isPropagation = (option: string): boolean => /^r?(private|shared|slave|unbindable)$/.test(option);
  const isMode = (option: string): boolean => option === 'ro' || option === 'rw';
  return {
    mode: options.findLast(isMode) ?? 'rw',
    propagation: options.findLast(isPropagation) ?? 'rprivate',
    others: options.filter((option) => !isPropagation(option) && !isMode(option) && !/^r?bind$/.test(option)),
  };
}

function inspectCheck({ testAsGiven, intervalMs, timeoutMs }: HealthCheck): object {
  return { Test: testAsGiven, Interval: nanoseconds(intervalMs), Timeout: nanoseconds(timeoutMs) };
}

/** Go's omitempty. */
function ifNotZero(key: string, value: number): object {
  return value === 0 ? {} : { [key]: value };
}

function nanoseconds(ms: number): number {
  return Math.round(ms * 1e6);
}
