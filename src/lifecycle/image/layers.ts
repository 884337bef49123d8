/**
 * Which layers may go. A layer is needed by images, by containers (whose image may be gone), and by a process that reads it
 * or is about to give it to an image.
 *
 * Rows come first: an image's row is deleted and on the disk before its layers are touched, and a new image's row is
 * written after its layers are. So a crash between the two leaves layers that nobody needs, never a row without its
 * layers; the next verb that removes images takes them away.
 */
import type { Ports, RemovingFiles } from '../ports.ts';

type LayerPorts = Pick<Ports, 'store' | 'host'> & {
  imageFiles: Pick<RemovingFiles, 'listLayers' | 'removeLayers'>;
};

/** Removes the layers that nobody needs. Not inside a transaction. */
export async function sweepLayers({ store, host, imageFiles }: LayerPorts): Promise<void> {
  // No one can come to need a layer between the look and its end: whoever wants to, writes it into the database first.
  const clear = store.transaction(() => {
    const used = store.layersInUse((owner) => host.isAlive(owner));
    const unused = used === undefined ? [] : imageFiles.listLayers().filter((diffId) => !used.has(diffId));
    return imageFiles.removeLayers(unused);
  });
  await clear();
}

/** Works with layers that stay meanwhile, whatever becomes of the images that have them. */
export async function holdingLayers<T>(
  { store, host }: Pick<Ports, 'store' | 'host'>,
  diffIds: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  store.transaction(() => store.holdLayers(diffIds, host.self()));
  try {
    return await work();
  } finally {
    store.transaction(() => store.releaseLayers(host.self()));
  }
}
