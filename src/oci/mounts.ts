/**
 * Everything mounted in a container, in the order in which the runtime must mount it.
 */
import path from 'node:path/posix';
import type { ContainerConfig, MountConfig } from '../model/config.ts';
import { BerthError } from '../model/errors.ts';
import { INIT_PATH } from '../model/init.ts';
import { namespaceModes } from '../model/namespace.ts';
import { hasNetwork } from '../model/network/names.ts';
import { NOTIFY_DIRECTORY } from '../model/sdnotify.ts';
import { SECRETS_DIRECTORY } from '../model/secret.ts';
import { toHost } from '../model/user-namespace/id-map.ts';
import { isUnmasked } from './masks.ts';
import { bindOptions, ramfsOptions, tmpfsOptions } from './mount-options.ts';
import type { Linux, Mount } from './types.ts';

/** Absolute host paths of the files that Berth makes for a container; one that is absent is not mounted. */
export interface ContainerFiles {
  resolvConf?: string;
  hosts?: string;
  hostname?: string;
  containerenv?: string;
  passwd?: string;
  group?: string;
  localtime?: string;
  /** Directory with the socket for what the payload tells systemd. */
  notify?: string;
  /** A tmpfs for /dev/shm that more than one container mounts; absent: one of the container's own. */
  shm?: string;
  /** Of secrets and credentials; the last one at a destination counts. */
  secrets?: readonly MountedSecret[];
}

/** A secret as a file: where it is on the host and in the container. */
export interface MountedSecret {
  source: string;
  destination: string;
  /** A credential is the unit's, not the container's. */
  readOnly?: boolean;
}

export interface MountsInput {
  config: ContainerConfig;
  files: ContainerFiles;
  /** `nosuid`, `nodev`, `noexec` of the host mount that each bind source lies on, by source path. */
  sourceFlags?: Readonly<Record<string, readonly string[]>>;
  /**
   * Host paths of volumes, images and overlays, and of what is shown with other owners, by destination. Without, as at
   * create, when none is there yet, only the options count.
   */
  places?: Readonly<Record<string, string>>;
  /** Whose a tmpfs with `U` is. */
  user?: { uid: number; gid: number };
}

/** What a volume has where nothing else is said. */
export const VOLUME_FLAGS = ['nosuid', 'nodev'];

/**
 * The mounts of a container, parents before what lies in them.
 *
 * A mount that was asked for replaces Berth's own at the same destination: a default, a tmpfs of the read-only root,
 * a file.
 * @throws BerthError `usage` for two mounts asked for at one destination, or options that contradict each other.
 */
export function containerMounts(input: MountsInput): Mount[] {
  const { config, files } = input;
  const asked = config.mounts.map((mount) => userMount(mount, input));
  const init = initMount(config);
  refuseDuplicates(asked);
  if (asked.some(({ destination }) => init.some((own) => own.destination === destination)))
    throw new BerthError(
      'usage',
      `conflict with mount added by --init to "${INIT_PATH}": duplicate mount destination`,
    );
  const own = [
    ...defaultMounts(config),
    ...shmMounts(config, files),
    ...fileMounts(config, files),
    ...(config.readOnly && config.readOnlyTmpfs ? READ_ONLY_TMPFS.map((place) => scratch(place)) : []),
    ...(config.systemd === true
      ? SYSTEMD_TMPFS.map((place) => scratch(place, config.systemdTmpfsBytes))
      : []),
    ...(config.tmpfsVolumes ?? []).map(emptyTmpfs),
    ...secretMounts(config, files.secrets ?? []),
    ...init,
  ];
  const byDestination = new Map([...own, ...asked].map((mount) => [mount.destination, mount]));
  return parentsFirst([...byDestination.values()]);
}

/** Sorts by depth and keeps the order within one depth: a destination never comes before its parent. */
export function parentsFirst(mounts: readonly Mount[]): Mount[] {
  return mounts.toSorted((one, other) => depth(one.destination) - depth(other.destination));
}

/**
 * How the runtime must set the propagation of the root so that the mounts can have theirs: a shared or slave mount
 * below a private root would never see an event. Undefined: the runtime's default, private.
 */
export function rootfsPropagation(mounts: readonly Mount[]): Linux['rootfsPropagation'] {
  const options = new Set(mounts.flatMap((mount) => mount.options));
  if (options.has('shared') || options.has('rshared')) {
    return 'shared';
  }
  return options.has('slave') || options.has('rslave') ? 'rslave' : undefined;
}

/** Where a read-only root stays writable; /dev and /dev/shm are of their own. */
const READ_ONLY_TMPFS = ['/run', '/tmp', '/var/tmp'];
/** What systemd as the payload needs writable and its own (https://systemd.io/CONTAINER_INTERFACE). */
const SYSTEMD_TMPFS = ['/run', '/run/lock', '/tmp', '/var/log/journal'];

function userMount(mount: MountConfig, { sourceFlags = {}, places = {}, user }: MountsInput): Mount {
  const { destination, type } = mount;
  if (destination === '/') {
    throw new BerthError('usage', 'invalid container path "/": a mount cannot replace the root file system');
  }
  const place = places[destination];
  switch (type) {
    case 'tmpfs':
      return { destination, type, source: 'tmpfs', options: tmpfsOptions(mount.options, user) };
    case 'ramfs':
      return { destination, type, source: type, options: ramfsOptions(mount.options) };
    case 'devpts':
      return { destination, type, source: 'devpts', options: [...mount.options] };
    case 'volume':
      return bound(place ?? '', bindOptions(mount.options, VOLUME_FLAGS, { isVolume: true }));
    case 'image':
      // Layers are mounted nodev, and in a user namespace a remount must not take that away.
      return bound(place ?? '', bindOptions(mount.options.length === 0 ? ['ro'] : mount.options, ['nodev']));
    case 'bind':
      if (mount.source === undefined)
        throw new BerthError('usage', `the bind mount on ${destination} needs a source`);
      return bound(place ?? mount.source, bindOptions(mount.options, sourceFlags[mount.source]));
  }

  function bound(source: string, options: string[]): Mount {
    return { destination, type: 'bind', source, options };
  }
}

function initMount({ init }: ContainerConfig): Mount[] {
  if (init === undefined) return [];
  return [{ destination: INIT_PATH, type: 'bind', source: init, options: ['bind', 'rprivate', 'ro'] }];
}

function refuseDuplicates(mounts: readonly Mount[]): void {
  const seen = new Set<string>();
  for (const { destination } of mounts) {
    if (seen.has(destination)) {
      throw new BerthError('usage', `${destination}: duplicate mount destination`);
    }
    seen.add(destination);
  }
}

function scratch(destination: string, size = 0): Mount {
  const options = tmpfsOptions(size === 0 ? [] : [`size=${size}`]);
  return { destination, type: 'tmpfs', source: 'tmpfs', options };
}

/** Nothing of the image's is copied in, as with Podman. */
function emptyTmpfs(destination: string): Mount {
  const options = ['rprivate', 'rw', 'nosuid', 'nodev', 'mode=755'];
  return { destination, type: 'tmpfs', source: 'tmpfs', options };
}

function defaultMounts(config: ContainerConfig): Mount[] {
  const privileged = config.security.privileged === true;
  const writableCgroup =
    privileged || config.systemd === true || isUnmasked(config.security, '/sys/fs/cgroup');
  const modes = namespaceModes(config);
  // Of namespaces that are not its own, a user namespace can mount nothing anew.
  const isForeign = (isOthers: boolean): boolean => config.idMappings !== undefined && isOthers;
  const flags = ['nosuid', 'noexec', 'nodev'];
  const access = privileged ? 'rw' : 'ro';
  return [
    isForeign(modes.pid === 'host')
      ? bound('/proc', ['rbind', 'rprivate', ...flags, 'rw'])
      : mount('/proc', 'proc', flags),
    mount('/dev', 'tmpfs', ['nosuid', 'strictatime', 'mode=755', 'size=65536k', ...sealed(config)]),
    isForeign(config.network !== 'none' && !hasNetwork(config))
      ? bound('/sys', ['rbind', 'rprivate', ...flags, access])
      : mount('/sys', 'sysfs', [...flags, access]),
    mount('/dev/pts', 'devpts', [
      ...['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'],
      hasTtyGroup(config) ? 'gid=5' : 'rprivate',
    ]),
    isForeign(modes.ipc === 'host')
      ? bound('/dev/mqueue', ['bind', 'private', ...flags, 'rw'])
      : mount('/dev/mqueue', 'mqueue', flags),
    mount('/sys/fs/cgroup', 'cgroup', [
      'rprivate',
      'nosuid',
      'noexec',
      'nodev',
      'relatime',
      writableCgroup ? 'rw' : 'ro',
    ]),
  ];
}

/** The host's own. */
function bound(place: string, options: string[]): Mount {
  return { destination: place, type: 'bind', source: place, options };
}

/** The kernel refuses a group that the user namespace has not. */
function hasTtyGroup({ idMappings }: ContainerConfig): boolean {
  return idMappings === undefined || toHost(idMappings.gids, 5) !== undefined;
}

/** Without its tmpfs set, a read-only container has no writable place at all but what was asked for. */
function sealed({ readOnly, readOnlyTmpfs }: ContainerConfig): string[] {
  return readOnly && !readOnlyTmpfs ? ['ro'] : [];
}

function shmMounts(config: ContainerConfig, { shm }: ContainerFiles): Mount[] {
  const destination = '/dev/shm';
  const flags = ['nosuid', 'noexec', 'nodev'];
  const { ipc } = config.namespaces ?? {};
  if (ipc === 'none') return [];
  if (shm !== undefined)
    return [
      { destination, type: 'bind', source: shm, options: ['bind', 'rprivate', ...flags, ...sealed(config)] },
    ];
  return [
    {
      destination,
      type: 'tmpfs',
      source: 'shm',
      options: [...flags, 'mode=1777', `size=${config.shmSizeBytes}`, ...sealed(config)],
    },
  ];
}

function mount(destination: string, type: string, options: string[]): Mount {
  return { destination, type, source: type, options };
}

function fileMounts(config: ContainerConfig, files: ContainerFiles): Mount[] {
  const options = ['bind', 'rprivate', ...(config.readOnly ? ['ro', 'nosuid', 'noexec', 'nodev'] : [])];
  const at: [string, string | undefined][] = [
    ['/etc/resolv.conf', files.resolvConf],
    ['/etc/hosts', files.hosts],
    ['/etc/hostname', files.hostname],
    ['/run/.containerenv', files.containerenv],
    ['/etc/passwd', files.passwd],
    ['/etc/group', files.group],
    ['/etc/localtime', files.localtime],
    ...(config.chrootDirs ?? []).flatMap((directory): [string, string | undefined][] => [
      [path.join('/', directory, 'etc/resolv.conf'), files.resolvConf],
      [path.join('/', directory, 'etc/hosts'), files.hosts],
    ]),
    [NOTIFY_DIRECTORY, files.notify],
  ];
  return at.flatMap(([destination, source]) =>
    source === undefined ? [] : [{ destination, type: 'bind', source, options: [...options] }],
  );
}

/** In a tmpfs of their own, so that what they are mounted on is not left in the container's layer. */
function secretMounts(config: ContainerConfig, secrets: readonly MountedSecret[]): Mount[] {
  const sealed = ['ro', 'nosuid', 'noexec', 'nodev'];
  const ofAll = config.readOnly ? sealed : [];
  const mounts = secrets.map(({ source, destination, readOnly }) => {
    const options = ['bind', 'rprivate', ...(readOnly === true ? sealed : ofAll)];
    return { destination, type: 'bind', source, options };
  });
  if (!mounts.some(({ destination }) => destination.startsWith(`${SECRETS_DIRECTORY}/`))) return mounts;
  const options = ['nosuid', 'nodev', 'noexec', 'mode=755', 'size=1m', ...(config.readOnly ? ['ro'] : [])];
  return [{ destination: SECRETS_DIRECTORY, type: 'tmpfs', source: 'tmpfs', options }, ...mounts];
}

function depth(destination: string): number {
  return destination.split('/').filter((part) => part !== '').length;
}
