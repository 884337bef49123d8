/** Sparse files in tars: unpacked with their holes from every format of GNU tar's, and back to the same bytes. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { BerthError } from '../../../src/model/errors.ts';
import { openArchive } from '../../../src/storage/archive.ts';
import { budget } from '../../../src/storage/budget.ts';
import { publishLayers } from '../../../src/storage/layers.ts';
import { ensureStorage, layerDirectory, storagePaths } from '../../../src/storage/paths.ts';
import { stageLayer } from '../../../src/storage/stage-layer.ts';
import { layerTar } from '../../../src/storage/tar/layer.ts';
import { openTree } from '../../../src/storage/tree.ts';
import { unpackLayer } from '../../../src/storage/unpack.ts';
import { scratch, seal, sha256 } from './archives.ts';
import { END_OF_TAR, paxBlocks, rawBlocks } from './raw-tar.ts';

const FORMATS: Record<string, string[]> = {
  'the old one': ['--format=gnu'],
  'PAX 0.0': ['--format=posix', '--sparse-version=0.0'],
  'PAX 0.1': ['--format=posix', '--sparse-version=0.1'],
  'PAX 1.0': ['--format=posix', '--sparse-version=1.0'],
};

/** Files with holes at the start, at the end, everywhere and nowhere; `many` has more parts than one block of a map. */
function makeSparse(directory: string): void {
  mkdirSync(join(directory, 'deep'));
  const sparse = (name: string, size: number, parts: [offset: number, text: string][]) => {
    const fd = openSync(join(directory, name), 'wx');
    ftruncateSync(fd, size);
    for (const [offset, text] of parts) writeSync(fd, text, offset);
    closeSync(fd);
  };
  sparse('ends', 300_000, [
    [100_000, 'middle'],
    [299_990, 'end'],
  ]);
  sparse('hole', 1_000_000, []);
  const many = Array.from({ length: 600 }, (_, index): [number, string] => [index * 9000, `part ${index}`]);
  sparse('deep/many', 6_000_000, many);
  sparse(`deep/${'l'.repeat(150)}`, 200_000, [[0, 'long name']]);
  writeFileSync(join(directory, 'plain'), 'plain '.repeat(300));
}

function gnuTar(directory: string, format: readonly string[]): Buffer {
  const file = `${directory}.tar`;
  const tar = (...args: string[]) =>
    execFileSync('tar', [
      ...format,
      '--sparse',
      '--hole-detection=raw',
      ...args,
      '--directory',
      directory,
      '.',
    ]);
  tar('--create', '--file', file);
  // Once more behind it: the second file of a name takes the place of the first.
  tar('--append', '--file', file);
  return readFileSync(file);
}

for (const [title, format] of Object.entries(FORMATS)) {
  test(`sparse files in GNU tar's format, ${title}: content and holes are right, and the tar comes back`, async (t) => {
    const from = join(scratch(t), 'from');
    mkdirSync(from);
    makeSparse(from);
    const tar = gnuTar(from, format);
    for (const cut of [65_536, 511]) {
      const paths = storagePaths(join(scratch(t), 'state'));
      ensureStorage(paths);
      const staging = join(paths.staging, 'one');
      const layer = await stageLayer(join(staging, sha256(tar)), inPieces(tar, cut));
      assert.deepEqual(layer, { diffId: sha256(tar), sizeBytes: tar.length });
      await publishLayers(paths, staging, [layer.diffId]);
      const diff = join(layerDirectory(paths, layer.diffId), 'diff');
      execFileSync('diff', ['--recursive', from, diff]);
      assert.equal(statSync(join(diff, 'hole')).blocks, 0);
      assert.ok(statSync(join(diff, 'ends')).blocks < 100);
      const chunks: Buffer[] = [];
      for await (const chunk of layerTar(paths, layer.diffId)) chunks.push(chunk);
      assert.ok(Buffer.concat(chunks).equals(tar), `in pieces of ${cut}`);
    }
  });

  test(`sparse files in GNU tar's format, ${title}, into a tree`, async (t) => {
    const from = join(scratch(t), 'from');
    mkdirSync(from);
    makeSparse(from);
    const to = scratch(t);
    await intoTree(to, gnuTar(from, format));
    execFileSync('diff', ['--recursive', from, to]);
    assert.equal(statSync(join(to, 'hole')).blocks, 0);
  });
}

/** Everything of it byte by byte: no state may depend on what came together. */
test('a sparse file is read right however its bytes come', async (t) => {
  const body = Buffer.from('abcdef');
  for (const tar of [
    Buffer.concat([pax10('2\n0\n3\n1000\n3\n', body, { realsize: '2000' }), END_OF_TAR]),
    Buffer.concat([
      old({
        parts: [
          [0, 3],
          [1000, 3],
        ],
        size: 2000,
        body,
      }),
      END_OF_TAR,
    ]),
  ]) {
    const directory = join(scratch(t), 'diff');
    mkdirSync(directory);
    await unpackLayer(Readable.from(inPieces(tar, 1)), directory);
    const content = readFileSync(join(directory, 'f'));
    assert.equal(content.length, 2000);
    assert.equal(content.toString('latin1').replaceAll('\0', ''), 'abcdef');
    assert.equal(content.indexOf('def'), 1000);
  }
});

const six = Buffer.from('abcdef');
const HOSTILE: [title: string, blocks: Buffer, message: RegExp][] = [
  [
    'parts over one another',
    old({
      parts: [
        [0, 4],
        [2, 2],
      ],
      size: 9,
      body: six,
    }),
    /sparse/,
  ],
  [
    'parts in no order',
    old({
      parts: [
        [4, 3],
        [0, 3],
      ],
      size: 9,
      body: six,
    }),
    /sparse/,
  ],
  ['a part beyond the end', old({ parts: [[0, 6]], size: 5, body: six }), /sparse/],
  ['less content than the map has', old({ parts: [[0, 7]], size: 9, body: six }), /sparse/],
  ['more content than the map has', old({ parts: [[0, 5]], size: 9, body: six }), /sparse/],
  ['a negative offset', old({ parts: [[-6, 6]], size: 9, body: six }), /sparse/],
  [
    'a negative length',
    old({
      parts: [
        [3, -3],
        [3, 9],
      ],
      size: 99,
      body: six,
    }),
    /sparse/,
  ],
  ['a negative size', old({ parts: [], size: -1, body: Buffer.alloc(0) }), /sparse/],
  ['no number', old({ parts: [['zz', 6]], size: 9, body: six }), /sparse/],
  ['a map without end', old({ parts: [], size: 9, body: six, extended: 60_000 }), /sparse/],
  ['the type of an archive that is not GNU tar’s', rawBlocks({ name: 'f', type: 'S' }, six), /not supported/],
  [
    'a map that its content does not hold',
    pax10(`1000\n${'0\n'.repeat(253)}0`, Buffer.alloc(0), {}),
    /Invalid header/,
  ],
  ['a map of words', pax10('one\n0\n6\n', six, {}), /sparse/],
  ['a number without end', pax10('1'.repeat(600), six, {}), /sparse/],
  ['as many parts as there can be', pax10('99999999999\n0\n', six, {}), /sparse/],
  ['no size', pax10('1\n0\n6\n', six, { realsize: 'x' }), /sparse/],
  ['a number of parts that is another one', pax01('0,6', { numblocks: '2' }), /sparse/],
  ['an offset without a length', pax01('0,3,3', { numblocks: '1' }), /sparse/],
  ['a version of tomorrow', pax01('0,6', { numblocks: '1', major: '2' }), /version 2\.0/],
  [
    'a link that is said to be sparse',
    Buffer.concat([
      paxBlocks({ 'GNU.sparse.map': '', 'GNU.sparse.size': '9', 'GNU.sparse.numblocks': '0' }),
      rawBlocks({ name: 'l', type: '2', linkname: 'x' }),
    ]),
    /no file/,
  ],
  ['a name that leads outside', pax10('1\n0\n6\n', six, { name: '../f' }), /"\.\."/],
];
for (const [title, blocks, message] of HOSTILE) {
  test(`refused as a sparse file: ${title}`, async (t) => {
    const outside = scratch(t);
    mkdirSync(join(outside, 'layer', 'diff'), { recursive: true });
    const tar = Buffer.concat([blocks, END_OF_TAR]);
    await assert.rejects(unpackLayer(Readable.from([tar]), join(outside, 'layer', 'diff')), (error) => {
      assert.ok(error instanceof BerthError, String((error as Error).stack));
      assert.equal(error.code, 'archive');
      assert.match(error.message, message);
      return true;
    });
    assert.deepEqual(readdirSync(outside), ['layer']);
  });
}

test('an image archive with a layer as a sparse file says what to do', async (t) => {
  const directory = scratch(t);
  const path = join(directory, 'image.tar');
  writeFileSync(path, Buffer.concat([old({ parts: [[0, 6]], size: 512, body: six }), END_OF_TAR]));
  const archive = await openArchive(
    { path },
    { file: join(directory, 'spool'), budget: budget({ directory }) },
  );
  t.after(() => archive.close());
  await assert.rejects(archive.open('f'), /"f" is stored as a sparse file: pack the archive without that/);
});

test('times before 1970: a tree keeps them, a layer has none', async (t) => {
  const file = (name: string, mtime: number) => rawBlocks({ name, type: '0', mtime });
  const pax = Buffer.concat([paxBlocks({ mtime: '-315619200.5' }), file('p', 0)]);
  const link = rawBlocks({ name: 'l', type: '2', linkname: 'f', mtime: -5 });
  const directory = rawBlocks({ name: 'd/', type: '5', mtime: -86_400, mode: 0o755 });
  const tar = Buffer.concat([file('f', -1), pax, link, directory, END_OF_TAR]);
  const tree = scratch(t);
  await intoTree(tree, tar);
  const times = (base: string) => ['f', 'p', 'l', 'd'].map((name) => lstatSync(join(base, name)).mtimeMs);
  assert.deepEqual(times(tree), [-1000, -315_619_200_500, -5000, -86_400_000]);
  const layer = scratch(t);
  await unpackLayer(Readable.from([tar]), layer);
  assert.deepEqual(times(layer), [0, 0, 0, 0]);
});

for (const field of ['uid', 'gid', 'size'] as const) {
  test(`a negative ${field} in base 256 is none, and not 0`, async (t) => {
    const tar = Buffer.concat([rawBlocks({ name: 'f', type: '0', [field]: -1 }), END_OF_TAR]);
    await assert.rejects(unpackLayer(Readable.from([tar]), scratch(t)), {
      code: 'archive',
      message: field === 'size' ? /Invalid header/ : new RegExp(`${field} -1 is out of range`),
    });
  });
}

test('a long name of a negative length is refused', async (t) => {
  const tar = Buffer.concat([rawBlocks({ name: 'n', type: 'L', size: -5 }), END_OF_TAR]);
  await assert.rejects(unpackLayer(Readable.from([tar]), scratch(t)), { message: /Invalid header/ });
});

async function* inPieces(tar: Buffer, cut: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < tar.length; at += cut) yield tar.subarray(at, at + cut);
}

async function intoTree(directory: string, tar: Buffer): Promise<void> {
  const tree = openTree({ directory, mounts: [] });
  await tree.unpack('/', { tar: Readable.from([tar]), overwrite: true });
  tree.close();
}

/** An entry of the type `S`, as GNU tar writes it; with so many blocks of its map after it, each of which says that it goes on. */
function old(entry: {
  parts: [offset: number | string, length: number][];
  size: number;
  body: Buffer;
  extended?: number;
}): Buffer {
  const blocks = rawBlocks({ name: 'f', type: 'S' }, entry.body);
  const header = blocks.subarray(0, 512);
  header.write('ustar  \0', 257, 'latin1');
  // The same writer of numbers, by way of the field for the size.
  const number = (value: number | string, at: number) =>
    rawBlocks({ name: '', type: '0', size: value }).copy(header, at, 124, 136);
  entry.parts.forEach(([offset, length], index) => {
    number(offset, 386 + 24 * index);
    number(length, 398 + 24 * index);
  });
  header[482] = entry.extended === undefined ? 0 : 1;
  number(entry.size, 483);
  seal(header);
  const map = Buffer.alloc(512);
  for (let index = 0; index < 21; index++) map.write(`${'0'.repeat(11)} `.repeat(2), 24 * index, 'latin1');
  map[504] = 1;
  const more = Array.from({ length: entry.extended ?? 0 }, () => map);
  return Buffer.concat([header, ...more, blocks.subarray(512)]);
}

function pax10(map: string, body: Buffer, { realsize = '1000', name = 'f' }): Buffer {
  const head = Buffer.alloc(Math.ceil(map.length / 512) * 512);
  head.write(map);
  return Buffer.concat([
    paxBlocks({
      'GNU.sparse.major': '1',
      'GNU.sparse.minor': '0',
      'GNU.sparse.name': name,
      'GNU.sparse.realsize': realsize,
    }),
    rawBlocks({ name: 'GNUSparseFile.1/f', type: '0' }, Buffer.concat([head, body])),
  ]);
}

function pax01(map: string, { numblocks, major }: { numblocks: string; major?: string }): Buffer {
  return Buffer.concat([
    paxBlocks({
      'GNU.sparse.size': '9',
      'GNU.sparse.numblocks': numblocks,
      'GNU.sparse.map': map,
      ...(major === undefined ? {} : { 'GNU.sparse.major': major }),
    }),
    rawBlocks({ name: 'f', type: '0' }, six),
  ]);
}
