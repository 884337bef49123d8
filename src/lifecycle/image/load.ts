/** load: an image archive, and what pull has fetched, into the layer store and the image table. */
import type { ImageConfig } from '../../model/image/image.ts';
import type { ImageRecord } from '../../model/records.ts';
import type { Ports } from '../ports.ts';

/** What the storage adapter found and unpacked. */
export interface ImportedImage {
  id: string;
  names: string[];
  layers: { diffId: string; sizeBytes: number }[];
  config: ImageConfig;
  /** The config as it came. */
  configJson: string;
  digest?: string;
  listDigest?: string;
}

/**
 * Records imported images; a name that belonged to another image moves. Returns the records as they are now. The
 * layers must already be published in the layer store: a row never names a layer that is not there.
 */
export function recordImages(
  { store, host, now }: Pick<Ports, 'store' | 'host' | 'now'>,
  imported: readonly ImportedImage[],
  status: 'loadfromarchive' | 'pull' = 'loadfromarchive',
): ImageRecord[] {
  const time = now();
  const records = imported.map(
    ({ id, names, layers, config, digest, listDigest }): ImageRecord => ({
      id,
      names,
      layers: layers.map(({ diffId, sizeBytes }) => ({ diffId, sizeBytes })),
      config,
      ...(digest === undefined ? {} : { digest }),
      ...(listDigest === undefined ? {} : { listDigest }),
      importedAt: time,
    }),
  );
  store.transaction(() => {
    for (const [index, image] of records.entries()) {
      store.saveImage(image, imported[index]?.configJson);
      store.appendEvent({
        type: 'image',
        status,
        id: image.id,
        name: image.names[0] ?? '',
        image: image.names[0] ?? '',
        time,
      });
    }
    store.releaseLayers(host.self());
  });
  return records;
}
