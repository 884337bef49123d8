/**
 * What the lifecycle needs of the world, as small interfaces. The adapters fit them by shape; entry/ puts the two
 * together. Each verb names only the ports it uses.
 */
import type { ContainerConfig } from '../model/config.ts';
import type { DeviceNode } from '../model/device.ts';
import type { EventRecord } from '../model/event.ts';
import type { HealthResult, HealthState } from '../model/health/health.ts';
import type { HostReport } from '../model/info.ts';
import type { Dependency } from '../model/namespace.ts';
import type {
  BrokenRecord,
  ContainerRecord,
  ExecSession,
  ExitRecord,
  ImageRecord,
} from '../model/records.ts';
import type { SelinuxContexts } from '../model/selinux.ts';
import type { Settings } from '../model/settings.ts';
import type { ContainerState, ProcessRef } from '../model/state.ts';
import type { IdMappings } from '../model/user-namespace/id-map.ts';
import type { VolumeConfig, VolumeRecord, VolumeState } from '../model/volume/volume.ts';
import type { HostFacts } from '../oci/host.ts';
import type { Artifacts, Rootfs, Secrets, Tree, Volumes } from './ports/files.ts';
import type { ImageSource } from './ports/image-source.ts';
import type { ImageFiles } from './ports/images.ts';
import type { Locks } from './ports/lock.ts';
import type { AddressClaim, FreePort, NetworkDriver, NetworkFiles } from './ports/network.ts';
import type { Runtime } from './ports/runtime.ts';
import type { Systemd } from './ports/systemd.ts';

export type * from './ports/files.ts';
export type * from './ports/image-source.ts';
export type * from './ports/images.ts';
export type * from './ports/lock.ts';
export type * from './ports/network.ts';
export type * from './ports/runtime.ts';
export type * from './ports/systemd.ts';

/** The state store. Reading takes no lock; writing happens inside `transaction`. */
export interface Store {
  transaction<T>(work: () => T): T;
  /** Calls `listener` soon after any process changed something; returns what ends it. */
  onChange(listener: () => void): () => void;
  refreshIfRebooted(bootId: string, now: string, forget?: () => void): boolean;

  getContainer(id: string): ContainerRecord | undefined;
  containerByName(name: string): ContainerRecord | undefined;
  /** By name, id or unique id prefix; throws when there is none. */
  findContainer(nameOrId: string): ContainerRecord;
  /** The row of this name or full ID, if there is one that cannot be read. */
  brokenContainer(nameOrId: string): BrokenRecord | undefined;
  listContainers(): { containers: ContainerRecord[]; broken: BrokenRecord[] };
  insertContainer(config: ContainerConfig, state: ContainerState): void;
  /** The containers that this one needs. */
  needsOf(id: string): string[];
  /** The containers that need this one, the oldest first. */
  dependentsOf(id: string): Dependency[];
  saveState(id: string, state: ContainerState): void;
  /** For rename and update; throws 'name-in-use'. */
  replaceConfig(config: ContainerConfig): void;
  /** False if there is none. */
  deleteContainer(id: string): boolean;
  saveExit(record: ExitRecord): void;
  /** The latest start first; also of a container that is gone. */
  exitRecords(id: string): ExitRecord[];
  pruneExits(before: string): void;

  saveHealth(id: string, state: HealthState): void;
  appendHealthLog(id: string, entry: HealthResult, keep: number): void;
  clearHealth(id: string): void;
  healthLog(id: string): HealthResult[];

  saveSession(session: ExecSession): void;
  /** From now on it lives as long as another process; nothing if it has ended already. */
  adoptSession(id: string, owner: ProcessRef): void;
  /** False if there is none (any more). */
  deleteSession(id: string): boolean;
  sessions(containerId: string): ExecSession[];

  appendEvent(event: EventRecord): void;
  /** All kept events of an object, or of all, oldest first. */
  events(id?: string): EventRecord[];
  /** Events that came after the one of that number, oldest first; `since` is ISO 8601 UTC. */
  eventsAfter(seq: number, since?: string): (EventRecord & { seq: number })[];
  /** Number of the newest event, 0 if there is none. */
  lastEvent(): number;

  /** How often people asked for the root to be mounted; see lifecycle/mount.ts. */
  mountCount(id: string): number;
  saveMountCount(id: string, count: number): void;
  /** Processes that work in the mounted root, also those that were killed meanwhile. */
  mountHolders(id: string): ProcessRef[];
  addMountHolder(id: string, holder: ProcessRef): void;
  removeMountHolder(id: string, holder: ProcessRef): void;

  findImage(names: string[], idOrPrefix: string): ImageRecord | undefined;
  listImages(): ImageRecord[];
  /** By full ID. */
  getImage(id: string): ImageRecord | undefined;
  /** Its config as it came; undefined for an image stored before that was kept. */
  imageDocument(id: string): string | undefined;
  /** Names move to it from others; the first one becomes the newest. */
  saveImage(image: ImageRecord, document?: string): void;
  addImageName(name: string, imageId: string): void;
  /** False if there is none (any more), as of: */
  removeImageName(name: string): boolean;
  deleteImage(id: string): boolean;
  imageMountCount(id: string): number;
  saveImageMountCount(id: string, count: number): void;

  /** Layers that no image has yet, or that are being read, stay while this process lives; see lifecycle/image/layers.ts. */
  holdLayers(diffIds: readonly string[], owner: ProcessRef): void;
  releaseLayers(owner: ProcessRef): void;
  /** Of images, containers and living holders; undefined if a damaged row hides what it needs. */
  layersInUse(isAlive: (owner: ProcessRef) => boolean): Set<string> | undefined;

  getVolume(name: string): VolumeRecord | undefined;
  volumesLike(prefix: string): VolumeRecord[];
  /** In order of creation. */
  listVolumes(): VolumeRecord[];
  /** Those that a container names. */
  volumesOf(containerId: string): VolumeRecord[];
  /** False if there is one of that name. */
  insertVolume(config: VolumeConfig, state: VolumeState): boolean;
  saveVolumeState(name: string, state: VolumeState): void;
  deleteVolume(name: string): boolean;
  setVolumeInRun(name: string, containerId: string, inRun: boolean): void;
  saveVolumeMounts(name: string, count: number): void;
  addVolumeHolder(name: string, holder: ProcessRef): void;
  removeVolumeHolder(name: string, holder: ProcessRef): void;

  /** Addresses of a network that containers had when they were started last. */
  addressesIn(network: string): AddressClaim[];
  /** Whoever had it. */
  takeAddress(claim: AddressClaim): void;
  releaseAddresses(containerId: string, network?: string): void;
}

/** The kernel, and plain files. Cgroup paths are as in /proc/PID/cgroup: `/system.slice/…`. */
export interface Host {
  bootId(): string;
  /** This process. */
  self(): ProcessRef;
  isAlive(ref: ProcessRef | undefined): boolean;
  /** Gone, or in the middle of its end. */
  isEnding(ref: ProcessRef | undefined): boolean;
  delay(ms: number): Promise<void>;
  /** False if the process is gone. */
  signal(ref: ProcessRef, signal: number): boolean;

  /** The cgroup of the unit that this process belongs to, as main or as control process. */
  unitCgroup(): string;
  /**
   * The unit's run that this process belongs to, where to notify systemd and whether its watchdog waits for that, where its
   * credentials are, and in ExecStopPost= how it ended (systemd.exec(5)).
   */
  unitRun(): {
    invocation: string;
    result: string;
    mainExit: string;
    notifySocket: string;
    hasWatchdog: boolean;
    /** Directory of the unit's credentials; empty where it has none. */
    credentials: string;
  };
  /** Takes SIGTERM from now on, instead of ending by it. */
  onTerminate(listener: () => void): void;
  enterCgroup(cgroup: string): void;
  makeCgroup(cgroup: string): void;
  killCgroup(cgroup: string): void;
  removeCgroup(cgroup: string): void;
  isPopulated(cgroup: string): boolean;
  /** Stops or resumes everything in the cgroup; resolves when that is done. */
  freezeCgroup(cgroup: string, frozen: boolean): Promise<void>;
  /** The end of this process, however it comes, thaws the cgroup; until what is returned calls that off. */
  thawAtEnd(cgroup: string): () => void;
  /** By itself or with a cgroup above it. */
  isFrozen(cgroup: string): boolean;
  /** Calls the listener when the cgroup becomes empty, filled, frozen, thawed or is removed; returns what ends it, if there is one. */
  onCgroupEvent(cgroup: string, listener: () => void): (() => void) | undefined;
  /** Resolves when nothing lives in the cgroup (true), or after `timeoutMs` (false). */
  waitUntilEmpty(cgroup: string, timeoutMs: number): Promise<boolean>;
  /** Tells a cgroup from the next one of its name; undefined if there is none. */
  cgroupId(cgroup: string): number | undefined;
  waitUntilGone(cgroup: string, id: number, timeoutMs: number): Promise<boolean>;
  wasOomKilled(cgroup: string): boolean;
  controllers(): string[];
  /** Pids in the cgroup and below; empty if it does not exist. */
  cgroupProcesses(cgroup: string): number[];
  /** What confines a process for SELinux or AppArmor; empty if nothing does. */
  securityLabel(pid: number): string;
  /** May files and processes have labels of SELinux's? */
  isSelinuxEnabled(): boolean;
  /** What its policy has for containers; undefined where it is off. */
  selinuxContexts(): SelinuxContexts | undefined;
  /** Links followed. False on a file system that has no labels. */
  writeLabel(file: string, label: string): boolean;
  /** Home directories of whoever asks: root's, and through sudo(8) the person's. */
  homes(): string[];
  /** Of the user namespace at a path; undefined if there is none, or it is this process's own. */
  idMappingsOf(path: string): IdMappings | undefined;
  /** Inode numbers of a process's namespaces by the name in /proc/PID/ns; empty if it is gone. */
  namespaces(pid: number): Record<string, string>;

  exists(file: string): boolean;
  isDirectory(file: string): boolean;
  /** What an absolute shell pattern names, in order; undefined for a pattern that is none. */
  pathsMatching(pattern: string): string[] | undefined;
  /** Undefined if there is no such file. */
  readText(file: string): string | undefined;
  /** When the file's content or status last changed, ISO 8601; undefined if there is none. */
  changedAt(file: string): string | undefined;
  /** Whole or not at all. */
  writeText(
    file: string,
    text: string,
    options?: { mode?: number; durable?: boolean; owner?: { uid: number; gid: number } },
  ): void;
  /** Its content and permissions, links followed. */
  copyFile(from: string, to: string, owner?: { uid: number; gid: number }): void;
  /** The same file, which others may have mounted, with another content; not at once. */
  overwriteText(file: string, text: string): void;
  /** To the end of the file as it is, which others may have open. */
  appendText(file: string, text: string): void;
  /** What callers of writeText left beside a file when they were killed. */
  halfWritten(file: string): string[];
  /** With its parents; 0700 unless told. */
  makeDirectory(directory: string, mode?: number): void;
  /** By a symbolic link, at once. */
  replaceByLink(file: string, target: string): void;
  /** The device at a path, or those below a directory; see sys/devices.ts. Undefined if there is nothing. */
  devicesAt(file: string): { path: string; nodes: DeviceNode[] } | undefined;
  /** Names, in no order; undefined if there is no such directory. */
  listDirectory(directory: string): string[] | undefined;
  /** A file or a whole directory; one that is not there is success. */
  remove(file: string): void;

  /** Everything about this host that an OCI spec depends on. */
  facts(config: ContainerConfig): HostFacts;
  /** What a container's bounding set is taken from: capabilities(7). */
  capabilities(): string[];
  /** nosuid, nodev, noexec of the mounts that these host paths lie on. */
  mountFlags(paths: string[]): Record<string, string[]>;
  hostname(): string;
  /** Runs a program to its end; `args` begins with the program's own name. SIGKILL after `timeoutMs`. */
  run(
    program: string,
    args: readonly string[],
    options: { input: string; cwd: string; env?: readonly string[]; timeoutMs?: number },
  ): Promise<{ code: number; stdout: string; stderr: string; timedOut: boolean }>;
  /** Absolute path of a program in PATH, or undefined. */
  findProgram(name: string): string | undefined;
}

export interface Ports {
  /** Of the container with this ID. */
  artifacts(id: string): Artifacts;
  /**
   * A tree below a host directory, with what is mounted over it (paths in the tree and on the host). `ids`: of the
   * container that it belongs to; owners in tars are its own.
   */
  openTree(root: {
    directory: string;
    mounts: readonly { destination: string; source: string }[];
    ids?: IdMappings | undefined;
  }): Promise<Tree>;
  /** What the host says of itself, and of these programs. */
  hostReport(programs: { conmon: string | undefined; runtime: string | undefined }): Promise<HostReport>;
  settings: Settings;
  host: Host;
  store: Store;
  locks: Locks;
  runtime: Runtime;
  rootfs: Rootfs;
  secrets: Secrets;
  networkFiles: NetworkFiles;
  /** Loaded at its first use. */
  networkDriver(): Promise<NetworkDriver>;
  freePort: FreePort;
  imageFiles: ImageFiles;
  /** Where images come from; loaded at the first call. */
  imageSource(): Promise<ImageSource>;
  volumes: Volumes;
  /** Connects at the first call. */
  systemd(): Promise<Systemd>;
  /**
   * Starts the transient health timer, whose first check comes at once. `replacing`: one that runs gives way, and the
   * first check comes in so many ms.
   */
  startHealthTimer(
    config: ContainerConfig,
    timer: { intervalMs: number; replacing?: { firstMs: number } },
  ): Promise<void>;
  /**
   * Gives `handle` the signals that a person or supervisor sends, by name, instead of what they do by default, until what
   * is returned is called. False: this one and all later ones go to who caught them before, if anybody did.
   */
  catchSignals(handle: (signal: string) => boolean): () => void;
  /** sd_notify, to this process's service manager or another socket; false where there is none. */
  notify(lines: string[], socket?: string): Promise<boolean>;
  /** Blocks until the service manager has taken in what this process has sent, a few seconds at most. */
  notifyBarrier(): void;
  /** ISO 8601, UTC. */
  now(): string;
  /** From 0 up to 1. */
  random(): number;
  randomBytes(count: number): Uint8Array;
  /** One line for a person, on stderr. */
  warn(line: string): void;
}
