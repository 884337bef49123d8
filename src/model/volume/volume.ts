/** Named volumes: directories of Berth's that outlive containers. What a person may ask for, and what they come to. Pure. */
import type { MountConfig } from '../config.ts';
import { BerthError } from '../errors.ts';
import { relabelTo, type SelinuxLabels, sharedLabel } from '../selinux.ts';
import type { ProcessRef } from '../state.ts';
import { isIdmapOption } from '../user-namespace/idmap-option.ts';

/** Fixed at create; lies as JSON beside the data too, so that a lost database can be rebuilt. Options are as shown. */
export interface VolumeConfig {
  version: 1;
  name: string;
  /** ISO 8601, UTC. */
  createdAt: string;
  labels: Record<string, string>;
  /** `--opt`, and what Podman reads out of its `o=`: UID, GID, SIZE. */
  options: Record<string, string>;
  /** Made for one container, with which it goes where that is asked for. */
  anonymous?: true;
  /** Whose its directory is; absent: to be seen at its first use. */
  uid?: number;
  gid?: number;
  /** SELinux's of its directory, which all containers may use; absent: the host had no SELinux when it was made. */
  selinuxLabel?: string;
}

/** What changes while it lives. */
export interface VolumeState {
  /** No first use has copied the image's files in. */
  needsCopyUp: boolean;
  /** No first use has given it the owner and mode of the directory that it is mounted over. */
  needsChown: boolean;
  /** The user of the container that used it last while its owner was open. */
  uid?: number;
  gid?: number;
}

export interface VolumeRecord {
  config: VolumeConfig;
  state: VolumeState;
  /** IDs of the containers that name it, the oldest first. */
  usedBy: string[];
  /** Those of them whose run has it mounted. */
  inRuns: string[];
  /** Mounts that people asked for; they count while it is mounted. */
  peoplesMounts: number;
  /** Processes at work in it (export, import, cp), also those that were killed. */
  holders: ProcessRef[];
}

/** The only driver. */
export const LOCAL_DRIVER = 'local';

const KNOWN_OPTIONS = ['type', 'device', 'o', 'copy', 'nocopy'];
/** Options that a directory can have: with none but these nothing is mounted. */
const OF_DIRECTORIES = ['UID', 'GID', 'SIZE', 'NOQUOTA', 'copy', 'nocopy'];

/** Podman's rule, without its limit of length: a directory's name has at most 255 bytes. */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

/** Throws 'invalid' in Podman's words. */
export function checkVolumeName(name: string): string {
  if (!NAME.test(name))
    throw new BerthError(
      'invalid',
      'running volume create option: names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument',
    );
  if (name.length > 200)
    throw new BerthError('invalid', `volume name is too long: ${name.length} characters, at most 200`);
  return name;
}

export interface VolumeRequest {
  /** Absent: an anonymous one. */
  name?: string;
  driver: string;
  labels: Record<string, string>;
  options: Record<string, string>;
  uid?: number;
  gid?: number;
}

/** A word among the options of a mount that says how its volume is made if it is not there: `volume-opt=KEY=VALUE`. */
const CREATION = /^volume-opt=([^=]*)=(.*)$/s;

export function isVolumeOption(word: string): boolean {
  return CREATION.test(word);
}

/** What the options of a mount say for the making of its volume; the last word of a key counts. */
export function volumeOptions(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    words.flatMap((word) => {
      const [, key, value] = CREATION.exec(word) ?? [];
      return key === undefined || value === undefined ? [] : [[key, value]];
    }),
  );
}

/** Throws BerthError with Podman's words for an unknown driver, option or name. */
export function volumeConfig(
  { driver, labels, options, ...owner }: VolumeRequest,
  {
    name,
    now,
    anonymous,
    mountLabel,
  }: { name: string; now: string; anonymous: boolean; mountLabel?: string | undefined },
): VolumeConfig {
  if (driver !== LOCAL_DRIVER && driver !== '')
    throw new BerthError(
      'unsupported',
      `volume ${name} uses volume plugin ${driver} but it could not be retrieved: no volume plugin with name ${driver} available: required plugin missing`,
    );
  checkVolumeName(name);
  for (const key of Object.keys(options))
    if (!KNOWN_OPTIONS.includes(key))
      throw new BerthError(
        'invalid',
        `invalid mount option ${key} for driver 'local': invalid argument: use ${KNOWN_OPTIONS.join(', ')}`,
      );
  const data = dataOptions(options.o ?? '');
  const uid = owner.uid ?? numberOf(data.UID);
  const gid = owner.gid ?? numberOf(data.GID);
  return {
    version: 1,
    name,
    createdAt: now,
    labels,
    options: { ...options, ...data },
    ...(anonymous ? { anonymous: true as const } : {}),
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
    ...(mountLabel === undefined ? {} : { selinuxLabel: sharedLabel(mountLabel) }),
  };
}

/** Before its first use. Whose owner was named keeps it. */
export function initialVolumeState({ uid, gid }: VolumeConfig): VolumeState {
  return { needsCopyUp: true, needsChown: uid === undefined && gid === undefined };
}

/** Does a use mount something, or is the volume a plain directory? */
export function isMountedVolume({ options }: Pick<VolumeConfig, 'options'>): boolean {
  return mountOptions(options).length > 0;
}

/** Arguments of mount(8) without the mount point: `-t TYPE -o OPTIONS -- DEVICE`. */
export function mountArguments({ options }: Pick<VolumeConfig, 'options'>): string[] {
  const { type = '', o = '', device = '' } = options;
  const isBind = type === 'bind';
  const words = [...(isBind ? ['bind'] : []), ...(o === '' ? [] : [o])];
  return [
    ...(words.length === 0 ? [] : ['-o', words.join(',')]),
    ...(type === '' || isBind ? [] : ['-t', type]),
    '--',
    // Some file systems have no device, and the kernel must be told something all the same.
    device === '' ? type : device,
  ];
}

/** The host path that a volume binds; undefined if it binds none. */
export function boundDevice({ type, o = '', device }: Record<string, string>): string | undefined {
  return type === 'bind' || /(^|,)r?bind(,|$)/.test(o) ? device : undefined;
}

/** May the image's files be copied in? `copy` is what holds without either. */
export function allowsCopyUp({ options }: Pick<VolumeConfig, 'options'>): boolean {
  return options.nocopy === undefined;
}

/** As Podman has it, `o` alone with an owner or a size is no reason to mount. */
function mountOptions(options: Record<string, string>): string[] {
  const isOwner = ['UID', 'GID', 'SIZE', 'NOQUOTA'].some((key) => options[key] !== undefined);
  return Object.keys(options).filter((key) => !OF_DIRECTORIES.includes(key) && !(key === 'o' && isOwner));
}

function dataOptions(o: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const word of o.split(',')) {
    const [, key = '', value = ''] = /^([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
    const name = key.toLowerCase();
    if (name === 'uid' || name === 'gid') {
      const upper = name.toUpperCase();
      if (!/^\d+$/.test(value))
        throw new BerthError(
          'invalid',
          `cannot convert ${upper} ${value} to integer: strconv.Atoi: parsing ${JSON.stringify(value)}: invalid syntax`,
        );
      found[upper] = value;
    } else if (name === 'size') {
      if (!/^\d+(\.\d+)?\s*([kmgtp]i?)?b?%?$/i.test(value))
        throw new BerthError('invalid', `cannot convert size ${value} to integer: invalid size: '${value}'`);
      found.SIZE = value;
    } else if (name === 'noquota') found.NOQUOTA = 'true';
  }
  return found;
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

/** Is a mount more than a path of the host bound as it is, or a tmpfs? Then a start has something to do for it. */
export function needsPreparing({ type, options }: Pick<MountConfig, 'type' | 'options'>): boolean {
  return (
    type === 'volume' || needsMountOfRun({ type, options }) || (type === 'bind' && options.includes('U'))
  );
}

/** The mounts of a container for which a start has something to do. */
export function mountsToPrepare({
  mounts,
  selinux,
}: {
  mounts: readonly MountConfig[];
  selinux?: SelinuxLabels;
}): MountConfig[] {
  const isRelabelled = ({ options }: MountConfig): boolean =>
    selinux !== undefined && relabelTo(options, selinux.mount) !== undefined;
  return mounts.filter((mount) => needsPreparing(mount) || isRelabelled(mount));
}

/** Must it be mounted on the host for the time of a run (storage/run-mounts.ts)? */
export function needsMountOfRun({
  type,
  options,
  subpath,
}: Pick<MountConfig, 'type' | 'options' | 'subpath'>): boolean {
  return (
    type === 'image' ||
    subpath !== undefined ||
    (type !== 'tmpfs' && options.includes('O')) ||
    (type === 'volume' && options.some(isIdmapOption))
  );
}

/** Directories that a host cannot do without: no container's user must get them. */
const NOT_TO_CHOWN =
  /^\/(|bin|boot|dev|etc(\/passwd|\/pki)?|home|lib|lib64|media|opt|proc|root|run|sbin|srv|sys|tmp|usr(\/local)?|var(\/(cache|lib|log|run|spool|tmp))?)$/;

/** Throws for a path of the host, without links, that must keep its owner. */
export function assertMayChown(path: string): void {
  if (!NOT_TO_CHOWN.test(path)) return;
  throw new BerthError(
    'invalid',
    `chowning host path ${JSON.stringify(path)} is not allowed: mount a directory below it, or chown by hand`,
  );
}

/** Who has the volume mounted: runs and people, as `inspect` counts. A plain directory counts nothing. */
export function mountCount({ config, inRuns, peoplesMounts }: VolumeRecord): number {
  return isMountedVolume(config) ? inRuns.length + peoplesMounts : 0;
}

/** The object that `volume inspect` prints, in Podman's order. */
export function inspectVolume(volume: VolumeRecord, mountpoint: string): object {
  const { config, state } = volume;
  const uid = state.uid ?? config.uid ?? 0;
  const gid = state.gid ?? config.gid ?? 0;
  return {
    Name: config.name,
    Driver: LOCAL_DRIVER,
    Mountpoint: mountpoint,
    CreatedAt: config.createdAt,
    Labels: sorted(config.labels),
    Scope: 'local',
    Options: sorted(config.options),
    ...(uid === 0 ? {} : { UID: uid }),
    ...(gid === 0 ? {} : { GID: gid }),
    ...(config.anonymous === true ? { Anonymous: true } : {}),
    MountCount: mountCount(volume),
    ...(state.needsCopyUp ? { NeedsCopyUp: true } : {}),
    ...(state.needsChown ? { NeedsChown: true } : {}),
  };
}

function sorted(map: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(map).toSorted(([a], [b]) => (a < b ? -1 : Number(a > b))));
}
