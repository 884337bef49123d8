import assert from 'node:assert/strict';
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { containerPaths, storagePaths } from '../../../src/storage/paths.ts';
import { containerSizes, diskUsage } from '../../../src/storage/sizes.ts';
import { scratch } from './archives.ts';

test('usage counts lengths of files and links, hard links once, and no directories', (t) => {
  const directory = scratch(t);
  mkdirSync(join(directory, 'a/b'), { recursive: true });
  writeFileSync(join(directory, 'a/b/file'), 'x'.repeat(1000));
  linkSync(join(directory, 'a/b/file'), join(directory, 'a/again'));
  symlinkSync('12345', join(directory, 'link'));
  writeFileSync(Buffer.concat([Buffer.from(`${directory}/`), Buffer.from([0xff])]), 'odd name');
  assert.equal(diskUsage(directory), 1000 + 5 + 8);
  assert.equal(diskUsage(join(directory, 'nothing')), 0);
});

test('a container has its upper directory and the sizes of its layers, one with a directory of its own only that', (t) => {
  const paths = storagePaths(scratch(t));
  for (const [diffId, sizeBytes] of [
    ['a', 10_240],
    ['b', 20_480],
  ] as const) {
    mkdirSync(join(paths.layers, diffId), { recursive: true });
    writeFileSync(join(paths.layers, diffId, 'layer.json'), JSON.stringify({ version: 1, sizeBytes }));
  }
  assert.deepEqual(containerSizes(paths, { layers: ['a', 'b'] }, 'id'), { rw: 0, rootFs: 30_720 });
  const { upper } = containerPaths(paths, 'id');
  mkdirSync(upper, { recursive: true });
  writeFileSync(join(upper, 'file'), 'hello');
  assert.deepEqual(containerSizes(paths, { layers: ['a', 'b'] }, 'id'), { rw: 5, rootFs: 30_725 });
  assert.deepEqual(containerSizes(paths, { directory: upper }, 'id'), { rw: 5, rootFs: 0 });
});
