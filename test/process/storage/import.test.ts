import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { BerthError } from '../../../src/model/errors.ts';
import { type ImportProgress, importArchive } from '../../../src/storage/import.ts';
import { hasLayer, layerSize, listLayers } from '../../../src/storage/layers.ts';
import { layerDirectory, type StoragePaths, storagePaths } from '../../../src/storage/paths.ts';
import { STAGING_STALE_MS } from '../../../src/storage/staging.ts';
import {
  dockerArchive,
  dockerEntries,
  type Entry,
  imageOf,
  ociEntries,
  scratch,
  sha256,
  tarOf,
} from './archives.ts';

const base = await tarOf([
  { name: 'etc/', type: 'directory' },
  { name: 'etc/base', body: 'lower' },
]);
const top = await tarOf([
  { name: 'etc/', type: 'directory' },
  { name: 'etc/top', body: 'upper' },
]);

function store(t: TestContext): { paths: StoragePaths; file: (name: string, content: Buffer) => string } {
  const directory = scratch(t);
  return {
    paths: storagePaths(join(directory, 'state')),
    file: (name, content) => {
      writeFileSync(join(directory, name), content);
      return join(directory, name);
    },
  };
}

function assertNothingLeft(paths: StoragePaths): void {
  assert.deepEqual(listLayers(paths), []);
  assert.deepEqual(readdirSync(paths.staging), []);
}

test('a docker archive becomes layers, and facts to record', async (t) => {
  const { paths, file } = store(t);
  const image = imageOf([base, top]);
  const progress: ImportProgress[] = [];
  const imported = await importArchive(
    paths,
    { path: file('a.tar', await dockerArchive([base, top], { names: ['app', 'quay.io/x/app:2'] })) },
    { onProgress: (step) => progress.push(step) },
  );
  assert.equal(imported.length, 1);
  assert.equal(imported[0]?.id, image.id);
  assert.equal(imported[0]?.configJson, image.config);
  assert.deepEqual(imported[0]?.names, ['localhost/app:latest', 'quay.io/x/app:2']);
  assert.deepEqual(imported[0]?.config.cmd, ['/bin/sh']);
  assert.deepEqual(imported[0]?.layers, [
    { diffId: sha256(base), sizeBytes: base.length, created: true },
    { diffId: sha256(top), sizeBytes: top.length, created: true },
  ]);
  assert.equal(layerSize(paths, sha256(base)), base.length);
  assert.equal(readFileSync(join(layerDirectory(paths, sha256(top)), 'diff/etc/top'), 'utf8'), 'upper');
  assert.deepEqual(readdirSync(paths.staging), []);
  assert.deepEqual(
    progress.map((step) =>
      step.step === 'layer' ? `${step.number}/${step.total} ${step.state}` : step.step,
    ),
    ['reading', '1/2 unpacking', '1/2 unpacked', '2/2 unpacking', '2/2 unpacked', 'writing'],
  );
});

test('a layer that is there already is not unpacked again', async (t) => {
  const { paths, file } = store(t);
  await importArchive(paths, { path: file('a.tar', await dockerArchive([base])) });
  const [second] = await importArchive(paths, {
    path: file('b.tar', await dockerArchive([base, top, base])),
  });
  assert.deepEqual(
    second?.layers.map(({ created }) => created),
    [false, true, false],
  );
  assert.equal(listLayers(paths).length, 2);
});

const OUTER: Record<string, (tar: Buffer) => Buffer> = {
  plain: (tar) => tar,
  gzip: (tar) => gzipSync(tar),
  zstd: (tar) => zstdCompressSync(tar),
  'zstd of two frames': (tar) =>
    Buffer.concat([zstdCompressSync(tar.subarray(0, 1000)), zstdCompressSync(tar.subarray(1000))]),
};
for (const [name, compress] of Object.entries(OUTER)) {
  test(`an archive may be ${name}, as a file and as a stream`, async (t) => {
    const { paths, file } = store(t);
    const path = file('archive', compress(await dockerArchive([base, top])));
    const [image] = await importArchive(paths, { path });
    const again = store(t);
    const [streamed] = await importArchive(again.paths, {
      stream: createReadStream(path, { highWaterMark: 700 }),
    });
    assert.equal(image?.id, imageOf([base, top]).id);
    assert.deepEqual(streamed, image);
  });
}

const INNER: Record<string, (tar: Buffer) => Buffer> = {
  plain: (tar) => tar,
  gzip: (tar) => gzipSync(tar),
  'gzip of two members': (tar) =>
    Buffer.concat([gzipSync(tar.subarray(0, 100)), gzipSync(tar.subarray(100))]),
  zstd: (tar) => zstdCompressSync(tar),
};
for (const [name, pack] of Object.entries(INNER)) {
  test(`an OCI archive and an OCI directory with ${name} layers give the same image`, async (t) => {
    const { paths, file } = store(t);
    const entries = ociEntries([base, top], { pack, names: ['app:3'] });
    const [image] = await importArchive(paths, { path: file('oci.tar', await tarOf(entries)) });
    assert.deepEqual(image?.names, ['localhost/app:3']);
    assert.equal(image?.id, imageOf([base, top]).id);
    assert.match(image?.digest ?? '', /^[0-9a-f]{64}$/);
    const layout = join(scratch(t), 'layout');
    for (const { name: path, body } of entries) {
      mkdirSync(dirname(join(layout, path)), { recursive: true });
      writeFileSync(join(layout, path), body ?? '');
    }
    const [same] = await importArchive(store(t).paths, { path: layout });
    assert.deepEqual(same, image);
  });
}

test('an index inside an index gives the variant for this machine', async (t) => {
  const { paths, file } = store(t);
  const entries = ociEntries([base]);
  const inner = JSON.parse(String(entries[1]?.body)).manifests[0];
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const nested = JSON.stringify({
    manifests: [
      { digest: `sha256:${'0'.repeat(64)}`, size: 1, platform: { os: 'linux', architecture: 's390x' } },
      { digest: inner.digest, size: inner.size, platform: { os: 'linux', architecture } },
      {
        digest: `sha256:${'1'.repeat(64)}`,
        annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
      },
    ],
  });
  const index = {
    manifests: [
      { digest: `sha256:${sha256(nested)}`, annotations: { 'io.containerd.image.name': 'quay.io/a/b:1' } },
    ],
  };
  const all: Entry[] = [
    ...entries.filter(({ name }) => name !== 'index.json'),
    { name: `blobs/sha256/${sha256(nested)}`, body: nested },
    { name: 'index.json', body: JSON.stringify(index) },
  ];
  const [image] = await importArchive(paths, { path: file('oci.tar', await tarOf(all)) });
  assert.deepEqual([image?.id, image?.names], [imageOf([base]).id, ['quay.io/a/b:1']]);
});

test("layers that old Dockers wrote as symlinks to another image's are found", async (t) => {
  const { paths, file } = store(t);
  const entries = dockerEntries([base, base]).map(
    (entry): Entry =>
      entry.name === '1/layer.tar'
        ? { name: entry.name, type: 'symlink', linkname: '../0/layer.tar' }
        : entry,
  );
  const [image] = await importArchive(paths, { path: file('a.tar', await tarOf(entries)) });
  assert.equal(image?.layers.length, 2);
});

test('an image for another architecture is imported with a warning', async (t) => {
  const { paths, file } = store(t);
  const [image] = await importArchive(paths, {
    path: file('a.tar', await dockerArchive([base], { config: { architecture: 's390x' } })),
  });
  assert.match(image?.warnings[0] ?? '', /s390x/);
});

test('given names replace those in the archive', async (t) => {
  const { paths, file } = store(t);
  const [image] = await importArchive(
    paths,
    { path: file('a.tar', await dockerArchive([base])) },
    { names: ['mine'] },
  );
  assert.deepEqual(image?.names, ['localhost/mine:latest']);
});

const good = await dockerArchive([base, top]);
const replaced = (entries: Entry[], name: string, body: Buffer | string) =>
  entries.map((entry) => (entry.name === name ? { ...entry, body } : entry));
const oci = ociEntries([base, top], { pack: (layer) => gzipSync(layer) });
const ociLayer = oci[3]?.name ?? '';
const BROKEN: [title: string, archive: Buffer, message: RegExp][] = [
  ['an empty file', Buffer.alloc(0), /neither manifest.json/],
  ['something else', Buffer.from('#!/bin/sh\n'.repeat(200)), /not an image archive/],
  ['a tar of something else', base, /neither manifest.json/],
  ['an archive cut off in a layer', good.subarray(0, 1200), /not an image archive, or a broken one/],
  ['a compressed archive cut off', gzipSync(good).subarray(0, 300), /broken gzip data/],
  ['a zstd archive cut off', zstdCompressSync(good).subarray(0, 300), /broken zstd data/],
  ['bzip2', Buffer.from('BZh91AY&SY'), /bzip2/],
  [
    'a manifest that is no JSON',
    await tarOf([{ name: 'manifest.json', body: '[{' }]),
    /manifest.json is not valid JSON/,
  ],
  [
    'a manifest of another form',
    await tarOf([{ name: 'manifest.json', body: '[{"Config":5}]' }]),
    /does not have the form/,
  ],
  ['an archive without images', await tarOf([{ name: 'manifest.json', body: '[]' }]), /holds no image/],
  [
    'a missing config',
    await tarOf(dockerEntries([base]).filter(({ name }) => !/^[0-9a-f]{64}/.test(name))),
    /has no file/,
  ],
  [
    'a missing layer',
    await tarOf(dockerEntries([base, top]).filter(({ name }) => name !== '1/layer.tar')),
    /has no file "1\/layer.tar"/,
  ],
  [
    'a layer that is a symlink to itself',
    await tarOf(
      dockerEntries([base]).map(
        (entry): Entry =>
          entry.name === '0/layer.tar' ? { name: entry.name, type: 'symlink', linkname: 'layer.tar' } : entry,
      ),
    ),
    /has no file/,
  ],
  [
    'a layer with other content',
    await tarOf(replaced(dockerEntries([base, top]), '1/layer.tar', base)),
    /does not have the content/,
  ],
  [
    'a config with another digest',
    await tarOf(
      dockerEntries([base]).map((entry) =>
        /^[0-9a-f]{64}/.test(entry.name) ? { ...entry, body: `${entry.body} ` } : entry,
      ),
    ),
    /does not match its digest/,
  ],
  [
    'more layers than the config names',
    await dockerArchive([base], { config: { rootfs: { diff_ids: [] } } }),
    /1 layers, its config names 0/,
  ],
  [
    'a diff id that climbs out',
    await dockerArchive([base], { config: { rootfs: { diff_ids: ['sha256:../../../etc'] } } }),
    /is not a sha256 digest/,
  ],
  [
    'a blob digest that climbs out',
    await tarOf([{ name: 'index.json', body: '{"manifests":[{"digest":"sha256:../../../../etc/passwd"}]}' }]),
    /is not a sha256 digest/,
  ],
  [
    'an OCI blob of another size',
    await tarOf(replaced(oci, ociLayer, Buffer.concat([gzipSync(top), Buffer.alloc(3)]))),
    /declared are/,
  ],
  [
    'an OCI blob with another digest',
    await tarOf(replaced(oci, ociLayer, gzipSync(top, { level: 1 }).subarray(0))),
    /declared are|does not match its digest/,
  ],
  ['an image for another system', await dockerArchive([base], { config: { os: 'windows' } }), /for windows/],
  [
    'an invalid image name',
    await dockerArchive([base], { names: ['Upper/Case:1'] }),
    /repository name must be lowercase/,
  ],
];
for (const [title, archive, message] of BROKEN) {
  test(`refused, leaving nothing behind: ${title}`, async (t) => {
    const { paths, file } = store(t);
    await assert.rejects(importArchive(paths, { path: file('broken', archive) }), (error) => {
      assert.ok(error instanceof BerthError, String((error as Error).stack));
      assert.match(error.message, message);
      return true;
    });
    assertNothingLeft(paths);
  });
}

test('when the second layer is broken, the first is not kept either', async (t) => {
  const { paths } = store(t);
  const stream = Readable.from([await tarOf(replaced(dockerEntries([base, top]), '1/layer.tar', 'no tar'))]);
  await assert.rejects(importArchive(paths, { stream }), { code: 'archive' });
  assertNothingLeft(paths);
});

test('a stream that fails half-way leaves nothing behind', async (t) => {
  const { paths } = store(t);
  const stream = Readable.from(
    (async function* () {
      yield good.subarray(0, 1000);
      throw new Error('the other end went away');
    })(),
  );
  await assert.rejects(importArchive(paths, { stream }), /the other end went away/);
  assertNothingLeft(paths);
});

test('two imports of the same image at once both succeed and bring each layer once', async (t) => {
  const { paths, file } = store(t);
  const path = file('a.tar', good);
  const both = await Promise.all([importArchive(paths, { path }), importArchive(paths, { path })]);
  const created = both.map(([image]) => image?.layers.map((layer) => layer.created));
  assert.deepEqual(created.flat().filter(Boolean).length, 2);
  assert.equal(listLayers(paths).length, 2);
  assert.deepEqual(readdirSync(paths.staging), []);
});

test('an import killed in the middle shows no layer, and the next one sweeps what it left', async (t) => {
  const { paths, file } = store(t);
  const script = `
    import { importArchive } from ${JSON.stringify(import.meta.resolve('../../../src/storage/import.ts'))};
    import { storagePaths } from ${JSON.stringify(import.meta.resolve('../../../src/storage/paths.ts'))};
    await importArchive(storagePaths(${JSON.stringify(paths.root)}), { stream: process.stdin }, {
      onProgress: (step) => { if (step.number === 2) { console.log('second'); process.kill(process.pid, 'SIGKILL'); } },
    });`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(good);
  const [code, signal] = await once(child, 'close');
  assert.deepEqual([code, signal], [null, 'SIGKILL']);
  assert.deepEqual(listLayers(paths), []);
  const left = readdirSync(paths.staging);
  assert.equal(left.length, 2, 'its directory and its lock');

  const path = file('a.tar', await dockerArchive([base]));
  await importArchive(paths, { path });
  assert.deepEqual(readdirSync(paths.staging), []);
  assert.ok(hasLayer(paths, sha256(base)) && !existsSync(layerDirectory(paths, sha256(top))));
});

test('what an import that cannot be seen from here left is swept once its lock is stale', async (t) => {
  const { paths, file } = store(t);
  const path = file('a.tar', await dockerArchive([base]));
  mkdirSync(join(paths.staging, '1-2-3-elsewhere', 'half'), { recursive: true });
  mkdirSync(join(paths.staging, '1-2-3-elsewhere.lock'));
  const left = readdirSync(paths.staging);
  await importArchive(paths, { path });
  assert.deepEqual(readdirSync(paths.staging), left, 'the lock is fresh, so it may still be alive');
  const old = new Date(Date.now() - 2 * STAGING_STALE_MS);
  utimesSync(join(paths.staging, '1-2-3-elsewhere.lock'), old, old);
  await importArchive(paths, { path });
  assert.deepEqual(readdirSync(paths.staging), []);
});
