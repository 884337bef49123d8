import assert from 'node:assert/strict';
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import { importArchive } from '../../../src/storage/import.ts';
import { storagePaths } from '../../../src/storage/paths.ts';
import { mountRootfs, unmountRootfs } from '../../../src/storage/rootfs.ts';
import { dockerArchive, scratch } from './archives.ts';
import { SEED, TIMES } from './fuzz-size.ts';
import { type LayerCase, stackedLayer, tarOfCase } from './layer-cases.ts';
import { linesOfModel, linesOnDisk, withoutMadeUpTimes } from './layer-facts.ts';
import { mergeLayers, modelLayer, Refused } from './layer-model.ts';

const ID = 'f'.repeat(64);

function isAccepted({ entries }: LayerCase): boolean {
  try {
    modelLayer(entries);
    return true;
  } catch (error) {
    if (error instanceof Refused) return false;
    throw error;
  }
}

test('generated layers over each other, mounted, show what overlayfs and the metadata of the layers below make of them', async (t) => {
  const base = scratch(t);
  const mountPoint = join(base, 'root');
  const paths = storagePaths(join(base, 'state'));
  const stacks = fc.array(stackedLayer.filter(isAccepted), { minLength: 2, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(stacks, async (layers) => {
      const tars = layers.map(tarOfCase);
      // A layer that is there twice shows what its topmost place shows.
      const distinct = layers.filter(
        (_, at) => !tars.some((tar, above) => above > at && tars[at]?.equals(tar)),
      );
      const model = mergeLayers(distinct.map(({ entries }) => modelLayer(entries)));
      const [image] = await importArchive(paths, { stream: Readable.from([await dockerArchive(tars)]) });
      await mountRootfs(paths, { layers: image?.config.diffIds ?? [] }, { id: ID, mountPoint });
      try {
        const expected = linesOfModel(model.root, { links: false });
        const found = linesOnDisk(mountPoint, { links: false });
        assert.deepEqual(withoutMadeUpTimes(found, expected), expected);
        assert.equal(statSync(mountPoint).mode & 0o7777, model.rootMeta?.mode ?? 0o555);
      } finally {
        await unmountRootfs(mountPoint);
        rmSync(paths.root, { recursive: true });
      }
    }),
    { numRuns: 120 * TIMES, ...SEED },
  );
});
