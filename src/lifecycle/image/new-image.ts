/** import and commit have this in common: a layer and a document become an image. */
import { parseImageConfig } from '../../model/image/image.ts';
import type { ImageRecord } from '../../model/records.ts';
import type { NewLayer, Ports, Store } from '../ports.ts';

/** What an image is made of; its ID is the digest of the document. */
export interface NewImage {
  id: string;
  document: string;
  /** Lowest first. */
  layers: readonly NewLayer[];
  /** Full name; none: it is found by its ID only. */
  name: string | undefined;
}

/**
 * Records a new image, in a transaction of its own, in which `also` may do more (and throw, for nothing to be recorded). The
 * layers are published; from here on the image has them.
 */
export function recordNewImage(
  { store, host, now }: Pick<Ports, 'store' | 'host' | 'now'>,
  { id, document, layers, name }: NewImage,
  also: (store: Store, time: string) => void,
): ImageRecord {
  const time = now();
  const record: ImageRecord = {
    id,
    names: name === undefined ? [] : [name],
    layers: layers.map(({ diffId, sizeBytes }) => ({ diffId, sizeBytes })),
    config: parseImageConfig(document),
    importedAt: time,
  };
  store.transaction(() => {
    store.saveImage(record, document);
    also(store, time);
    store.releaseLayers(host.self());
  });
  return record;
}
