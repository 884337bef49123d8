/** The end of volumes: row and directory in one step, so that neither is ever there without the other for long. */
import type { VolumeRecord } from '../../model/volume/volume.ts';
import type { Ports } from '../ports.ts';
import { appendVolumeEvent } from './use.ts';

export type DropPorts = Pick<Ports, 'store' | 'locks' | 'volumes' | 'now'>;

/** Removes a volume that no container names; false if there is none, or if one does. */
export type Drop = (name: string, options?: { pruned?: boolean }) => boolean;

/**
 * Runs `work` in one transaction, in which it may drop volumes. A directory is put aside under another name before the rows are
 * kept, and brought back if they are not; what is aside is then removed, which whoever comes next finishes for a caller
 * that was killed.
 */
export async function dropVolumes<T>(ports: DropPorts, work: (drop: Drop) => T): Promise<T> {
  const { store, volumes, locks, now } = ports;
  const aside: (() => void)[] = [];
  const dropped: VolumeRecord[] = [];
  const drop: Drop = (name, { pruned = false } = {}) => {
    const volume = store.getVolume(name);
    if (volume === undefined || volume.usedBy.length > 0) return false;
    const time = now();
    store.deleteVolume(name);
    appendVolumeEvent(store, volume.config, { status: 'remove' }, time);
    if (pruned) appendVolumeEvent(store, volume.config, { status: 'prune' }, time);
    // In the same breath: without the row nobody would find its files again.
    locks.forgetVolume(volume.config);
    aside.push(volumes.putAside(name));
    dropped.push(volume);
    return true;
  };
  let result: T;
  try {
    result = store.transaction(() => work(drop));
  } catch (error) {
    for (const bringBack of aside.reverse()) bringBack();
    throw error;
  }
  if (dropped.length === 0) return result;
  for (const { config } of dropped) locks.forgetVolume(config);
  await volumes.sweep();
  return result;
}
