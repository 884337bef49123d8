/** volume create, rm, prune, mount, unmount: what people do with volumes by name. */
import { BerthError } from '../../model/errors.ts';
import { idFromBytes } from '../../model/name.ts';
import {
  boundDevice,
  initialVolumeState,
  isMountedVolume,
  type VolumeRecord,
  type VolumeRequest,
  volumeConfig,
} from '../../model/volume/volume.ts';
import type { CleanupPorts } from '../cleanup.ts';
import type { Ports } from '../ports.ts';
import { reloadOnce } from '../reload-once.ts';
import { removeContainer } from '../remove.ts';
import { dropVolumes } from './drop.ts';
import {
  appendVolumeEvent,
  mountLocked,
  noSuchVolume,
  peoplesMounts,
  unmountIfUnused,
  type VolumePorts,
  withVolume,
} from './use.ts';

/**
 * Makes a volume and returns its name. One of that name is an error, unless `ignore` says that it is as good: then nothing
 * is changed, least of all its owner.
 */
export function createVolume(
  ports: VolumePorts & Pick<Ports, 'randomBytes'>,
  request: VolumeRequest,
  { ignore }: { ignore: boolean },
): string {
  const { store, volumes, host, now, randomBytes } = ports;
  const name = request.name ?? idFromBytes(randomBytes(32));
  const mountLabel = host.selinuxContexts()?.file;
  const config = volumeConfig(request, { name, now: now(), anonymous: false, mountLabel });
  const device = boundDevice(config.options);
  if (device !== undefined && !host.exists(device))
    throw new BerthError(
      'invalid',
      `invalid volume option device for driver 'local': faccessat ${device}: no such file or directory`,
    );
  const isNew = store.transaction(() => {
    if (!store.insertVolume(config, initialVolumeState(config))) return false;
    appendVolumeEvent(store, config, { status: 'create' }, config.createdAt);
    return true;
  });
  if (!isNew && !ignore)
    throw new BerthError('name-in-use', `volume with name ${name} already exists: volume already exists`);
  if (isNew) volumes.make(config);
  return name;
}

/** By its name or the only beginning of one; `missing` is the error for a name that is not there. */
export function findVolume(
  { store }: Pick<Ports, 'store'>,
  name: string,
  missing: BerthError = noSuchVolume(name),
): VolumeRecord {
  const whole = store.getVolume(name);
  if (whole !== undefined) return whole;
  const [only, second] = name === '' ? [] : store.volumesLike(name);
  if (second !== undefined)
    throw new BerthError(
      'invalid',
      `more than one result for volume name ${name}: volume already exists: write more of it`,
    );
  if (only === undefined) throw missing;
  return only;
}

export interface RemoveVolumeOptions {
  /** Removes the containers that name it first, stopping them. */
  force: boolean;
  timeoutSeconds?: number | undefined;
  pruned?: boolean;
}

/** Removes a volume with its data. One that containers name needs `force`; the error without it has exit code 2. */
export async function removeVolume(
  ports: CleanupPorts,
  { config: { name }, usedBy }: VolumeRecord,
  { force, timeoutSeconds, pruned = false }: RemoveVolumeOptions,
): Promise<void> {
  await reloadOnce(ports, usedBy.length, async (how) => {
    for (const id of force ? usedBy : []) {
      const container = ports.store.getContainer(id);
      if (container !== undefined) await removeContainer(ports, container, { force, timeoutSeconds, ...how });
    }
  });
  await withVolume(ports, name, async (volume) => {
    if (volume.usedBy.length > 0)
      throw new BerthError(
        'state',
        `volume ${name} is being used by the following container(s): ${volume.usedBy.join(', ')}: volume is being used`,
        { exitCode: 2 },
      );
    // What people and commands have mounted goes with it.
    await ports.volumes.unmount(name);
    const dropped = await dropVolumes(ports, (drop) => drop(name, { pruned }));
    if (!dropped)
      throw new BerthError('state', `volume ${name} is being used by a new container: volume is being used`, {
        exitCode: 2,
      });
  });
}

export interface PrunedVolume {
  name: string;
  bytes: number;
  /** Why it could not be removed. */
  error?: unknown;
}

/** The volumes that no container names, among those that pass. */
export function unusedVolumes(
  { store }: Pick<Ports, 'store'>,
  passes: (volume: VolumeRecord) => boolean,
): VolumeRecord[] {
  return store.listVolumes().filter((volume) => volume.usedBy.length === 0 && passes(volume));
}

/** Removes them. What others have left half removed goes too. */
export async function pruneVolumes(
  ports: CleanupPorts,
  passes: (volume: VolumeRecord) => boolean,
): Promise<PrunedVolume[]> {
  const pruned: PrunedVolume[] = [];
  for (const volume of unusedVolumes(ports, passes)) {
    const { name } = volume.config;
    const bytes = ports.volumes.size(name);
    try {
      await removeVolume(ports, volume, { force: false, pruned: true });
      pruned.push({ name, bytes });
    } catch (error) {
      pruned.push({ name, bytes: 0, error });
    }
  }
  await ports.volumes.sweep();
  return pruned;
}

/** Mounts a volume once more for a person, and returns where. A plain directory is there anyway. */
export async function mountVolume(ports: VolumePorts, { config }: VolumeRecord): Promise<string> {
  const found = await withVolume(ports, config.name, async (volume) => {
    const count = peoplesMounts(ports, volume);
    await mountLocked(ports, volume);
    if (isMountedVolume(volume.config)) ports.store.saveVolumeMounts(config.name, count + 1);
    return true;
  });
  if (found === undefined) throw noSuchVolume(config.name);
  return ports.volumes.path(config.name);
}

/** Takes one of people's mounts back; the last one unmounts it, unless a run has it. Not mounted is success. */
export async function unmountVolume(ports: VolumePorts, { config }: VolumeRecord): Promise<void> {
  await withVolume(ports, config.name, async (volume) => {
    const count = peoplesMounts(ports, volume);
    if (isMountedVolume(volume.config)) ports.store.saveVolumeMounts(config.name, Math.max(0, count - 1));
    await unmountIfUnused(ports, config.name);
  });
}
