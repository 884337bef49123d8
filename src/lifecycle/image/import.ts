/** import: a tar of a root file system becomes an image of one layer. */

import { withChanges } from '../../model/image/change.ts';
import { type DocumentPlatform, importedDocument } from '../../model/image/document.ts';
import { normaliseImageName } from '../../model/image/image.ts';
import type { Ports } from '../ports.ts';
import { appendImageEvent } from './event.ts';
import { recordNewImage } from './new-image.ts';

type ImportPorts = Pick<Ports, 'store' | 'host' | 'imageFiles' | 'now'>;

export interface ImportRequest {
  tar: AsyncIterable<Uint8Array>;
  /** As typed. */
  name?: string;
  /** RFC 3339. */
  created: string;
  platform: DocumentPlatform;
  changes: readonly string[];
  message?: string;
}

/** Imports and returns the image's ID. What is wrong with the request is told before the tar is read. */
export async function importImage(ports: ImportPorts, request: ImportRequest): Promise<string> {
  const { store, host, imageFiles } = ports;
  const config = withChanges({}, request.changes);
  const name = request.name === undefined ? undefined : normaliseImageName(request.name);
  const layer = await imageFiles.addLayer({ tar: request.tar }, (diffIds) =>
    store.transaction(() => store.holdLayers(diffIds, host.self())),
  );
  const document = importedDocument({ ...request, config, diffId: layer.diffId });
  const id = imageFiles.digest(document);
  recordNewImage(ports, { id, document, layers: [layer], name }, (_, time) => {
    appendImageEvent(store, { id, status: 'import', name: name ?? '', time });
  });
  return id;
}
