import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { BerthError } from '../../../src/model/errors.ts';
import { unpackLayer } from '../../../src/storage/unpack.ts';
import { type Entry, rawEntry, rawPax, scratch, seal, tarOf } from './archives.ts';

async function unpack(
  t: TestContext,
  entries: readonly Entry[],
  change: (tar: Buffer) => Buffer = (tar) => tar,
) {
  const base = scratch(t);
  const directory = join(base, 'layer', 'diff');
  mkdirSync(directory, { recursive: true });
  const tar = change(await tarOf(entries));
  const facts = await unpackLayer(Readable.from([tar]), directory);
  // A file whose content lies across pieces takes another way than one that comes at once.
  const other = join(base, 'pieces', 'diff');
  mkdirSync(other, { recursive: true });
  assert.deepEqual(await unpackLayer(Readable.from(piecesOf(tar)), other), facts);
  assert.equal(listing(other), listing(directory));
  return { base, directory, facts, at: (path: string) => join(directory, path) };
}

const PIECE = 700;

function piecesOf(tar: Buffer): Buffer[] {
  return Array.from({ length: Math.ceil(tar.length / PIECE) }, (_, index) =>
    tar.subarray(index * PIECE, (index + 1) * PIECE),
  );
}

/** Everything below a directory; without the times of directories and whiteouts, which may be made up. */
const LISTING = `
  find . -mindepth 1 -printf '%p %y %m %U:%G %n %l\\n' | LC_ALL=C sort
  find . ! -type d ! -type c -printf '%p %T@\\n' | LC_ALL=C sort
  find . -type f -exec sha256sum {} + | LC_ALL=C sort`;

const listing = (directory: string): string =>
  execFileSync('sh', ['-c', LISTING], { cwd: directory, encoding: 'latin1' });

const xattr = (path: string, name: string): string =>
  execFileSync('getfattr', ['-h', '--absolute-names', '--only-values', '-n', name, path]).toString('latin1');

test('modes keep setuid, setgid and sticky bits, and owners above 65535', async (t) => {
  const { at } = await unpack(t, [
    { name: 'tmp/', type: 'directory', mode: 0o1777 },
    { name: 'suid', mode: 0o6755, uid: 12, gid: 34, body: 'x' },
    rawPax({ uid: '4000000000', gid: '70000' }),
    { name: 'far', mode: 0o640 },
  ]);
  assert.equal(statSync(at('tmp')).mode & 0o7777, 0o1777);
  const suid = statSync(at('suid'));
  assert.deepEqual([suid.mode & 0o7777, suid.uid, suid.gid], [0o6755, 12, 34]);
  const far = statSync(at('far'));
  assert.deepEqual([far.mode & 0o7777, far.uid, far.gid], [0o640, 4_000_000_000, 70_000]);
});

test('symlinks are kept word for word, with their own owner and time', async (t) => {
  const { at } = await unpack(t, [
    {
      name: 'abs',
      type: 'symlink',
      linkname: '/etc/passwd',
      uid: 5,
      gid: 6,
      mtime: new Date(981_173_107_000),
    },
    { name: 'out', type: 'symlink', linkname: '../../../../etc/shadow' },
    { name: 'file', body: 'x' },
    { name: 'odd', type: 'symlink', linkname: 'file/below/a/file' },
    { name: 'long', type: 'symlink', linkname: 'x'.repeat(4000) },
  ]);
  assert.equal(readlinkSync(at('abs')), '/etc/passwd');
  const abs = lstatSync(at('abs'));
  assert.deepEqual([abs.uid, abs.gid, abs.mtimeMs], [5, 6, 981_173_107_000]);
  assert.equal(readlinkSync(at('out')), '../../../../etc/shadow');
  assert.equal(readlinkSync(at('odd')), 'file/below/a/file');
  assert.equal(readlinkSync(at('long')), 'x'.repeat(4000));
});

test('times of directories survive what is put into them afterwards', async (t) => {
  const mtime = new Date(1_234_567_890_000);
  const { at } = await unpack(t, [
    { name: 'd/', type: 'directory', mtime },
    { name: 'd/e/', type: 'directory', mtime },
    { name: 'd/e/f', body: 'x' },
    { name: 'd/g', body: 'x', mtime: new Date(5000) },
    rawPax({ mtime: '1234567890.5' }),
    { name: 'd/h' },
  ]);
  assert.equal(statSync(at('d')).mtimeMs, mtime.getTime());
  assert.equal(statSync(at('d/e')).mtimeMs, mtime.getTime());
  assert.equal(statSync(at('d/g')).mtimeMs, 5000);
  assert.equal(statSync(at('d/h')).mtimeMs, 1_234_567_890_500);
});

test('devices and fifos are made', async (t) => {
  const { at } = await unpack(t, [
    { name: 'dev/null', type: 'character-device', devmajor: 1, devminor: 3, mode: 0o666 },
    { name: 'dev/sda', type: 'block-device', devmajor: 8, devminor: 0, mode: 0o660, gid: 6 },
    { name: '-pipe', type: 'fifo', mode: 0o600, uid: 70_000 },
  ]);
  const nul = statSync(at('dev/null'));
  assert.deepEqual([nul.isCharacterDevice(), nul.rdev, nul.mode & 0o7777], [true, (1 << 8) | 3, 0o666]);
  const sda = statSync(at('dev/sda'));
  assert.deepEqual([sda.isBlockDevice(), sda.rdev, sda.gid], [true, 8 << 8, 6]);
  assert.deepEqual([statSync(at('-pipe')).isFIFO(), statSync(at('-pipe')).uid], [true, 70_000]);
});

test('hard links share an inode, also those to symlinks and through a replaced name', async (t) => {
  const { at } = await unpack(t, [
    { name: 'a', body: 'one' },
    { name: 'b', type: 'link', linkname: 'a' },
    { name: 'c', type: 'link', linkname: './a' },
    { name: 's', type: 'symlink', linkname: '/nowhere' },
    { name: 't', type: 'link', linkname: 's' },
    { name: 'a', body: 'two, and longer' },
  ]);
  assert.equal(statSync(at('b')).ino, statSync(at('c')).ino);
  assert.equal(readFileSync(at('b'), 'utf8'), 'one');
  assert.equal(readFileSync(at('a'), 'utf8'), 'two, and longer');
  assert.equal(readlinkSync(at('t')), '/nowhere');
  assert.equal(lstatSync(at('t')).ino, lstatSync(at('s')).ino);
});

test('extended attributes survive with every byte, on files, directories and symlinks', async (t) => {
  const capability = Buffer.from('0100000201202000000000800001000000000000', 'hex');
  const { at } = await unpack(t, [
    rawPax({ 'SCHILY.xattr.security.capability': capability }),
    { name: 'capable', uid: 7, mode: 0o755 },
    rawPax({ 'SCHILY.xattr.trusted.x': Buffer.from([0, 1, 10, 255, 61]) }),
    { name: 'dir with\nnewline # and \\/', type: 'directory' },
    rawPax({ 'SCHILY.xattr.trusted.l': 'on the link' }),
    { name: 'link', type: 'symlink', linkname: 'capable' },
    rawPax({ 'SCHILY.xattr.user.gone': 'x' }),
    { name: 'twice' },
    { name: 'again', type: 'link', linkname: 'twice' },
    { name: 'twice', type: 'symlink', linkname: '/' },
  ]);
  assert.equal(xattr(at('capable'), 'security.capability'), capability.toString('latin1'));
  assert.equal(xattr(at('dir with\nnewline # and \\'), 'trusted.x'), '\x00\x01\x0a\xff=');
  assert.equal(xattr(at('link'), 'trusted.l'), 'on the link');
  assert.equal(xattr(at('again'), 'user.gone'), 'x');
});

test('attributes are set in several runs when there are many', async (t) => {
  const value = 'v'.repeat(1500);
  const { at } = await unpack(
    t,
    Array.from({ length: 800 }, (_, index) => [
      rawPax({ 'SCHILY.xattr.trusted.x': value }),
      { name: `f${index}`, body: 'x' },
    ]).flat(),
  );
  for (const name of ['f0', 'f400', 'f799']) assert.equal(xattr(at(name), 'trusted.x'), value);
});

test('what overlayfs would believe cannot be smuggled in as an attribute', async (t) => {
  const { at } = await unpack(t, [
    rawPax({ 'SCHILY.xattr.trusted.overlay.redirect': '/etc', 'SCHILY.xattr.user.kept': '1' }),
    { name: 'dir/', type: 'directory' },
  ]);
  assert.equal(
    execFileSync('getfattr', ['-m-', '--absolute-names', at('dir')])
      .toString()
      .split('\n')[1],
    'user.kept',
  );
});

test('names keep their bytes: not UTF-8, newlines, long ones of every tar dialect', async (t) => {
  const long = `${'d'.repeat(200)}/${'e'.repeat(250)}`;
  const longer = 'g'.repeat(240);
  const { directory, at } = await unpack(t, [
    rawPax({ path: Buffer.from([0x66, 0xff, 0x0a, 0xe4]) }),
    { name: 'x', body: '1' },
    { name: 'schön', body: '2' },
    rawPax({ path: long }),
    { name: 'y', body: '3' },
    rawEntry('L', '././@LongLink', `${longer}\0`),
    rawEntry('K', '././@LongLink', `${'t'.repeat(3000)}\0`),
    { name: 'z', type: 'symlink', linkname: 'short' },
    rawEntry('g', 'global', '20 comment=whatever\n'),
    { name: 'last', body: '4' },
  ]);
  const names = readdirSync(directory, { encoding: 'buffer' }).map((name) => name.toString('latin1'));
  const expected = ['d'.repeat(200), longer, 'f\xff\n\xe4', 'last', Buffer.from('schön').toString('latin1')];
  assert.deepEqual(names.sort(), expected.sort());
  assert.equal(readFileSync(at(long), 'utf8'), '3');
  assert.equal(readlinkSync(at(longer)), 't'.repeat(3000));
});

test('content after a link that says it has some is read as the next header, as Go reads it', async (t) => {
  const { at } = await unpack(
    t,
    [
      { name: 'a', body: 'x' },
      { name: 'b', type: 'link', linkname: 'a' },
      { name: 'c', body: 'y' },
    ],
    (tar) => {
      const link = tar.subarray(1024, 1536);
      link.write('00000001000', 124, 'latin1');
      seal(link);
      return tar;
    },
  );
  assert.equal(readFileSync(at('c'), 'utf8'), 'y');
});

test('whiteouts become overlayfs whiteouts and opaque directories, whatever their order', async (t) => {
  const { at, facts, directory } = await unpack(t, [
    { name: 'a/.wh.gone' },
    { name: 'a/.wh.also gone' },
    { name: 'b/', type: 'directory' },
    { name: 'b/.wh..wh..opq' },
    { name: 'c/', type: 'directory' },
    { name: '.wh.c' },
    { name: '.wh.d' },
    { name: 'd/', type: 'directory', mode: 0o700 },
    { name: '.wh.e' },
    { name: 'e', body: 'new' },
    { name: 'f', body: 'new' },
    { name: '.wh.f' },
    { name: '.wh.g' },
    { name: 'g/h', body: 'new' },
    { name: '.wh..wh.plnk/', type: 'directory' },
    { name: '.wh..wh.aufs' },
  ]);
  for (const gone of ['a/gone', 'a/also gone']) {
    assert.deepEqual([lstatSync(at(gone)).isCharacterDevice(), lstatSync(at(gone)).rdev], [true, 0], gone);
  }
  for (const opaque of ['b', 'c', 'd', 'g'])
    assert.equal(xattr(at(opaque), 'trusted.overlay.opaque'), 'y', opaque);
  assert.deepEqual([readFileSync(at('e'), 'utf8'), readFileSync(at('f'), 'utf8')], ['new', 'new']);
  assert.equal(statSync(at('d')).mode & 0o777, 0o700);
  assert.deepEqual(readdirSync(directory).sort(), ['a', 'b', 'c', 'd', 'e', 'f', 'g']);
  assert.deepEqual(readdirSync(join(directory, '..')), ['diff'], 'helper nodes are gone');
  assert.deepEqual(facts.implicit, ['a']);
  assert.deepEqual(facts.opaque.sort(), ['b', 'c', 'd', 'g']);
});

test('the last of several entries with one name wins, whatever the kinds', async (t) => {
  const { at } = await unpack(t, [
    { name: 'x/', type: 'directory' },
    { name: 'x/y', body: '1' },
    { name: 'x', body: 'file' },
    { name: 'l', type: 'symlink', linkname: '/' },
    { name: 'l/', type: 'directory', mode: 0o711, uid: 9 },
    { name: 'l/in', body: '2' },
    { name: 'n', body: 'file' },
    { name: 'n', type: 'fifo' },
    { name: 'kept/', type: 'directory' },
    { name: 'kept/f', body: '3' },
    { name: 'kept/', type: 'directory', mode: 0o700 },
  ]);
  assert.equal(readFileSync(at('x'), 'utf8'), 'file');
  assert.deepEqual(
    [lstatSync(at('l')).isDirectory(), lstatSync(at('l')).uid, lstatSync(at('l')).mode & 0o777],
    [true, 9, 0o711],
  );
  assert.equal(readFileSync(at('l/in'), 'utf8'), '2');
  assert.ok(lstatSync(at('n')).isFIFO());
  assert.deepEqual([readFileSync(at('kept/f'), 'utf8'), statSync(at('kept')).mode & 0o777], ['3', 0o700]);
});

test('a file whose name ends with a slash is a directory, as before POSIX; it has no content', async (t) => {
  const { at } = await unpack(t, [{ name: 'old/' }, { name: 'old/file', body: 'x' }]);
  assert.equal(readFileSync(at('old/file'), 'utf8'), 'x');
  await assert.rejects(unpack(t, [{ name: 'old/', body: 'x' }]), {
    code: 'archive',
    message: /with content/,
  });
});

test('the entry for the root is reported and parents without entries are made for root, 0755', async (t) => {
  const { at, facts } = await unpack(t, [
    { name: './', type: 'directory', mode: 0o711, uid: 3, gid: 4 },
    { name: '/abs/p/file', body: 'x', uid: 1000 },
  ]);
  assert.deepEqual(facts.root, { uid: 3, gid: 4, mode: 0o711, mtime: 1_000_000_000_000 });
  assert.deepEqual(facts.implicit, ['abs', 'abs/p']);
  const parent = statSync(at('abs/p'));
  assert.deepEqual([parent.uid, parent.mode & 0o7777, statSync(at('abs/p/file')).uid], [0, 0o755, 1000]);
});

test('four thousand small entries in one chunk are no trouble', async (t) => {
  const entries = Array.from({ length: 4_000 }, (_, index) => ({
    name: `d/${index % 2 ? '.wh.' : ''}${index}`,
  }));
  const { at } = await unpack(t, entries);
  assert.equal(readdirSync(at('d')).length, 4_000);
});

const HOSTILE: [title: string, entries: Entry[], message: RegExp][] = [
  ['a name with ".."', [{ name: '../outside', body: 'x' }], /contains "\.\."/],
  ['a name with ".." further in', [{ name: 'a/../../outside', body: 'x' }], /contains "\.\."/],
  ['a hard link to outside', [{ name: 'l', type: 'link', linkname: '../../outside' }], /contains "\.\."/],
  [
    'a hard link to an absolute path that is not in the layer',
    [{ name: 'l', type: 'link', linkname: '/etc/hostname' }],
    /not a directory of this layer|no such file/i,
  ],
  ['a hard link to nothing', [{ name: 'l', type: 'link', linkname: 'missing' }], /ENOENT/],
  [
    'a hard link through a symlink',
    [
      { name: 's', type: 'symlink', linkname: '..' },
      { name: 'l', type: 'link', linkname: 's/../secret' },
    ],
    /"\.\."/,
  ],
  [
    'a hard link whose target lies behind a symlink',
    [
      { name: 's', type: 'symlink', linkname: '../..' },
      { name: 'l', type: 'link', linkname: 's/secret' },
    ],
    /not a directory of this layer/,
  ],
  [
    'a file through a symlink laid before',
    [
      { name: 's', type: 'symlink', linkname: '../..' },
      { name: 's/outside', body: 'x' },
    ],
    /not a directory/,
  ],
  [
    'a whiteout through a symlink',
    [{ name: 's', type: 'symlink', linkname: '../..' }, { name: 's/.wh.secret' }],
    /not a directory/,
  ],
  [
    'a device through a symlink',
    [
      { name: 's', type: 'symlink', linkname: '../..' },
      { name: 's/n', type: 'character-device', devmajor: 1, devminor: 1 },
    ],
    /not a directory/,
  ],
  ['a whiteout of the parent', [{ name: 'a/.wh...' }], /names nothing/],
  ['a whiteout of nothing', [{ name: 'a/.wh.' }], /names nothing/],
  [
    'a component longer than any file system takes',
    [{ name: `a/${'x'.repeat(300)}`, body: 'x' }],
    /ENAMETOOLONG/,
  ],
  [
    'a path longer than the kernel takes',
    [{ name: Array(30).fill('d'.repeat(200)).join('/'), body: 'x' }],
    /ENAMETOOLONG/,
  ],
  ['a NUL in a PAX path', [rawPax({ path: 'a\0b' }), { name: 'x' }], /NUL/],
  ['an owner that is no number', [rawPax({ uid: '-1' }), { name: 'x' }], /uid -1 is out of range/],
  ['a symlink without target', [{ name: 'l', type: 'symlink', linkname: '' }], /without a target/],
  [
    'a PAX header that lies about its length',
    [rawEntry('x', 'p', '99 path=x\n'), { name: 'x' }],
    /malformed PAX/,
  ],
  ['a root that is no directory', [{ name: './', type: 'symlink', linkname: 'x' }], /root of a layer/],
  ['a part of a file of several volumes', [rawEntry('M', 's', 'x')], /not supported/],
];

for (const [title, entries, message] of HOSTILE) {
  test(`refused without touching anything outside: ${title}`, async (t) => {
    const base = scratch(t);
    writeFileSync(join(base, 'secret'), 'untouched');
    mkdirSync(join(base, 'layer', 'diff'), { recursive: true });
    const tar = await tarOf(entries);
    for (const chunks of [[tar], piecesOf(tar)]) {
      await assert.rejects(unpackLayer(Readable.from(chunks), join(base, 'layer', 'diff')), (error) => {
        assert.ok(error instanceof BerthError, String((error as Error).stack));
        assert.equal(error.code, 'archive');
        assert.match(error.message, message);
        return true;
      });
    }
    assert.deepEqual(readdirSync(base).sort(), ['layer', 'secret']);
    assert.deepEqual(readdirSync(join(base, 'layer')), ['diff']);
    assert.equal(statSync(join(base, 'secret')).nlink, 1);
    assert.equal(readFileSync(join(base, 'secret'), 'utf8'), 'untouched');
  });
}

test('metadata never lands on what a symlink of the same name points to', async (t) => {
  const base = scratch(t);
  writeFileSync(join(base, 'secret'), 'untouched', { mode: 0o600 });
  mkdirSync(join(base, 'layer', 'diff'), { recursive: true });
  const tar = await tarOf([
    { name: 's', type: 'symlink', linkname: '../../secret', uid: 77 },
    { name: 't', type: 'link', linkname: 's', uid: 77, mode: 0o777 },
    { name: 'u', type: 'symlink', linkname: '../..' },
    { name: 'u/', type: 'directory', uid: 77, mode: 0o777 },
  ]);
  await unpackLayer(Readable.from([tar]), join(base, 'layer', 'diff'));
  assert.deepEqual(
    [statSync(join(base, 'secret')).uid, statSync(join(base, 'secret')).mode & 0o777],
    [0, 0o600],
  );
  assert.equal(statSync(base).uid, 0);
});

for (const cut of [1, 511, 513, 1023, 1025]) {
  test(`a tar that ends ${cut} bytes into its content is refused`, async (t) => {
    await assert.rejects(
      unpack(t, [{ name: 'f', body: 'x'.repeat(2000) }], (tar) => tar.subarray(0, cut)),
      { code: 'archive', message: /broken layer/ },
    );
  });
}

test('what follows the end of a tar is no part of it', async (t) => {
  const { directory } = await unpack(t, [{ name: 'f', body: 'x' }], (tar) =>
    Buffer.concat([tar, tar, Buffer.from('rubbish')]),
  );
  assert.deepEqual(readdirSync(directory), ['f']);
  const twice = await unpack(t, [{ name: 'g', body: 'x' }], (tar) =>
    Buffer.concat([tar.subarray(0, -512), tar]),
  );
  assert.deepEqual(readdirSync(twice.directory), ['g'], 'one block of zeros ends nothing');
});

test('a damaged header is refused', async (t) => {
  const damage = (tar: Buffer) => {
    tar[3] = 0x41;
    return tar;
  };
  await assert.rejects(unpack(t, [{ name: 'file', body: 'x' }], damage), {
    code: 'archive',
    message: /Invalid tar header/,
  });
});
