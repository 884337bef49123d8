/** Trees as tars and back, honest ones and ones that change meanwhile. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { tarHeader } from '../../../src/storage/tar/writer.ts';
import { openTree } from '../../../src/storage/tree.ts';
import { type Entry, rawEntry, scratch, tarOf } from './archives.ts';

const treeAt = (directory: string) => openTree({ directory, mounts: [] });
const PACK = { devices: true, exactTimes: true };
const sh = (script: string, cwd: string): string =>
  execFileSync('sh', ['-euc', script], { cwd, encoding: 'utf8' });

async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

/** A directory with everything a tar can hold. */
function makeSample(directory: string): void {
  mkdirSync(join(directory, 'deep/er'), { recursive: true });
  writeFileSync(join(directory, 'deep/er/file'), 'x'.repeat(100_000));
  linkSync(join(directory, 'deep/er/file'), join(directory, 'hard'));
  symlinkSync('deep/er', join(directory, 'soft'));
  linkSync(join(directory, 'soft'), join(directory, 'soft-too'));
  writeFileSync(Buffer.concat([Buffer.from(`${directory}/`), Buffer.from([0x6e, 0xff, 0x0a])]), 'odd');
  writeFileSync(join(directory, `long-${'n'.repeat(200)}`), 'long');
  symlinkSync('t'.repeat(300), join(directory, 'far'));
  writeFileSync(join(directory, 'owned'), '');
  chownSync(join(directory, 'owned'), 3_000_000, 4_000_000_000);
  sh(
    'mkfifo -m 640 fifo; mknod device c 5 300; cp owned suid; chmod 4755 suid; chmod 500 deep; setfattr -n user.a -v "v\n=" hard',
    directory,
  );
  utimesSync(join(directory, 'owned'), 1.5, 981_173_106.789);
}

const LIST = "find . -printf '%P %y %m %U:%G %s %T@ %l\\n' | sort; getfattr -R -d -m - . | sort";
const listing = (directory: string): string =>
  // A directory's own size and the root's time are the file system's; fractions below 1 ms get lost.
  sh(LIST, directory)
    .split('\n')
    .filter((line) => !line.startsWith(' d '))
    .map((line) => line.replace(/^(.* d .*:\d+) \d+ /, '$1 ').replace(/(\.\d{3})\d+/, '$1'))
    .join('\n');

test('GNU tar unpacks what is packed, with owners, links, attributes, devices, odd and long names', async (t) => {
  const [from, to] = [scratch(t), scratch(t)];
  makeSample(from);
  writeFileSync(join(to, '../packed.tar'), await bytesOf(treeAt(from).pack('/', PACK)));
  sh(
    "tar --extract --same-owner --preserve-permissions --xattrs --xattrs-include='*' --file ../packed.tar",
    to,
  );
  assert.equal(listing(to), listing(from));
  assert.equal(lstatSync(join(to, 'hard')).ino, lstatSync(join(to, 'deep/er/file')).ino);
});

test('a tar goes from tree to tree unchanged, device nodes apart', async (t) => {
  const [from, to] = [scratch(t), scratch(t)];
  makeSample(from);
  await treeAt(to).unpack('/', { tar: treeAt(from).pack('/', PACK), overwrite: false });
  sh('rm device', from);
  assert.equal(listing(to), listing(from));
  assert.equal(lstatSync(join(to, 'soft')).ino, lstatSync(join(to, 'soft-too')).ino);
});

test('a file that shrinks or grows while it is packed keeps the promised size', async (t) => {
  for (const [title, size] of [
    ['shrinks', 100],
    ['grows', 5_000_000],
  ] as const) {
    const [from, to] = [scratch(t), scratch(t)];
    writeFileSync(join(from, 'file'), 'x'.repeat(1_000_000));
    const chunks: Uint8Array[] = [];
    for await (const chunk of treeAt(from).pack('/', PACK)) {
      if (chunks.length === 0) truncateSync(join(from, 'file'), size);
      chunks.push(chunk);
    }
    writeFileSync(join(to, 't.tar'), Buffer.concat(chunks));
    assert.match(sh('tar tvf t.tar', to), / 1000000 .* file$/m, title);
  }
});

test('sizes beyond 8 GiB are in the header', () => {
  const entry = { path: 'big', mode: 0o644, uid: 0, gid: 0, mtimeNs: 0n, type: 'file' as const };
  const text = tarHeader({ ...entry, size: 8 ** 11 }).toString('latin1');
  assert.match(text, /\d+ size=8589934592\n/);
  assert.doesNotMatch(tarHeader({ ...entry, size: 8 ** 11 - 1 }).toString('latin1'), /size=/);
});

const HOSTILE: [title: string, entries: Entry[], made: string[]][] = [
  ['".." in names', [{ name: '../../escape', body: 'x' }], ['escape']],
  ['absolute names', [{ name: '/escape', body: 'x' }], ['escape']],
  ['a hard link to the outside', [{ name: 'passwd', type: 'link', linkname: '/etc/passwd' }], []],
  [
    'a name below a link that the archive brought',
    [
      { name: 'way', type: 'symlink', linkname: '..' },
      { name: 'way/escape', body: 'x' },
    ],
    ['way'],
  ],
  [
    'a file in the place of a link',
    [
      { name: 'way', type: 'symlink', linkname: '../escape' },
      { name: 'way', body: 'x' },
    ],
    ['way'],
  ],
  ['a part of a file of several volumes', [rawEntry('M', 'part', '')], []],
];
for (const [title, entries, made] of HOSTILE) {
  test(`${title}: nothing outside is touched`, async (t) => {
    const outside = scratch(t);
    const directory = join(outside, 'tree');
    mkdirSync(directory);
    const tar = Readable.from([await tarOf(entries)]);
    await treeAt(outside)
      .unpack('/tree', { tar, overwrite: true })
      .catch((error: unknown) => {
        assert.match((error as { code: string }).code, /^(invalid|archive|storage)$/);
      });
    assert.deepEqual(readdirSync(outside), ['tree']);
    assert.deepEqual(readdirSync(directory), made);
  });
}

const BROKEN: [title: string, bytes: () => Promise<Buffer>, text: RegExp][] = [
  ['nothing at all', async () => Buffer.alloc(0), /^source must be a \(compressed\) tar archive/],
  ['no tar', async () => Buffer.from('hello, '.repeat(200)), /^source must be a \(compressed\) tar archive/],
  [
    'one that ends too early',
    async () => (await tarOf([{ name: 'f', body: 'x'.repeat(5000) }])).subarray(0, 2000),
    /^broken archive/,
  ],
];
for (const [title, bytes, text] of BROKEN) {
  test(`${title} is refused as an archive`, async (t) => {
    const tar = Readable.from([await bytes()]);
    await assert.rejects(treeAt(scratch(t)).unpack('/', { tar, overwrite: false }), (error: Error) => {
      assert.match(error.message, text);
      return true;
    });
  });
}

test('a mount lies where its destination leads, and files mounted there are written into', async (t) => {
  const [root, volume] = [scratch(t), scratch(t)];
  mkdirSync(join(root, 'run'));
  symlinkSync('run', join(root, 'var'));
  writeFileSync(join(volume, 'hosts'), 'old');
  const inode = lstatSync(join(volume, 'hosts')).ino;
  const tree = openTree({ directory: root, mounts: [{ destination: '/var', source: volume }] });
  const tar = Readable.from([await tarOf([{ name: 'new', body: 'x' }])]);
  await tree.unpack('/var', { tar, overwrite: false });
  assert.deepEqual(readdirSync(volume).sort(), ['hosts', 'new']);
  const single = openTree({
    directory: root,
    mounts: [{ destination: '/run/hosts', source: join(volume, 'hosts') }],
  });
  await single.unpack('/run', {
    tar: Readable.from([await tarOf([{ name: 'hosts', body: 'new' }])]),
    overwrite: false,
  });
  assert.equal(readFileSync(join(volume, 'hosts'), 'utf8'), 'new');
  assert.equal(lstatSync(join(volume, 'hosts')).ino, inode);
});

test('a FIFO is not waited for, and a text that is too long is refused', (t) => {
  const root = scratch(t);
  sh('mkfifo passwd; head -c 3000000 /dev/zero >group', root);
  const tree = treeAt(root);
  assert.equal(tree.readText('/passwd'), undefined);
  assert.throws(() => tree.readText('/group'), { code: 'invalid' });
});

/** A program that makes `dir` a directory and a link out, in turn and as fast as it can. */
const SWAPPER = `const { renameSync } = require('node:fs');
process.stdout.write('begun');
for (;;) {
  renameSync('dir', 'aside'); renameSync('link', 'dir');
  renameSync('dir', 'link'); renameSync('aside', 'dir');
}`;

test('somebody who swaps a directory for a link all the time leads nobody out', async (t) => {
  const outside = scratch(t);
  writeFileSync(join(outside, 'secret'), 'secret');
  const root = join(outside, 'root');
  mkdirSync(join(root, 'dir'), { recursive: true });
  writeFileSync(join(root, 'dir/secret'), 'inside');
  symlinkSync('..', join(root, 'link'));
  const swapper = spawn(process.execPath, ['-e', SWAPPER], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => swapper.kill('SIGKILL'));
  const ended = once(swapper, 'exit');
  await once(swapper.stdout, 'data');
  const tree = treeAt(root);
  const met = { directory: 0, elsewhere: 0 };
  const attempt = async (work: () => void | Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      assert.match((error as { code: string }).code, /^(invalid|storage|ENOENT)$/, String(error));
    }
  };
  // Goes on until both have been met often; no machine needs so many rounds.
  for (let round = 0; round < 100_000 && Math.min(met.directory, met.elsewhere) < 100; round++) {
    await attempt(() => {
      const text = tree.readText('/dir/secret');
      assert.notEqual(text, 'secret');
      if (text === 'inside') met.directory += 1;
      else met.elsewhere += 1;
    });
    if (round % 10 === 0) {
      const tar = Readable.from([await tarOf([{ name: 'written', body: 'x' }])]);
      await attempt(() => tree.unpack('/dir', { tar, overwrite: false }));
    }
  }
  swapper.kill('SIGKILL');
  await ended;
  assert.ok(met.directory >= 100 && met.elsewhere >= 100, JSON.stringify(met));
  assert.deepEqual(readdirSync(outside).sort(), ['root', 'secret'], 'nothing was written outside');
});

test('links lead as the kernel would lead, with the root as /', (t) => {
  const root = scratch(t);
  mkdirSync(join(root, 'etc'));
  writeFileSync(join(root, 'etc/passwd'), '');
  symlinkSync('/etc/passwd', join(root, 'abs'));
  symlinkSync('../../../etc/passwd', join(root, 'up'));
  symlinkSync('loop', join(root, 'loop'));
  symlinkSync('nowhere', join(root, 'dangling'));
  const tree = treeAt(root);
  for (const asked of ['/abs', '/up', '/../../etc/passwd', 'etc/./passwd', '/etc/../abs'])
    assert.equal(tree.find(asked)?.path, '/etc/passwd', asked);
  assert.equal(tree.find('/dangling')?.path, '/nowhere');
  assert.deepEqual(tree.find('/etc/new')?.type, 'missing');
  assert.equal(tree.find('/no/new'), undefined);
  assert.throws(() => tree.find('/loop'), /too many levels/);
  assert.throws(() => tree.find('/etc/passwd/'), /not a directory/);
  assert.equal(readlinkSync(join(root, 'abs')), '/etc/passwd');
});
