import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdirSync, openSync, readdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { BerthError } from '../../../src/model/errors.ts';
import type { ArchiveSource } from '../../../src/storage/archive.ts';
import { budget } from '../../../src/storage/budget.ts';
import { type ImportOptions, importArchive } from '../../../src/storage/import.ts';
import { listLayers } from '../../../src/storage/layers.ts';
import { type StoragePaths, storagePaths } from '../../../src/storage/paths.ts';
import { dockerArchive, dockerEntries, type Entry, ociEntries, scratch, sha256, tarOf } from './archives.ts';
import { END_OF_TAR, rawBlocks } from './raw-tar.ts';

const MIB = 2 ** 20;

/** A megabyte and a bit of zeros in a layer: what is left of it packed is a bomb where a megabyte is allowed. */
const swollen = await tarOf([{ name: 'zeros', body: Buffer.alloc(MIB) }]);
const PACKERS: Record<string, (tar: Buffer) => Buffer> = {
  gzip: (tar) => gzipSync(tar),
  zstd: (tar) => zstdCompressSync(tar),
  xz: (tar) => execFileSync('xz', ['--stdout', '-0'], { input: tar, maxBuffer: 64 * MIB }),
};

function stateOf(t: TestContext): StoragePaths {
  return storagePaths(join(scratch(t), 'state'));
}

async function assertRefused(
  paths: StoragePaths,
  source: ArchiveSource,
  wanted: { message: RegExp; code?: string; options?: ImportOptions },
): Promise<void> {
  await assert.rejects(importArchive(paths, source, wanted.options), (error) => {
    assert.ok(error instanceof BerthError, (error as Error).stack);
    assert.equal(error.code, wanted.code ?? 'archive', error.message);
    assert.match(error.message, wanted.message);
    assert.doesNotMatch(error.message, /\n/);
    return true;
  });
  assert.deepEqual([listLayers(paths), readdirSync(paths.staging)], [[], []]);
}

for (const [name, pack] of Object.entries(PACKERS)) {
  test(`a layer or an archive of ${name} that unpacks to more than --max-size is refused; 0 and a larger size take it`, async (t) => {
    const paths = stateOf(t);
    const layer = await tarOf(ociEntries([swollen], { pack }));
    const archive = pack(await dockerArchive([swollen]));
    const bomb = { message: /unpacks to more than 1.05 MB, more than --max-size allows: .* or 0 for any/ };
    for (const content of [layer, archive]) {
      const stream = Readable.from([content], { objectMode: false });
      await assertRefused(paths, { stream }, { ...bomb, options: { maxBytes: MIB } });
    }
    for (const maxBytes of [0, 2 * MIB]) {
      const stream = Readable.from([archive], { objectMode: false });
      assert.equal((await importArchive(paths, { stream }, { maxBytes })).length, 1);
    }
  });
}

test('unless told otherwise, a gigabyte and two hundred times what was read may come out, not more', async (t) => {
  const frame = zstdCompressSync(Buffer.alloc(64 * MIB));
  const unpacked = async (frames: number, more: Buffer[] = []): Promise<number> => {
    let length = 0;
    const { decompress } = budget({ directory: scratch(t) });
    const source = Readable.from([...more, ...Array.from({ length: frames }, () => frame)], {
      objectMode: false,
    });
    for await (const chunk of decompress(source as AsyncIterable<Buffer>)) length += chunk.length;
    return length;
  };
  assert.equal(await unpacked(16), 1024 * MIB);
  await assert.rejects(unpacked(18), {
    code: 'archive',
    message:
      /unpacks to more than 1.08 GB, and only [\d.]+ kB were read for it: load it with --max-size SIZE/,
  });
  const incompressible = zstdCompressSync(
    Buffer.from(Array.from({ length: MIB }, () => Math.random() * 256)),
  );
  assert.equal(await unpacked(18, [incompressible]), 1153 * MIB);
});

test('a disk that would be filled to the brim is left with what it needs, and the next import succeeds', async (t) => {
  const paths = stateOf(t);
  mkdirSync(paths.root);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=100m,nr_inodes=3000', 'tmpfs', paths.root]);
  const large = await tarOf([{ name: 'large', body: Buffer.alloc(90 * MIB) }]);
  const larger = await tarOf([{ name: 'large', body: Buffer.alloc(99 * MIB) }]);
  const many = Buffer.concat([
    ...Array.from({ length: 4000 }, (_, index) => rawBlocks({ name: `d/${index}`, type: '0' })),
    END_OF_TAR,
  ]);
  const full = { code: 'storage', message: /no space left/i };
  for (const layer of [larger, many]) {
    const packed = await tarOf(ociEntries([layer], { pack: (tar) => zstdCompressSync(tar) }));
    await assertRefused(paths, { stream: Readable.from([packed], { objectMode: false }) }, full);
  }
  const packed = await tarOf(ociEntries([large], { pack: (tar) => zstdCompressSync(tar) }));
  const [image] = await importArchive(paths, { stream: Readable.from([packed], { objectMode: false }) });
  assert.deepEqual(listLayers(paths), image?.config.diffIds);
});

const base = await tarOf([{ name: 'a', body: 'x' }]);

test('a config of 100 MB is refused before it is read', async (t) => {
  const directory = scratch(t);
  const path = join(directory, 'archive.tar');
  const config = `${'c'.repeat(64)}.json`;
  const manifest = JSON.stringify([{ Config: config, Layers: [], RepoTags: [] }]);
  const size = 100 * MIB;
  const file = openSync(path, 'w');
  const head = rawBlocks({ name: 'manifest.json', type: '0' }, Buffer.from(manifest));
  // A hole: it is as long as it says.
  writeSync(file, Buffer.concat([head, rawBlocks({ name: config, type: '0', size })]));
  ftruncateSync(file, head.length + 512 + size + END_OF_TAR.length);
  closeSync(file);
  await assertRefused(
    storagePaths(join(directory, 'state')),
    { path },
    { message: /has 104857600 bytes, more than/ },
  );
});

/** An index that leads to an index, so many times, and then to the image. */
async function nested(depth: number): Promise<Buffer> {
  const entries = ociEntries([base]);
  let descriptor = JSON.parse(String(entries[1]?.body)).manifests[0];
  const indexes: Entry[] = [];
  for (let level = 0; level < depth; level++) {
    const body = JSON.stringify({ manifests: [descriptor] });
    descriptor = { digest: `sha256:${sha256(body)}`, size: body.length };
    indexes.push({ name: `blobs/sha256/${sha256(body)}`, body });
  }
  const top = { name: 'index.json', body: JSON.stringify({ manifests: [descriptor] }) };
  return tarOf([...entries.filter(({ name }) => name !== 'index.json'), ...indexes, top]);
}

const digest = `sha256:${'d'.repeat(64)}`;
const itself = JSON.stringify({ manifests: [{ digest, size: 1 }] });
const deepJson = `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`;
const LIES: [what: string, archive: Buffer, message: RegExp][] = [
  ['an index of indexes of indexes without an end', await nested(7), /an index of indexes of indexes/],
  [
    'an index that names itself',
    await tarOf([
      { name: 'index.json', body: itself },
      { name: `blobs/sha256/${'d'.repeat(64)}`, body: itself },
    ]),
    /does not match its digest/,
  ],
  [
    'a manifest of a million brackets',
    await tarOf([{ name: 'manifest.json', body: deepJson }]),
    /form it should have/,
  ],
  [
    'a manifest of a hundred thousand images',
    await tarOf([{ name: 'manifest.json', body: `[${Array(100_000).fill('{}').join()}]` }]),
    /names 100000 images, more than 1000/,
  ],
  [
    'an image of 501 layers',
    await dockerArchive(
      await Promise.all(Array.from({ length: 501 }, (_, n) => tarOf([{ name: `${n}`, body: 'x' }]))),
    ),
    /501 layers, overlayfs takes no more than 500/,
  ],
  [
    'a layer that says it has 8 exabytes',
    await dockerArchive([
      Buffer.concat([rawBlocks({ name: 'f', type: '0', size: 2 ** 62 }), Buffer.from('x')]),
    ]),
    /Unexpected end of data/,
  ],
  [
    'an archive that says a layer has 8 exabytes',
    Buffer.concat([rawBlocks({ name: 'f', type: '0', size: 2 ** 62 }), Buffer.from('x')]),
    /Unexpected end of data/,
  ],
  [
    'a manifest whose layer has another size',
    await tarOf(
      ociEntries([base]).map((entry) =>
        entry.name === `blobs/sha256/${sha256(base)}`
          ? { ...entry, body: Buffer.concat([base, base]) }
          : entry,
      ),
    ),
    /has \d+ bytes, declared are \d+/,
  ],
  [
    'a manifest whose digest is not that of the layer',
    await tarOf(
      dockerEntries([base]).map((entry) =>
        entry.name === '0/layer.tar'
          ? { ...entry, body: Buffer.concat([base.subarray(0, 512), Buffer.from('y'), base.subarray(513)]) }
          : entry,
      ),
    ),
    /does not have the content/,
  ],
];
for (const [what, archive, message] of LIES) {
  test(`refused in one line, leaving nothing: ${what}`, async (t) => {
    await assertRefused(stateOf(t), { stream: Readable.from([archive], { objectMode: false }) }, { message });
  });
}

test('what an archive has too many of is refused: files, and levels of directories', async (t) => {
  const paths = stateOf(t);
  const files = Array.from({ length: 100_002 }, (_, index) => rawBlocks({ name: `${index}`, type: '0' }));
  const stream = Readable.from([Buffer.concat([...files, END_OF_TAR])], { objectMode: false });
  await assertRefused(paths, { stream }, { message: /too many files/ });
  const deep = await dockerArchive([await tarOf([{ name: 'd/'.repeat(3000), type: 'directory' }])]);
  await assertRefused(
    paths,
    { stream: Readable.from([deep], { objectMode: false }) },
    { message: /ENAMETOOLONG/ },
  );
});
