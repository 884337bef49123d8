/** save: images out of the store, as what `load` takes. */

import { BerthError } from '../../model/errors.ts';
import type { SavedImage } from '../../model/image/archive.ts';
import { normaliseImageName } from '../../model/image/image.ts';
import type { ImageRecord } from '../../model/records.ts';
import type { Ports, Store } from '../ports.ts';
import { appendImageEvent } from './event.ts';
import { holdingLayers } from './layers.ts';
import { findImageName } from './resolve.ts';

/**
 * The images that a command line names, ready to be written. With `many`, every argument is an image; else the first one
 * is, and the others are names for it in the archive. An image named by its ID has no name there. Throws 'no-such-image'.
 */
export function imagesToSave(store: Store, names: readonly string[], many: boolean): SavedImage[] {
  const [first = '', ...more] = names;
  if (!many)
    return [
      savedImage(
        store,
        first,
        more.map((name) => normaliseImageName(name)),
      ),
    ];
  const found = new Map<string, SavedImage>();
  for (const name of names) {
    const image = savedImage(store, name, []);
    const known = found.get(image.id);
    found.set(image.id, { ...image, names: [...new Set([...(known?.names ?? []), ...image.names])] });
  }
  return [...found.values()];
}

/** Writes images somewhere, which stay meanwhile. @param target what the event names. */
export async function saveImages(
  ports: Pick<Ports, 'store' | 'host' | 'now'>,
  { images, target }: { images: readonly SavedImage[]; target: string },
  write: () => Promise<void>,
): Promise<void> {
  const { store, now } = ports;
  const layers = images.flatMap((image) => image.layers.map(({ diffId }) => diffId));
  await holdingLayers(ports, layers, async () => {
    // Before they were held, `rmi` may have been faster.
    for (const { id } of images)
      if (store.getImage(id) === undefined) throw new BerthError('no-such-image', `${id}: image not known`);
    await write();
    store.transaction(() => {
      for (const { id } of images) appendImageEvent(store, { id, status: 'save', name: target, time: now() });
    });
  });
}

function savedImage(store: Store, typed: string, more: readonly string[]): SavedImage {
  const found = findImageName(store, typed);
  if (found === undefined) throw new BerthError('no-such-image', `${typed}: image not known`);
  const { image, name } = found;
  const names = [...new Set([...more, ...(name === undefined ? [] : [name])])];
  return { id: image.id, names, document: documentOf(store, image), layers: image.layers };
}

/** Throws for an image stored before documents were kept. */
export function documentOf(store: Store, { id }: ImageRecord): string {
  const document = store.imageDocument(id);
  if (document !== undefined) return document;
  throw new BerthError(
    'storage',
    `image ${id.slice(0, 12)} was stored by an older Berth, which did not keep its config as it came: load the image again`,
  );
}
