/** image prune, and what system prune does with images. */
import type { ImageRecord } from '../../model/records.ts';
import type { Ports } from '../ports.ts';
import { appendImageEvent } from './event.ts';
import { sweepLayers } from './layers.ts';
import { unmountImageWhole } from './mount.ts';
import { usersOf } from './remove.ts';

type PrunePorts = Pick<Ports, 'store' | 'host' | 'locks' | 'imageFiles' | 'now'>;

/** Removes every image that passes and has no container; returns them, the oldest first. */
export async function pruneImages(
  ports: PrunePorts,
  passes: (image: ImageRecord) => boolean,
): Promise<ImageRecord[]> {
  const { store, now } = ports;
  const removed: ImageRecord[] = [];
  for (const image of store.listImages().reverse()) {
    const { id } = image;
    const isUnused = (): boolean => usersOf(store, id).length === 0;
    if (!passes(image) || !isUnused()) continue;
    await unmountImageWhole(ports, id);
    const isGone = store.transaction(() => {
      const fresh = store.getImage(id);
      if (fresh === undefined || !passes(fresh) || !isUnused()) return false;
      const time = now();
      appendImageEvent(store, { id, status: 'remove', name: '', time });
      for (const name of fresh.names) appendImageEvent(store, { id, status: 'untag', name, time });
      return store.deleteImage(id);
    });
    if (isGone) removed.push(image);
  }
  await sweepLayers(ports);
  return removed;
}
