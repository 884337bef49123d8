/** Layers that are made here: of a tar, of what a container changed, or of a whole tree. */
import { randomUUID } from 'node:crypto';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { BerthError, isErrno, messageOf } from '../model/errors.ts';
import { type IdMappings, shifting } from '../model/user-namespace/id-map.ts';
import { toBytes } from './byte-string.ts';
import { publishLayers } from './layers.ts';
import { upperLayer } from './merged.ts';
import { ensureStorage, type StoragePaths } from './paths.ts';
import { openRoot, ownPath } from './rooted.ts';
import { type StagedLayer, stageLayer } from './stage-layer.ts';
import { withStaging } from './staging.ts';
import { type Bytes, decompress } from './tar/decompress.ts';
import { packTree } from './tree-pack.ts';

/**
 * A tar, packed or not; a container whose changes are meant; a directory that is meant whole, itself included. `ids`: of the
 * user namespace whose owners the files have.
 */
export type LayerSource =
  | { tar: AsyncIterable<Uint8Array> }
  | { container: string; ids?: IdMappings | undefined }
  | { directory: string; ids?: IdMappings | undefined };

/**
 * Unpacks a layer into the store and returns what it is. `hold` is called with its diff id before anybody can see it: it
 * must stay though no image has it yet. Errors: BerthError('archive') for a broken or hostile tar, 'storage' for the disk.
 */
export async function addLayer(
  paths: StoragePaths,
  source: LayerSource,
  hold: (diffIds: readonly string[]) => void,
): Promise<StagedLayer> {
  ensureStorage(paths);
  return withStaging(paths, async (staging) => {
    try {
      const unnamed = join(staging.directory, randomUUID());
      const layer = await stageLayer(unnamed, tarOf(paths, source));
      renameSync(unnamed, join(staging.directory, layer.diffId));
      staging.assertOwned();
      hold([layer.diffId]);
      await publishLayers(paths, staging.directory, [layer.diffId]);
      return layer;
    } catch (error) {
      if (error instanceof BerthError || (error as NodeJS.ErrnoException).code === undefined) throw error;
      const full = isErrno(error, 'ENOSPC', 'EDQUOT');
      throw new BerthError(
        'storage',
        full ? 'no space left for the image' : `cannot make the layer: ${messageOf(error)}`,
        { cause: error },
      );
    }
  });
}

function tarOf(paths: StoragePaths, source: LayerSource): Bytes {
  if ('tar' in source) return decompress(source.tar as Readable);
  const ids = shifting(source.ids);
  return 'container' in source ? changesOf(paths, source.container, ids) : wholeTree(source.directory, ids);
}

/** Of a container that was never mounted: a layer with nothing in it. */
async function* changesOf(paths: StoragePaths, id: string, ids: IdMappings | undefined): Bytes {
  const upper = await upperLayer(paths, id);
  if (upper === undefined) {
    yield Buffer.alloc(1024);
    return;
  }
  using top = openRoot({ directory: toBytes(upper.base).toString() });
  const tree = { directory: ownPath(top), mounts: new Map<string, string>(), ids };
  yield* packTree(tree, top, { devices: true, exactTimes: false, layer: { opaque: upper.opaque } });
}

async function* wholeTree(directory: string, ids: IdMappings | undefined): Bytes {
  using top = openRoot({ directory });
  const tree = { directory: ownPath(top), mounts: new Map<string, string>(), ids };
  yield* packTree(tree, top, { name: '.', devices: true, exactTimes: false });
}
