/** A layer that was unpacked is written again as the same tar, whatever its writer put into it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { BerthError } from '../../../src/model/errors.ts';
import { publishLayers } from '../../../src/storage/layers.ts';
import {
  ensureStorage,
  layerDirectory,
  type StoragePaths,
  storagePaths,
} from '../../../src/storage/paths.ts';
import { stageLayer } from '../../../src/storage/stage-layer.ts';
import { layerTar } from '../../../src/storage/tar/layer.ts';
import { scratch, sha256, tarOf } from './archives.ts';

const big = Buffer.alloc(700_000, 'content of a big file ');

/** Tars made in every way that has been seen, or is allowed. */
const TARS: Record<string, () => Promise<Buffer> | Buffer> = {
  'of files and directories': () =>
    tarOf([
      { name: 'etc/', type: 'directory' },
      { name: 'etc/a', body: 'a' },
      { name: 'etc/empty', body: '' },
      { name: 'big', body: big.toString() },
    ]),
  'of nothing': () => tarOf([]),
  'without a byte': () => Buffer.alloc(0),
  'with whiteouts and opaque directories': () =>
    tarOf([
      { name: 'etc/.wh.gone', body: '' },
      { name: 'var/', type: 'directory' },
      { name: 'var/.wh..wh..opq', body: '' },
      { name: '.wh.odd', body: 'a whiteout with content' },
      { name: '.wh..wh.plnk', body: 'bookkeeping of aufs' },
    ]),
  'that replaces its own files': () =>
    tarOf([
      { name: 'twice', body: 'first' },
      { name: 'link', type: 'link', linkname: 'twice' },
      { name: 'twice', body: 'second, and longer' },
      { name: 'link', body: 'no link any more' },
      { name: 'twice', body: 'third' },
      { name: 'dir/', type: 'directory' },
      { name: 'dir/file', body: 'in a directory that becomes a file' },
      { name: 'dir', body: 'the file' },
    ]),
  'with links, fifos and names as they come': () =>
    tarOf([
      { name: './a', body: 'dot' },
      { name: '/absolute', body: 'slash' },
      { name: 'b//c', body: 'double' },
      { name: 'hard', type: 'link', linkname: './a' },
      { name: 'soft', type: 'symlink', linkname: '../../etc/passwd' },
      { name: 'fifo', type: 'fifo' },
      { name: `long/${'n'.repeat(200)}`, body: 'long name' },
    ]),
  'by GNU tar, with its own headers, blocks of zeros behind': () => gnuTar('--format=gnu'),
  'by GNU tar, with pax headers and fractions of seconds': () => gnuTar('--format=posix'),
  'by GNU tar, of the time before POSIX': () => gnuTar('--format=v7'),
};

for (const [what, make] of Object.entries(TARS)) {
  test(`a tar ${what} comes back byte for byte, however its bytes came`, async (t) => {
    const tar = await make();
    for (const cut of [65_536, 511, 1]) {
      if (cut === 1 && tar.length > 50_000) continue;
      const { paths } = await stored(t, tar, cut);
      assert.deepEqual(await collect(layerTar(paths, sha256(tar))), tar, `in pieces of ${cut}`);
    }
  });
}

test('a file of the store that was changed is noticed, also when it is gone or shorter', async (t) => {
  const tar = await tarOf([{ name: 'a', body: 'content' }]);
  for (const change of ['changed', 'short', undefined]) {
    const { paths, directory } = await stored(t, tar);
    if (change === undefined) execFileSync('rm', [join(directory, 'diff/a')]);
    else writeFileSync(join(directory, 'diff/a'), change);
    await assert.rejects(
      collect(layerTar(paths, sha256(tar))),
      (error) => error instanceof BerthError && /is not what it was when it was stored/.test(error.message),
    );
  }
});

test('a layer of before there were frames says what to do, and gets its frame when it is loaded again', async (t) => {
  const tar = await tarOf([{ name: 'a', body: 'content' }]);
  const { paths, directory } = await stored(t, tar);
  execFileSync('rm', [join(directory, 'frame.zst')]);
  await assert.rejects(collect(layerTar(paths, sha256(tar))), /load the image again/);
  await stage(paths, tar, 100);
  assert.deepEqual(await collect(layerTar(paths, sha256(tar))), tar);
});

test('what a layer holds besides its files is small', async (t) => {
  const entries = Array.from({ length: 500 }, (_, index) => ({
    name: `file-${index}`,
    body: 'x'.repeat(100),
  }));
  const { directory } = await stored(t, await tarOf(entries));
  assert.deepEqual(readdirSync(directory).sort(), ['diff', 'frame.zst', 'layer.json']);
  const size = Number(execFileSync('stat', ['--format=%s', join(directory, 'frame.zst')]));
  assert.ok(size < 30_000, `${size} bytes for 500 entries`);
});

async function stored(
  t: TestContext,
  tar: Buffer,
  cut = 1000,
): Promise<{ paths: StoragePaths; directory: string }> {
  const paths = storagePaths(join(scratch(t), 'state'));
  ensureStorage(paths);
  await stage(paths, tar, cut);
  return { paths, directory: layerDirectory(paths, sha256(tar)) };
}

async function stage(paths: StoragePaths, tar: Buffer, cut: number): Promise<void> {
  async function* pieces(): AsyncGenerator<Buffer> {
    for (let at = 0; at < tar.length; at += cut) yield tar.subarray(at, at + cut);
  }
  const staging = join(paths.staging, 'one');
  const layer = await stageLayer(join(staging, sha256(tar)), pieces());
  assert.deepEqual(layer, { diffId: sha256(tar), sizeBytes: tar.length });
  await publishLayers(paths, staging, [layer.diffId]);
  execFileSync('rm', ['-rf', staging]);
}

async function collect(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of source) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

function gnuTar(format: string): Buffer {
  const directory = execFileSync('mktemp', ['-d'], { encoding: 'utf8' }).trim();
  try {
    mkdirSync(join(directory, 'deep'));
    writeFileSync(join(directory, 'deep', 'file'), big.subarray(0, 100_000));
    writeFileSync(join(directory, 'ä name'), 'name');
    if (format !== '--format=v7') writeFileSync(join(directory, 'l'.repeat(150)), 'long');
    return execFileSync('tar', [format, '--create', '--blocking-factor=40', '--directory', directory, '.'], {
      maxBuffer: 1 << 24,
    });
  } finally {
    execFileSync('rm', ['-rf', directory]);
  }
}
