/** `inspect`: a container in Podman's form and field names. Pure. */
import type { MountConfig } from '../config.ts';
import type { HealthResult, HealthState } from '../health/health.ts';
import { argvOf } from '../init.ts';
import { dependenciesOf } from '../namespace.ts';
import type { ContainerRecord } from '../records.ts';
import { displayStatus, hasPayload } from '../state.ts';
import { LOCAL_DRIVER } from '../volume/volume.ts';
import { inspectConfig } from './config.ts';
import { bindOptions, inspectHostConfig, volumesFirst } from './host-config.ts';
import { type NetworkFacts, networkSettings } from './network-settings.ts';

/** What inspect shows beyond the record. */
export interface InspectFacts {
  bundle: string;
  staticDir: string;
  /** Host paths of what is there: the spec, and what is mounted at /etc/hosts and its like. */
  files: { spec?: string; hosts?: string; hostname?: string; resolvConf?: string };
  /** Absent with --rootfs. */
  overlay?: { lower: string[]; upper: string; work: string };
  /** Absent while it is not mounted. */
  mountPoint?: string;
  healthLog: HealthResult[];
  /** systemd's NRestarts. */
  restartCount: number;
  logPath: string;
  imageDigest: string;
  /** Sessions of exec that run. */
  execIds: string[];
  /** Bytes, looked up when asked for: what the container wrote, and that with its image's layers. */
  size?: { rw: number; rootFs: number };
  network: NetworkFacts;
  /** All mounts that were asked for, with the options that they have or would have. */
  mounts: ShownMount[];
  /** Of the process that runs, or would. */
  env: string[];
  effectiveCaps: string[];
  boundingCaps: string[];
  /** What the bounding set has beyond the default one, and lacks of it. */
  capAdd: string[];
  capDrop: string[];
}

/** With the host path of a volume's data. */
export type ShownMount = MountConfig & { volumePath?: string };

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
    ResolvConfPath: facts.files.resolvConf ?? '',
    HostnamePath: facts.files.hostname ?? '',
    HostsPath: facts.files.hosts ?? '',
    StaticDir: facts.staticDir,
    ...(facts.files.spec === undefined ? {} : { OCIConfigPath: facts.files.spec }),
    OCIRuntime: config.runtime.slice(config.runtime.lastIndexOf('/') + 1),
    ConmonPidFile: config.conmonPidFile ?? `${facts.bundle}/conmon.pid`,
    PidFile: config.pidFile ?? `${facts.bundle}/pidfile`,
    Name: config.name,
    RestartCount: facts.restartCount,
    Driver: config.rootfs === undefined ? 'overlay' : 'rootfs',
    MountLabel: config.selinux?.mount ?? '',
    ProcessLabel: config.selinux?.process ?? '',
    AppArmorProfile: config.security.apparmor ?? '',
    EffectiveCaps: orNull(facts.effectiveCaps),
    BoundingCaps: orNull(facts.boundingCaps),
    ExecIDs: facts.execIds,
    GraphDriver: graphDriver(facts),
    ...(facts.size === undefined ? {} : { SizeRw: facts.size.rw, SizeRootFs: facts.size.rootFs }),
    Mounts: volumesFirst(facts.mounts).map(inspectMount),
    Dependencies: dependenciesOf(config).map(({ id }) => id),
    NetworkSettings: networkSettings(facts.network),
    Namespace: '',
    IsInfra: false,
    IsService: false,
    KubeExitCodePropagation: 'invalid',
    lockNumber: 0,
    /** Berth's own: the unit that runs it. */
    Unit: config.unit,
    Config: inspectConfig(config, facts),
    HostConfig: inspectHostConfig(config, facts),
    UseImageHosts: config.noHosts === true,
    UseImageHostname: config.noHostname === true,
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
    ...(hasPayload(state.status) && state.cgroup !== undefined
      ? { CgroupPath: `${state.cgroup}/container` }
      : {}),
    CheckpointedAt: NEVER,
    RestoredAt: NEVER,
    StoppedByUser: state.stopRequested && state.stoppedAtShutdown !== true,
  };
}

function graphDriver({ overlay, mountPoint }: InspectFacts): object {
  const mounted = mountPoint === undefined ? {} : { MergedDir: mountPoint };
  if (overlay === undefined) return { Name: 'rootfs', Data: mounted };
  const { lower, upper, work } = overlay;
  return {
    Name: 'overlay',
    Data: { LowerDir: lower.join(':'), ...mounted, UpperDir: upper, WorkDir: work },
  };
}

function inspectMount(shown: ShownMount): object {
  const { type, source, destination, options, volume, volumePath, image, subpath } = shown;
  const { mode, relabel, propagation, others } = bindOptions(options);
  const part = subpath === undefined ? {} : { SubPath: subpath };
  switch (type) {
    case 'image':
      return {
        Type: type,
        Source: image?.name ?? '',
        Destination: destination,
        Driver: '',
        Mode: '',
        Options: null,
        RW: options.includes('rw'),
        Propagation: '',
        ...part,
      };
    case 'devpts':
    case 'ramfs':
      return {
        Type: 'bind',
        Source: type,
        Destination: destination,
        Driver: '',
        Mode: relabel,
        Options: type === 'ramfs' ? others : options,
        RW: mode !== 'ro',
        Propagation: options.includes(propagation) ? propagation : '',
      };
    default:
      return {
        Type: type,
        ...(volume === undefined ? {} : { Name: volume }),
        Source: volumePath ?? source,
        Destination: destination,
        Driver: volume === undefined ? '' : LOCAL_DRIVER,
        Mode: relabel,
        Options: others,
        RW: mode === 'rw',
        Propagation: propagation,
        ...part,
      };
  }
}

/** An empty list or map is null to Go's encoder where nothing made it. */
function orNull<T>(list: T[]): T[] | null {
  return list.length === 0 ? null : list;
}
