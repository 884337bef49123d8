/** create: what the mounts of a command line, the image's VOLUMEs and --volumes-from come to; and the volumes they need. */
import { posix } from 'node:path';
import type { ContainerConfig, MountConfig, RequestedMount } from '../model/config.ts';
import type { CreateRequest } from '../model/create-config.ts';
import { BerthError, messageOf } from '../model/errors.ts';
import { idFromBytes } from '../model/name.ts';
import {
  assertMayChown,
  initialVolumeState,
  LOCAL_DRIVER,
  type VolumeConfig,
  volumeConfig,
  volumeOptions,
} from '../model/volume/volume.ts';
import { inheritedVolumes, parseVolumesFrom } from '../model/volume/volumes-from.ts';
import { overlayDirectories } from '../oci/mount-options.ts';
import { resolveImage } from './image/resolve.ts';
import type { Ports, Store } from './ports.ts';
import { appendVolumeEvent, noSuchVolume } from './volume/use.ts';

type ResolvePorts = Pick<Ports, 'host' | 'store' | 'randomBytes'>;

/** What Podman gives the volumes that an image asks for. */
const IMAGE_VOLUME_OPTIONS = ['rprivate', 'rw', 'nodev', 'exec'];

/**
 * All mounts. Volumes without a name get one of 64 digits. A mount of the command line stands for what would come to the same
 * place from another container, and both for the image's VOLUME. Throws for what is not there.
 */
export function resolveMounts(
  ports: ResolvePorts,
  request: Pick<CreateRequest, 'mounts' | 'volumesFrom' | 'imageVolumes'>,
  imageVolumes: readonly string[],
): MountConfig[] {
  const named = (): string => idFromBytes(ports.randomBytes(32));
  const own = request.mounts
    .flatMap((mount) => eachOfGlob(ports, mount))
    .map((mount) => resolveMount(ports, mount, named));
  const taken = new Set(own.map(({ destination }) => destination));
  const inherited = new Map(
    (request.volumesFrom ?? []).flatMap((text) =>
      volumesFrom(ports.store, text).map((mount) => [mount.destination, mount]),
    ),
  );
  const free = (destination: string): boolean => !taken.has(destination);
  const mounts = [...own, ...[...inherited.values()].filter(({ destination }) => free(destination))];
  if (request.imageVolumes !== undefined) return mounts;
  for (const { destination } of mounts) taken.add(destination);
  return [
    ...mounts,
    ...imageVolumes.filter(free).map((destination): MountConfig => {
      taken.add(destination);
      return {
        type: 'volume',
        volume: named(),
        anonymous: true,
        destination,
        options: IMAGE_VOLUME_OPTIONS,
      };
    }),
  ];
}

/** A mount with a pattern is one of every path that it names now. */
function eachOfGlob({ host }: ResolvePorts, { glob, ...mount }: RequestedMount): RequestedMount[] {
  if (glob === undefined) return [mount];
  const paths = glob === '' ? [] : host.pathsMatching(mount.source ?? '');
  if (paths === undefined) throw new BerthError('invalid', `${glob}: syntax error in pattern`);
  if (paths.length === 0)
    throw new BerthError('invalid', `no file paths matching glob ${JSON.stringify(glob)}`);
  const { destination } = mount;
  return paths.map((source) => ({
    ...mount,
    source,
    destination: destination === '' ? source : posix.join(destination, posix.basename(source)),
  }));
}

function resolveMount(
  ports: ResolvePorts,
  { imageName, ...mount }: RequestedMount,
  named: () => string,
): MountConfig {
  if (mount.type === 'bind') checkBind(ports, mount);
  if (mount.type === 'volume') {
    const { volume } = mount;
    if (volume === undefined) return { ...mount, volume: named(), anonymous: true };
    if (mount.options.includes('nocreate') && ports.store.getVolume(volume) === undefined)
      throw noSuchVolume(volume);
    checkOverlay(ports, mount);
    return mount;
  }
  if (imageName === undefined) return mount;
  const { image } = resolveImage(ports.store, imageName);
  return {
    ...mount,
    image: { name: imageName, id: image.id, layers: image.layers.map(({ diffId }) => diffId) },
  };
}

function checkBind({ host }: ResolvePorts, mount: RequestedMount): void {
  const { source = '', options } = mount;
  if (options.includes('U')) assertMayChown(source);
  checkOverlay({ host }, mount);
}

function checkOverlay({ host }: Pick<ResolvePorts, 'host'>, { options }: RequestedMount): void {
  for (const directory of Object.values(overlayDirectories(options) ?? {}))
    if (!host.isDirectory(directory))
      throw new BerthError('invalid', `stat ${directory}: no such file or directory: make it first`);
}

function volumesFrom(store: Store, text: string): MountConfig[] {
  const from = parseVolumesFrom(text);
  try {
    return inheritedVolumes(store.findContainer(from.container).config.mounts, from);
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    throw new BerthError(
      error.code,
      `looking up container ${JSON.stringify(from.container)} for volumes-from: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

/**
 * Rows for the volumes that a new container names and that are not there, in the transaction that inserts its own row; the
 * ones that were made. Their directories are for the caller to make, or for the first use.
 */
export function insertMissingVolumes(
  store: Store,
  { mounts, selinux }: ContainerConfig,
  now: string,
): VolumeConfig[] {
  return mounts.flatMap(({ volume, anonymous, options }) => {
    if (volume === undefined || store.getVolume(volume) !== undefined) return [];
    if (options.includes('nocreate')) throw noSuchVolume(volume);
    const config = newVolume(volume, options, {
      now,
      anonymous: anonymous === true,
      mountLabel: selinux?.mount,
    });
    store.insertVolume(config, initialVolumeState(config));
    appendVolumeEvent(store, config, { status: 'create' }, now);
    return [config];
  });
}

function newVolume(
  name: string,
  words: readonly string[],
  facts: { now: string; anonymous: boolean; mountLabel: string | undefined },
): VolumeConfig {
  try {
    return volumeConfig(
      { driver: LOCAL_DRIVER, labels: {}, options: volumeOptions(words) },
      { name, ...facts },
    );
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    throw new BerthError(error.code, `creating named volume ${JSON.stringify(name)}: ${error.message}`, {
      cause: error,
    });
  }
}
