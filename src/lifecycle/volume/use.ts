/**
 * Who has a volume mounted that is more than a directory: runs, people (`volume mount`) and processes at work in it. The
 * first one mounts it, the last one unmounts it. Nobody counts: each run is a row that its own end takes back, be it
 * however late, a process is known by pid and start time, and what people asked for counts while it is mounted.
 */
import { BerthError } from '../../model/errors.ts';
import type { EventFacts } from '../../model/event.ts';
import { isMountedVolume, type VolumeConfig, type VolumeRecord } from '../../model/volume/volume.ts';
import type { Ports, Store } from '../ports.ts';

export type VolumePorts = Pick<Ports, 'host' | 'store' | 'locks' | 'volumes' | 'now'>;

/**
 * Works on a volume under its lock, on its record as it is then. Undefined if there is no volume of that name (any
 * more). Taken under a container's lock or none.
 */
export async function withVolume<T>(
  { store, locks }: Pick<Ports, 'store' | 'locks'>,
  name: string,
  work: (volume: VolumeRecord) => T | Promise<T>,
): Promise<T | undefined> {
  for (;;) {
    const before = store.getVolume(name);
    if (before === undefined) return undefined;
    const lock = locks.acquireVolume(before.config);
    try {
      // In a transaction, which waits for the end of one in which the volume, with the files of its lock, may be going.
      const volume = store.transaction(() => store.getVolume(name));
      if (volume?.config.createdAt === before.config.createdAt) return await work(volume);
      // Removed meanwhile; one that has the name again has another lock.
      locks.forgetVolume(before.config);
    } finally {
      lock.release();
    }
  }
}

/** Makes the directory where it is missing, and mounts what is to be mounted, for a caller that holds the lock. */
export async function mountLocked(ports: VolumePorts, { config }: VolumeRecord): Promise<void> {
  const { volumes } = ports;
  volumes.make(config);
  if (!isMountedVolume(config) || volumes.isMounted(config.name)) return;
  await volumes.mount(config);
  record(ports, config, { status: 'mount' });
}

/** Unmounts it unless somebody still has it; for a caller that holds the lock and has taken back its own use. */
export async function unmountIfUnused(ports: VolumePorts, name: string): Promise<void> {
  const { store, volumes, host } = ports;
  const volume = store.getVolume(name);
  if (volume === undefined || !volumes.isMounted(name)) return;
  const { inRuns, peoplesMounts, holders } = volume;
  if (inRuns.length > 0 || peoplesMounts > 0 || holders.some((holder) => host.isAlive(holder))) return;
  await volumes.unmount(name);
  record(ports, volume.config, { status: 'unmount' });
}

/** People's mounts that are still there: a count without a mount counts nothing. */
export function peoplesMounts({ volumes }: Pick<Ports, 'volumes'>, volume: VolumeRecord): number {
  return volumes.isMounted(volume.config.name) ? volume.peoplesMounts : 0;
}

/** Works in a volume, mounted for that time. No lock is held meanwhile. */
export async function withMountedVolume<T>(
  ports: VolumePorts,
  name: string,
  work: (directory: string) => T | Promise<T>,
): Promise<T> {
  const { store, host, volumes } = ports;
  const self = host.self();
  const found = await withVolume(ports, name, async (volume) => {
    store.addVolumeHolder(name, self);
    await mountLocked(ports, volume);
    return true;
  });
  if (found === undefined) throw noSuchVolume(name);
  try {
    return await work(volumes.path(name));
  } finally {
    await withVolume(ports, name, async () => {
      store.removeVolumeHolder(name, self);
      await unmountIfUnused(ports, name);
    });
  }
}

export function noSuchVolume(name: string, exitCode = 125): BerthError {
  return new BerthError(
    'no-such-volume',
    `no volume with name ${JSON.stringify(name)} found: no such volume`,
    { exitCode },
  );
}

function record({ store, now }: Pick<Ports, 'store' | 'now'>, config: VolumeConfig, facts: EventFacts): void {
  const time = now();
  store.transaction(() => appendVolumeEvent(store, config, facts, time));
}

/** One event of a volume; inside a transaction of the caller's. */
export function appendVolumeEvent(
  store: Store,
  { name }: Pick<VolumeConfig, 'name'>,
  facts: EventFacts,
  time: string,
): void {
  store.appendEvent({ ...facts, type: 'volume', id: '', name, image: '', time });
}
