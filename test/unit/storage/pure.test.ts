import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { normaliseImageName, parseImageConfig } from '../../../src/model/image/image.ts';
import { type Bytes, decompress, detectCompression } from '../../../src/storage/tar/decompress.ts';
import { parsePax } from '../../../src/storage/tar/reader.ts';
import { inheritedDirectories } from '../../../src/storage/upper.ts';
import { restoreRecord } from '../../../src/storage/xattrs.ts';
import { parseMountInfo } from '../../../src/sys/mountinfo.ts';

const NAMES: [given: string, localhost: string, dockerHub: string][] = [
  ['redis', 'localhost/redis:latest', 'docker.io/library/redis:latest'],
  ['redis:7', 'localhost/redis:7', 'docker.io/library/redis:7'],
  ['me/app:1', 'localhost/me/app:1', 'docker.io/me/app:1'],
  ['docker.io/redis', 'docker.io/library/redis:latest', 'docker.io/library/redis:latest'],
  ['index.docker.io/me/app', 'docker.io/me/app:latest', 'docker.io/me/app:latest'],
  ['localhost/a', 'localhost/a:latest', 'localhost/a:latest'],
  ['localhost:5000/a', 'localhost:5000/a:latest', 'localhost:5000/a:latest'],
  ['quay.io/a/b/c:v1.2', 'quay.io/a/b/c:v1.2', 'quay.io/a/b/c:v1.2'],
  [
    `quay.io/a@sha256:${'0'.repeat(64)}`,
    `quay.io/a@sha256:${'0'.repeat(64)}`,
    `quay.io/a@sha256:${'0'.repeat(64)}`,
  ],
];
for (const [given, localhost, dockerHub] of NAMES) {
  test(`the image name ${given} is ${localhost}, or ${dockerHub} when pulled`, () => {
    assert.equal(normaliseImageName(given), localhost);
    assert.equal(normaliseImageName(given, 'docker.io'), dockerHub);
    assert.equal(normaliseImageName(localhost), localhost, 'once is enough');
  });
}

for (const bad of [
  '',
  ':',
  'A',
  'a/B',
  'a:',
  'a:b:c',
  'a//b',
  '/a',
  'a/',
  'a b',
  'a@sha256:1',
  '-a',
  'quay.io/',
  'a:-x',
  '../x',
  'a\n',
]) {
  test(`the image name ${JSON.stringify(bad)} is refused`, () => {
    assert.throws(() => normaliseImageName(bad), { code: 'invalid' });
  });
}

test('an image config is read whole, nanoseconds and all', () => {
  const config = parseImageConfig(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      created: '2024-01-02T03:04:05.678Z',
      config: {
        User: '5:6',
        Env: ['A=b', 'C='],
        Entrypoint: ['/e'],
        Cmd: ['c', ''],
        WorkingDir: '/w',
        Labels: { x: 'y', empty: null },
        ExposedPorts: { '80/tcp': {} },
        Volumes: { '/v': {} },
        StopSignal: 'SIGQUIT',
        Healthcheck: { Test: ['CMD-SHELL', 'true'], Interval: 1_500_000_000, Timeout: 0, Retries: 4 },
      },
      rootfs: { type: 'layers', diff_ids: [`sha256:${'a'.repeat(64)}`] },
      history: [{ created_by: '/bin/sh', empty_layer: true }, {}],
    }),
  );
  assert.deepEqual(config, {
    architecture: 'amd64',
    os: 'linux',
    created: '2024-01-02T03:04:05.678Z',
    user: '5:6',
    env: ['A=b', 'C='],
    entrypoint: ['/e'],
    cmd: ['c', ''],
    workingDir: '/w',
    labels: { x: 'y', empty: '' },
    exposedPorts: ['80/tcp'],
    volumes: ['/v'],
    stopSignal: 'SIGQUIT',
    healthcheck: { test: ['CMD-SHELL', 'true'], intervalMs: 1500, retries: 4 },
    diffIds: ['a'.repeat(64)],
    history: [{ createdBy: '/bin/sh', emptyLayer: true }, { emptyLayer: false }],
  });
});

test('a config of nulls is an empty one, a config of wrong types is refused', () => {
  const nulls = parseImageConfig(
    '{"config":{"Env":null,"Cmd":null,"Labels":null},"history":null,"rootfs":{"diff_ids":null}}',
  );
  assert.deepEqual([nulls.env, nulls.cmd, nulls.labels, nulls.diffIds], [[], [], {}, []]);
  for (const bad of [
    '[]',
    'null',
    '{"config":[]}',
    '{"config":{"Env":"A=b"}}',
    '{"config":{"Cmd":[1]}}',
    '{"config":{"User":5}}',
    '{',
    '{"rootfs":{"diff_ids":["md5:00"]}}',
  ]) {
    assert.throws(() => parseImageConfig(bad), { code: 'archive' }, bad);
  }
});

test('mountinfo lines are parsed with octal escapes and any number of optional fields', () => {
  const text = [
    '36 35 98:0 /mnt1 /mnt\\0402/a\\134b rw,noatime master:1 shared:7 - ext3 /dev/root rw,errors=continue',
    '37 36 0:5 / / rw - overlay over\\011lay rw,lowerdir=/a\\040b:/c',
    'garbage',
    '',
  ].join('\n');
  const [first, second, ...none] = parseMountInfo(text);
  assert.deepEqual(first, {
    id: 36,
    parentId: 35,
    device: '98:0',
    root: '/mnt1',
    mountPoint: '/mnt 2/a\\b',
    options: ['rw', 'noatime'],
    propagation: ['master:1', 'shared:7'],
    fsType: 'ext3',
    source: '/dev/root',
    superOptions: ['rw', 'errors=continue'],
  });
  assert.deepEqual(
    [second?.source, second?.superOptions[1], second?.propagation],
    ['over\tlay', 'lowerdir=/a b:/c', []],
  );
  assert.deepEqual(none, []);
});

test('PAX records of any bytes are read back as they were written', () => {
  const key = fc.stringMatching(/^[A-Za-z0-9.]{1,20}$/).filter((text) => text !== '__proto__');
  fc.assert(
    fc.property(fc.dictionary(key, fc.uint8Array({ maxLength: 200 })), (records) => {
      const lines = Object.entries(records).map(([name, value]) => {
        const rest = Buffer.concat([Buffer.from(` ${name}=`), value, Buffer.from('\n')]);
        let length = rest.length + 1;
        while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
        return Buffer.concat([Buffer.from(String(length)), rest]);
      });
      const expected = Object.entries(records).map(([name, value]) => [
        name,
        Buffer.from(value).toString('latin1'),
      ]);
      assert.deepEqual(Object.entries(parsePax(Buffer.concat(lines))).sort(), expected.sort());
    }),
  );
});

test('bytes that are no PAX records never hang and never read beyond their end', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        parsePax(Buffer.from(bytes));
      } catch (error) {
        assert.match((error as Error).message, /malformed PAX/);
      }
    }),
  );
});

test('what setfattr reads has no byte that could end a line or a name early', () => {
  assert.equal(
    restoreRecord('a\nb\\c=\xff', [['user.x=y', '\x00\xff']]),
    '# file: ./a\\012b\\134c\\075\\377\nuser.x\\075y=0sAP8=\n\n',
  );
  assert.equal(restoreRecord('', [['user.x', '']]).split('\n')[0], '# file: .');
});

async function collect(source: Bytes): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* inPieces(bytes: Buffer, size: number): Bytes {
  for (let offset = 0; offset < bytes.length; offset += size) yield bytes.subarray(offset, offset + size);
}

test('data is decompressed by its first bytes, in whatever pieces it comes', async () => {
  const skippable = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 3000 }), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 700 }),
      async (parts, size) => {
        const plain = Buffer.concat(parts);
        const frames = Buffer.concat(parts.flatMap((part) => [zstdCompressSync(part), skippable]));
        const members = Buffer.concat(parts.map((part) => gzipSync(part)));
        assert.ok((await collect(decompress(inPieces(frames, size)))).equals(plain));
        assert.ok(
          (await collect(decompress(inPieces(Buffer.concat([skippable, frames]), size)))).equals(plain),
        );
        assert.ok((await collect(decompress(inPieces(members, size)))).equals(plain));
      },
    ),
    { numRuns: 40 },
  );
});

test('compressed data that is cut off is an error wherever the cut is', async () => {
  const plain = Buffer.from('some text, some text, some text. '.repeat(40));
  for (const compressed of [gzipSync(plain), zstdCompressSync(plain)]) {
    for (let length = 8; length < compressed.length; length += 3) {
      await assert.rejects(
        collect(decompress(inPieces(compressed.subarray(0, length), 100))),
        { code: 'archive' },
        String(length),
      );
    }
  }
});

test('compression is told from magic bytes', () => {
  assert.equal(detectCompression(Buffer.from('fd377a585a00', 'hex')), 'xz');
  assert.equal(detectCompression(Buffer.from('1f8b0800', 'hex')), 'gzip');
  assert.equal(detectCompression(Buffer.from('manifest.json')), 'none');
  assert.equal(detectCompression(Buffer.alloc(0)), 'none');
});

test('an image without an entry for its root gets the mode Podman gives it', () => {
  const facts = { version: 1 as const, sizeBytes: 0, implicit: [], opaque: [] };
  assert.equal(inheritedDirectories([{ diff: '/nowhere', facts }]).get('')?.mode, 0o555);
  const root = { uid: 1, gid: 2, mode: 0o700, mtime: 3 };
  assert.equal(
    inheritedDirectories([
      { diff: '/nowhere', facts },
      { diff: '/nowhere', facts: { ...facts, root } },
    ]).get(''),
    root,
  );
});
