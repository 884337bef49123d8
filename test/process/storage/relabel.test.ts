/** Labels of trees: the attribute is the real one, which root may set on a kernel without SELinux, too. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { storagePaths } from '../../../src/storage/paths.ts';
import { relabelTree } from '../../../src/storage/relabel.ts';
import { copyUp, makeVolume, volumeData } from '../../../src/storage/volumes.ts';
import { isSelinuxEnabled, readLabel, selinuxContexts, writeLabel } from '../../../src/sys/selinux.ts';
import { scratch } from './archives.ts';

const PRIVATE = 'system_u:object_r:container_file_t:s0:c1,c2';
const SHARED = 'system_u:object_r:container_file_t:s0';

/** Of the entry itself, as getfattr(1) sees it: not the program under test. */
function labelOf(path: string): string {
  const args = ['-h', '--absolute-names', '--only-values', '-n', 'security.selinux', '--', path];
  return execFileSync('getfattr', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).replace(
    /\0$/,
    '',
  );
}

function isLabelled(path: string): boolean {
  return (
    execFileSync('getfattr', ['-h', '-m', '^security\\.selinux$', '--', path], { encoding: 'utf8' }) !== ''
  );
}

test('a label is written and read, and a file without has none', (t) => {
  const file = join(scratch(t), 'a');
  writeFileSync(file, '');
  assert.equal(readLabel(file), isLabelled(file) ? labelOf(file) : '');
  assert.equal(writeLabel(file, PRIVATE), true);
  assert.deepEqual([readLabel(file), labelOf(file)], [PRIVATE, PRIVATE]);
  assert.throws(() => writeLabel(`${file}.gone`, PRIVATE), { code: 'ENOENT' });
});

test('a file system without labels is left alone', async () => {
  assert.equal(readLabel('/proc/version'), undefined);
  assert.equal(writeLabel('/proc/version', PRIVATE), false);
  await relabelTree('/proc/sys/kernel', PRIVATE);
});

test('a tree is labelled whole, and links in it instead of what they lead to', async (t) => {
  const directory = scratch(t);
  const tree = join(directory, 'tree');
  mkdirSync(join(tree, 'd/e'), { recursive: true });
  mkdirSync(join(directory, 'outside'));
  for (const file of ['tree/a', 'tree/d/b', 'tree/d/e/c', 'outside/secret'])
    writeFileSync(join(directory, file), '');
  writeFileSync(Buffer.concat([Buffer.from(`${tree}/`), Buffer.from([0xff, 0x0a])]), '');
  symlinkSync('../outside', join(tree, 'relative'));
  symlinkSync(join(directory, 'outside/secret'), join(tree, 'd/absolute'));
  symlinkSync('nowhere', join(tree, 'd/e/dangling'));
  const before = isLabelled(join(directory, 'outside'));
  execFileSync('mkfifo', [join(tree, 'd/fifo')]);

  let words = 0;
  await relabelTree(tree, PRIVATE, async () => {
    words += 1;
  });
  for (const path of [
    '',
    'a',
    'd',
    'd/b',
    'd/e',
    'd/e/c',
    'relative',
    'd/absolute',
    'd/e/dangling',
    'd/fifo',
  ])
    assert.equal(labelOf(join(tree, path)), PRIVATE, path);
  const all = execFileSync('getfattr', ['-R', '-P', '-h', '-n', 'security.selinux', '.'], {
    cwd: tree,
    encoding: 'utf8',
  });
  assert.equal(all.split(`="${PRIVATE}"`).length - 1, 11, 'the one whose name is no text, too');
  assert.equal(isLabelled(join(directory, 'outside')), before);
  assert.equal(isLabelled(join(directory, 'outside/secret')), before);
  assert.equal(words, 0, 'a small tree needs no patience');

  // By a link to it, as a person may write it.
  symlinkSync('tree', join(directory, 'link'));
  await relabelTree(join(directory, 'link'), SHARED);
  assert.equal(labelOf(join(tree, 'd/e/c')), SHARED);
});

test('a tree whose top has the label is taken for labelled; one that was cut off is begun again', async (t) => {
  const tree = join(scratch(t), 'tree');
  mkdirSync(tree);
  for (let index = 0; index < 2500; index++) writeFileSync(join(tree, String(index)), '');
  const cut = new Error('cut off');
  await assert.rejects(
    relabelTree(tree, PRIVATE, async () => {
      throw cut;
    }),
    cut,
  );
  assert.notEqual(readLabel(tree), PRIVATE, 'the top comes last');
  let words = 0;
  await relabelTree(tree, PRIVATE, async () => {
    words += 1;
  });
  assert.equal(words, 2, 'once in a thousand files');
  writeLabel(join(tree, '7'), SHARED);
  await relabelTree(tree, PRIVATE);
  assert.equal(readLabel(join(tree, '7')), SHARED, 'nothing below was looked at');
});

test('directories that the host needs keep their labels, also by another name', async (t) => {
  const link = join(scratch(t), 'link');
  symlinkSync('/etc', link);
  for (const path of ['/etc', '/', link])
    await assert.rejects(relabelTree(path, PRIVATE), { code: 'invalid', message: /^SELinux relabeling of / });
});

test('the file that cannot be labelled is named', async (t) => {
  const tree = join(scratch(t), 'tree');
  mkdirSync(tree);
  writeFileSync(join(tree, 'fixed'), '');
  execFileSync('chattr', ['+i', join(tree, 'fixed')]);
  try {
    await assert.rejects(relabelTree(tree, PRIVATE), {
      message: `cannot give ${join(tree, 'fixed')} the SELinux label ${PRIVATE}: setxattr: operation not permitted`,
    });
  } finally {
    execFileSync('chattr', ['-i', join(tree, 'fixed')]);
  }
});

test('a volume is made with its label, and what an image has at its place gets it too', async (t) => {
  const directory = scratch(t);
  const paths = storagePaths(directory);
  const root = join(directory, 'root');
  mkdirSync(join(root, 'data/d'), { recursive: true });
  writeFileSync(join(root, 'data/d/f'), 'x');
  for (const path of ['data', 'data/d', 'data/d/f']) writeLabel(join(root, path), PRIVATE);
  const config = {
    version: 1 as const,
    name: 'v',
    createdAt: '2026-01-01T00:00:00.000Z',
    labels: {},
    options: {},
    selinuxLabel: SHARED,
  };
  makeVolume(paths, config);
  const data = volumeData(paths, 'v');
  assert.equal(labelOf(data), SHARED);
  assert.equal(await copyUp(paths, config, { root, directory: '/data' }), true);
  for (const path of ['', 'd', 'd/f']) assert.equal(labelOf(join(data, path)), SHARED, path);
});

test('what looks like selinuxfs and is none does not turn labels on', () => {
  // The machines that this runs on have no SELinux; one that has it must say what its policy has.
  if (isSelinuxEnabled()) assert.ok(selinuxContexts()?.process);
  else assert.equal(selinuxContexts(), undefined);
});
