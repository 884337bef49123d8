import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { importArchive } from '../../../src/storage/import.ts';
import { removeLayers } from '../../../src/storage/layers.ts';
import { containerPaths, storagePaths } from '../../../src/storage/paths.ts';
import { deleteContainerStorage, mountRootfs, unmountRootfs } from '../../../src/storage/rootfs.ts';
import { mountAt } from '../../../src/sys/mountinfo.ts';
import { dockerArchive, type Entry, scratch, tarOf } from './archives.ts';

const ID = 'c'.repeat(64);

async function image(t: TestContext, layers: readonly Entry[][]) {
  const directory = scratch(t);
  const paths = storagePaths(join(directory, 'state, with: odd name'));
  const archive = await dockerArchive(await Promise.all(layers.map((entries) => tarOf(entries))));
  const [imported] = await importArchive(paths, { stream: Readable.from([archive]) });
  const mountPoint = join(directory, 'root of it');
  return { paths, mountPoint, layers: imported?.layers.map(({ diffId }) => diffId) ?? [] };
}

test('layers merge, whiteouts hide, and what is written lands in the upper directory', async (t) => {
  const { paths, mountPoint, layers } = await image(t, [
    [
      { name: 'd/', type: 'directory' },
      { name: 'd/old', body: 'old' },
      { name: 'd/gone', body: 'x' },
      { name: 'o/', type: 'directory' },
      { name: 'o/gone', body: 'x' },
    ],
    [
      { name: 'd/', type: 'directory' },
      { name: 'd/old', body: 'new' },
      { name: 'd/.wh.gone' },
      { name: 'o/', type: 'directory' },
      { name: 'o/.wh..wh..opq' },
    ],
  ]);
  await mountRootfs(paths, { layers }, { id: ID, mountPoint });
  assert.equal(readFileSync(join(mountPoint, 'd/old'), 'utf8'), 'new');
  assert.deepEqual([readdirSync(join(mountPoint, 'd')), readdirSync(join(mountPoint, 'o'))], [['old'], []]);
  writeFileSync(join(mountPoint, 'd/written'), 'y');
  assert.ok(existsSync(join(containerPaths(paths, ID).upper, 'd/written')));
  assert.equal(mountAt(mountPoint)?.fsType, 'overlay');
  assert.ok(mountAt(mountPoint)?.options.includes('nodev'));

  await mountRootfs(paths, { layers }, { id: ID, mountPoint });
  assert.deepEqual(await unmountRootfs(mountPoint), { lazy: false });
  assert.equal(mountAt(mountPoint), undefined, 'mounting twice mounted once');
  assert.deepEqual(await unmountRootfs(mountPoint), { lazy: false }, 'nothing mounted is fine');

  await mountRootfs(paths, { layers }, { id: ID, mountPoint });
  assert.equal(readFileSync(join(mountPoint, 'd/written'), 'utf8'), 'y');
});

test('120 layers mount, with the topmost on top', async (t) => {
  const stack = Array.from({ length: 120 }, (_, index) => [
    { name: 'top', body: String(index) },
    { name: `layer-${index}`, body: '' },
  ]);
  const { paths, mountPoint, layers } = await image(t, stack);
  await mountRootfs(paths, { layers }, { id: ID, mountPoint });
  assert.equal(readFileSync(join(mountPoint, 'top'), 'utf8'), '119');
  assert.equal(readdirSync(mountPoint).length, 121);
});

test('a layer that occurs twice in an image shows what its topmost place shows', async (t) => {
  const { paths, mountPoint, layers } = await image(t, [
    [{ name: 'f', body: 'first' }],
    [{ name: '.wh.f' }],
    [{ name: 'f', body: 'first' }],
  ]);
  assert.equal(new Set(layers).size, 2);
  await mountRootfs(paths, { layers }, { id: ID, mountPoint });
  assert.equal(readFileSync(join(mountPoint, 'f'), 'utf8'), 'first');
});

test('the root and directories that a layer has no entry for keep the metadata of the layers below', async (t) => {
  const { paths, mountPoint, layers } = await image(t, [
    [
      { name: './', type: 'directory', mode: 0o711, uid: 1, gid: 2 },
      { name: 'tmp/', type: 'directory', mode: 0o1777 },
      { name: 'var/', type: 'directory', mode: 0o750, uid: 3 },
      { name: 'var/x/', type: 'directory', mode: 0o700, uid: 4 },
      { name: 'opt/', type: 'directory', mode: 0o700 },
      { name: 'opt/x', body: '' },
    ],
    [{ name: 'tmp/file', body: '' }, { name: 'var/x/y/file', body: '' }, { name: '.wh.opt' }],
    [{ name: 'opt/y', body: '' }],
  ]);
  await mountRootfs(paths, { layers }, { id: ID, mountPoint });
  const facts = (path: string) => {
    const { mode, uid, gid } = statSync(join(mountPoint, path));
    return [(mode & 0o7777).toString(8), uid, gid];
  };
  assert.deepEqual(facts('.'), ['711', 1, 2]);
  assert.deepEqual(facts('tmp'), ['1777', 0, 0]);
  assert.deepEqual(facts('var'), ['750', 3, 0]);
  assert.deepEqual(facts('var/x'), ['700', 4, 0]);
  assert.deepEqual(facts('var/x/y'), ['755', 0, 0]);
  assert.deepEqual(facts('opt'), ['755', 0, 0], 'a removed directory leaves nothing to inherit');
  assert.equal(statSync(join(mountPoint, 'tmp')).mtimeMs, 1_000_000_000_000);
});

test('a busy root file system is detached, and can be mounted again at once', async (t) => {
  const { paths, mountPoint, layers } = await image(t, [[{ name: 'f', body: 'x' }]]);
  await mountRootfs(paths, { layers }, { id: ID, mountPoint });
  const sitter = spawn('sh', ['-c', 'echo sitting; read _'], {
    cwd: mountPoint,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    await once(sitter.stdout, 'data');
    assert.deepEqual(await unmountRootfs(mountPoint), { lazy: true });
    assert.equal(mountAt(mountPoint), undefined);
    await mountRootfs(paths, { layers }, { id: ID, mountPoint });
    assert.equal(readFileSync(join(mountPoint, 'f'), 'utf8'), 'x');
  } finally {
    sitter.stdin.end();
    await once(sitter, 'close');
  }
});

test('a directory is bound as it is', async (t) => {
  const directory = scratch(t);
  const rootfs = join(directory, 'root,fs');
  const mountPoint = join(directory, 'mounted');
  mkdirSync(rootfs);
  writeFileSync(join(rootfs, 'f'), 'x');
  const paths = storagePaths(join(directory, 'state'));
  await mountRootfs(paths, { directory: rootfs }, { id: ID, mountPoint });
  writeFileSync(join(mountPoint, 'g'), 'y');
  assert.deepEqual(readdirSync(rootfs), ['f', 'g']);
  await assert.rejects(
    mountRootfs(paths, { directory: join(rootfs, 'f') }, { id: ID, mountPoint: join(directory, 'm2') }),
    /is not a directory/,
  );
  await assert.rejects(
    mountRootfs(paths, { directory: join(rootfs, 'no') }, { id: ID, mountPoint: join(directory, 'm2') }),
    /is not a directory/,
  );
});

test('a missing layer is named', async (t) => {
  const { paths, mountPoint, layers } = await image(t, [[{ name: 'f', body: 'x' }]]);
  await removeLayers(paths, [layers[0] ?? ''])();
  await removeLayers(paths, [layers[0] ?? ''])();
  await assert.rejects(mountRootfs(paths, { layers }, { id: ID, mountPoint }), {
    code: 'storage',
    message: `layer ${layers[0]} is missing: load its image again`,
  });
  assert.equal(mountAt(mountPoint), undefined);
});

test("a container's storage is removed, but never through a mount", async (t) => {
  const { paths, layers } = await image(t, [[{ name: 'f', body: 'x' }]]);
  const mountPoint = join(containerPaths(paths, ID).root, 'merged');
  await mountRootfs(paths, { layers }, { id: ID, mountPoint });
  await assert.rejects(deleteContainerStorage(paths, ID), /still mounted/);
  await unmountRootfs(mountPoint);
  await deleteContainerStorage(paths, ID);
  assert.deepEqual(readdirSync(paths.containers), []);
  await deleteContainerStorage(paths, ID);
});
