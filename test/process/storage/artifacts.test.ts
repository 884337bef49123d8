import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { artifactStore } from '../../../src/storage/artifacts.ts';
import { containerPaths, storagePaths } from '../../../src/storage/paths.ts';
import { scratch } from './archives.ts';

test('an artifact is stored whole with mode 0740, replaced, read, listed and removed', async (t) => {
  const paths = storagePaths(scratch(t));
  const { root } = containerPaths(paths, 'id');
  mkdirSync(root, { recursive: true });
  const store = artifactStore(paths, 'id');
  assert.deepEqual(store.list(), []);
  await store.add('note', Readable.from(['first']));
  await store.add('b.bin', Readable.from([Buffer.from([0, 255, 10])]));
  await store.add('note', Readable.from(['sec', 'ond']));
  assert.deepEqual(store.list(), ['b.bin', 'note']);
  assert.equal(statSync(join(root, 'artifacts/note')).mode & 0o7777, 0o740);
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.get('note')) chunks.push(chunk);
  assert.equal(Buffer.concat(chunks).toString(), 'second');
  store.remove('note');
  assert.deepEqual(store.list(), ['b.bin']);
  assert.throws(() => store.get('note'), { code: 'invalid' });
  assert.throws(() => store.remove('note'), { code: 'invalid' });
});

test('what fails half way leaves the older one, and nothing of the new', async (t) => {
  const paths = storagePaths(scratch(t));
  const { root } = containerPaths(paths, 'id');
  mkdirSync(join(root, 'artifacts'), { recursive: true });
  writeFileSync(join(root, 'artifacts/note'), 'old');
  async function* failing(): AsyncGenerator<Buffer> {
    yield Buffer.from('half');
    throw new Error('the source failed');
  }
  await assert.rejects(artifactStore(paths, 'id').add('note', failing()), /the source failed/);
  assert.deepEqual(readdirSync(join(root, 'artifacts')), ['note']);
  assert.equal(statSync(join(root, 'artifacts/note')).size, 3);
});

test('a container that is gone is not brought back as a directory', async (t) => {
  const paths = storagePaths(scratch(t));
  mkdirSync(paths.containers, { recursive: true });
  await assert.rejects(artifactStore(paths, 'gone').add('note', Readable.from(['x'])), { code: 'storage' });
  assert.deepEqual(readdirSync(paths.containers), []);
});
