/**
 * image mount and unmount: an image's files for people, read-only. Their mounts are counted in the store; a count without a
 * mount counts nothing, so that a reboot or a crash between the two needs no repair.
 */
import type { ImageRecord } from '../../model/records.ts';
import { withLock } from '../lock.ts';
import type { Ports, RemovingFiles } from '../ports.ts';
import { appendImageEvent } from './event.ts';

type ImageMountPorts = Pick<Ports, 'store' | 'locks' | 'imageFiles' | 'now'>;

/** One lock for all images: mounting takes milliseconds, and a lock of each would outlive it as a file. */
const LOCK = 'image-mounts';

/** Mounts an image once more and returns where. */
export async function mountImage(ports: ImageMountPorts, { id, layers }: ImageRecord): Promise<string> {
  const { store, imageFiles, now } = ports;
  await withLock(ports.locks, LOCK, async () => {
    const count = mountsOf(ports, id);
    await imageFiles.mount(
      id,
      layers.map(({ diffId }) => diffId),
    );
    store.transaction(() => {
      if (store.getImage(id) === undefined) return;
      store.saveImageMountCount(id, count + 1);
      appendImageEvent(store, { id, status: 'mount', name: '', time: now() });
    });
    // `rmi` was faster.
    if (store.getImage(id) === undefined) await imageFiles.unmount(id);
  });
  return imageFiles.mountPoint(id);
}

/** Takes one mount back, with `force` all; the last one unmounts. False if it was not mounted. */
export async function unmountImage(
  ports: ImageMountPorts,
  { id }: ImageRecord,
  { force }: { force: boolean },
): Promise<boolean> {
  const { store, imageFiles, now } = ports;
  return withLock(ports.locks, LOCK, async () => {
    if (!imageFiles.isMounted(id)) return false;
    const left = force ? 0 : Math.max(0, mountsOf(ports, id) - 1);
    store.transaction(() => {
      store.saveImageMountCount(id, left);
      appendImageEvent(store, { id, status: 'unmount', name: '', time: now() });
    });
    if (left === 0) await imageFiles.unmount(id);
    return true;
  });
}

/** For an image that is being removed: whoever looks into it keeps what he has open. */
export async function unmountImageWhole(
  ports: Pick<Ports, 'locks'> & { imageFiles: Pick<RemovingFiles, 'isMounted' | 'unmount'> },
  id: string,
): Promise<void> {
  if (ports.imageFiles.isMounted(id)) await withLock(ports.locks, LOCK, () => ports.imageFiles.unmount(id));
}

function mountsOf({ store, imageFiles }: Pick<Ports, 'store' | 'imageFiles'>, id: string): number {
  return imageFiles.isMounted(id) ? store.imageMountCount(id) : 0;
}
