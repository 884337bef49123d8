/** What `info` tells: Podman's tree as far as it means something here, and what Berth has of its own. Pure. */
import { LOG_DRIVERS } from './config.ts';
import { NETWORK_DRIVERS } from './network/network.ts';
import type { ContainerStatus } from './state.ts';
import { LOCAL_DRIVER } from './volume/volume.ts';

/**
 * Fields of `podman info` that are absent, by path, and why. What a template asks of them is their type's zero, as of
 * any empty field. A test compares with Podman: an entry that is none any more fails it.
 */
export const ABSENT: Readonly<Record<string, string>> = {
  'host.buildahVersion': 'nothing is built',
  'host.freeLocks': 'locks are files, as many as there are containers',
  'host.linkmode': 'how a Go program is linked',
  'host.pasta': 'for users’ own containers; Berth is for root',
  'host.remoteSocket': 'there is no service to connect to',
  'host.rootlessNetworkCmd': 'for users’ own containers; Berth is for root',
  'host.slirp4netns': 'for users’ own containers; Berth is for root',
  registries: 'registries.conf(5) has them; it is read when something is pulled',
  'store.configFile': 'there is no storage.conf: the storage has no options',
  'store.graphStatus.Native Overlay Diff': 'a choice of Podman’s overlay driver',
  'store.graphStatus.Supports d_type': 'a choice of Podman’s overlay driver',
  'store.graphStatus.Supports shifting': 'a choice of Podman’s overlay driver',
  'store.graphStatus.Supports volatile': 'a choice of Podman’s overlay driver',
  'store.graphStatus.Using metacopy': 'a choice of Podman’s overlay driver',
  'version.APIVersion': 'there is no API',
  'version.BuildOrigin': 'not kept in a build, so that two of one source are the same',
  'version.Built': 'not kept in a build, so that two of one source are the same',
  'version.BuiltTime': 'not kept in a build, so that two of one source are the same',
  'version.GitCommit': 'not kept in a build, so that two of one source are the same',
  'version.GoVersion': 'Berth runs on Bun: version.Bun',
};

/** Fields that Podman has not, by path. */
export const OWN = [
  'host.systemd', // its version, or why it cannot be asked; where the unit files are
  'store.containerStore.broken', // records that cannot be read, not counted elsewhere
  'version.Bun',
] as const;

/** A program that Berth runs. */
export interface ProgramReport {
  path: string;
  /** The distribution's package, NAME_VERSION_ARCHITECTURE. */
  package: string;
  /** What `--version` prints. */
  version: string;
}

/** What the host says of itself; files as the kernel and the distribution wrote them. */
export interface HostReport {
  arch: string;
  os: string;
  hostname: string;
  kernel: string;
  cpus: number;
  cgroupVersion: 'v1' | 'v2';
  cgroupControllers: string[];
  /** /proc/stat, /proc/meminfo and /proc/uptime: proc(5). */
  stat: string;
  meminfo: string;
  uptime: string;
  /** os-release(5). */
  osRelease: string;
  security: {
    apparmorEnabled: boolean;
    seccompEnabled: boolean;
    seccompProfilePath: string;
    selinuxEnabled: boolean;
  };
  capabilities: readonly string[];
  conmon: ProgramReport | undefined;
  runtime: ProgramReport | undefined;
  netavark: ProgramReport | undefined;
  aardvark: ProgramReport | undefined;
  /** The file system of the state directory; bytes. */
  disk: { type: string; allocated: number; used: number };
  /** Where images are unpacked. */
  staging: string;
}

export interface InfoFacts {
  host: HostReport;
  /** The number of its version, or why it cannot be asked. */
  systemd: number | Error;
  settings: { stateDir: string; runDir: string; unitDir: string };
  statuses: readonly ContainerStatus[];
  broken: number;
  images: number;
  version: VersionReport;
}

export interface VersionReport {
  Version: string;
  Bun: string;
  OsArch: string;
  Os: string;
}

export type InfoReport = ReturnType<typeof infoReport>;

/** The tree, in Podman's order of fields. */
export function infoReport({ host, systemd, settings, ...facts }: InfoFacts) {
  const memory = (key: string): number => memoryBytes(host.meminfo, key);
  const distribution = osRelease(host.osRelease);
  return {
    host: {
      arch: host.arch,
      cgroupManager: 'systemd',
      cgroupVersion: host.cgroupVersion,
      cgroupControllers: host.cgroupControllers,
      conmon: host.conmon && { ...host.conmon, version: host.conmon.version.replaceAll('\n', ', ') },
      cpus: host.cpus,
      cpuUtilization: cpuUtilization(host.stat),
      databaseBackend: 'sqlite',
      distribution: {
        distribution: distribution.ID ?? 'unknown',
        ...(distribution.VARIANT_ID === undefined ? {} : { variant: distribution.VARIANT_ID }),
        version: distribution.VERSION_ID ?? 'unknown',
        ...(distribution.VERSION_CODENAME === undefined ? {} : { codename: distribution.VERSION_CODENAME }),
      },
      eventLogger: 'sqlite',
      hostname: host.hostname,
      idMappings: { gidmap: null, uidmap: null },
      kernel: host.kernel,
      logDriver: LOG_DRIVERS[0],
      memFree: memory('MemFree'),
      memTotal: memory('MemTotal'),
      networkBackend: 'netavark',
      networkBackendInfo: {
        backend: 'netavark',
        ...(host.netavark && programFields(host.netavark)),
        dns: host.aardvark === undefined ? {} : programFields(host.aardvark),
      },
      ociRuntime: host.runtime && { name: programName(host.runtime.path), ...host.runtime },
      os: host.os,
      serviceIsRemote: false,
      security: {
        apparmorEnabled: host.security.apparmorEnabled,
        capabilities: host.capabilities.join(','),
        rootless: false,
        seccompEnabled: host.security.seccompEnabled,
        seccompProfilePath: host.security.seccompProfilePath,
        selinuxEnabled: host.security.selinuxEnabled,
      },
      swapFree: memory('SwapFree'),
      swapTotal: memory('SwapTotal'),
      systemd: {
        ...(systemd instanceof Error ? { error: systemd.message } : { version: systemd }),
        unitDir: settings.unitDir,
      },
      uptime: uptimeText(host.uptime),
      variant: '',
    },
    store: {
      containerStore: {
        number: facts.statuses.length,
        ...countStatuses(facts.statuses),
        broken: facts.broken,
      },
      graphDriverName: 'overlay',
      graphOptions: {},
      graphRoot: settings.stateDir,
      graphRootAllocated: host.disk.allocated,
      graphRootUsed: host.disk.used,
      graphStatus: { 'Backing Filesystem': host.disk.type },
      imageCopyTmpDir: host.staging,
      imageStore: { number: facts.images },
      runRoot: settings.runDir,
      transientStore: false,
      volumePath: `${settings.stateDir}/volumes`,
    },
    plugins: { volume: [LOCAL_DRIVER], network: NETWORK_DRIVERS, log: LOG_DRIVERS, authorization: null },
    version: facts.version,
  };
}

/** `stopped` is whatever neither runs nor is paused, as Podman counts. */
function countStatuses(
  statuses: readonly ContainerStatus[],
): Record<'paused' | 'running' | 'stopped', number> {
  const paused = statuses.filter((status) => status === 'paused').length;
  const running = statuses.filter((status) => status === 'running').length;
  return { paused, running, stopped: statuses.length - paused - running };
}

/** In Podman's order here. */
function programFields({ version, package: owner, path }: ProgramReport): object {
  return { version, package: owner, path };
}

function programName(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1);
}

/** Bytes of a line of /proc/meminfo, whose "kB" are of 1024 bytes; 0 if there is none. */
export function memoryBytes(meminfo: string, key: string): number {
  return 1024 * Number(new RegExp(`^${key}:\\s*(\\d+) kB$`, 'm').exec(meminfo)?.[1] ?? 0);
}

/** Since the boot, in percent of user, system and idle time together (the 1st, 3rd and 4th number of /proc/stat). */
export function cpuUtilization(
  stat: string,
): Record<'userPercent' | 'systemPercent' | 'idlePercent', number> {
  const [user = 0, , system = 0, idle = 0] = (/^cpu +(.*)$/m.exec(stat)?.[1] ?? '').split(' ').map(Number);
  const percent = (ticks: number): number =>
    Math.round((10_000 * ticks) / Math.max(1, user + system + idle)) / 100;
  return { userPercent: percent(user), systemPercent: percent(system), idlePercent: percent(idle) };
}

/** `26h 17m 3.00s (Approximately 1.08 days)` of the first number of /proc/uptime, seconds. */
export function uptimeText(uptime: string): string {
  const seconds = Math.floor(Number(uptime.split(' ')[0]));
  const hours = Math.floor(seconds / 3600);
  const text = `${hours}h ${Math.floor(seconds / 60) % 60}m ${(seconds % 60).toFixed(2)}s`;
  return hours === 0 ? text : `${text} (Approximately ${(hours / 24).toFixed(2)} days)`;
}

/** The variables of an os-release(5) file, unquoted; empty ones are left out. */
export function osRelease(text: string): Record<string, string | undefined> {
  return Object.fromEntries(
    [...text.matchAll(/^([A-Z0-9_]+)=(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|(.*?))\s*$/gm)]
      .map(([, key = '', double, single, bare = '']): [string, string] => [
        key,
        double?.replace(/\\(.)/g, '$1') ?? single ?? bare,
      ])
      .filter(([, value]) => value !== ''),
  );
}
