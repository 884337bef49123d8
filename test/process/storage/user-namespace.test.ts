/** The root of a container with a user namespace, by idmapped mounts and, where there are none, by copies. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, lstatSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import type { IdMappings } from '../../../src/model/user-namespace/id-map.ts';
import { changesOf } from '../../../src/storage/diff.ts';
import { highestId } from '../../../src/storage/highest-id.ts';
import { importArchive } from '../../../src/storage/import.ts';
import {
  containerPaths,
  layerDirectory,
  type StoragePaths,
  storagePaths,
} from '../../../src/storage/paths.ts';
import {
  deleteContainerStorage,
  mountRootfs,
  mountSource,
  unmountHelpers,
  unmountRootfs,
} from '../../../src/storage/rootfs.ts';
import { mountInfo } from '../../../src/sys/mountinfo.ts';
import { dockerArchive, scratch, tarOf } from './archives.ts';

const ID = 'c'.repeat(64);
const IDS: IdMappings = {
  uids: [{ container: 0, host: 100_000, size: 3000 }],
  gids: [{ container: 0, host: 200_000, size: 3000 }],
};
/** cap_net_bind_service+ep, without and with the root of the namespace: capabilities(7). */
const CAPABLE = Buffer.from('0100000200040000000000000000000000000000', 'hex');
const CAPABLE_OF_IDS = '0x0100000300040000000000000000000000000000a0860100';

async function image(t: TestContext): Promise<{ paths: StoragePaths; layers: string[]; mountPoint: string }> {
  // The way to the root must be open.
  const directory = scratch(t);
  chmodSync(directory, 0o755);
  const paths = storagePaths(join(directory, 'state'));
  const tars = [
    [
      { name: './', type: 'directory', mode: 0o755 },
      { name: 'etc/', type: 'directory' },
      {
        name: 'etc/passwd',
        body: 'root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\napp:x:9:1200::/:/bin/sh\n',
      },
      { name: 'etc/group', body: 'root:x:0:\nnogroup:x:65534:\n' },
      { name: 'dir/', type: 'directory' },
      { name: 'dir/gone', body: 'x' },
      { name: 'dir/link', type: 'symlink', linkname: '../owned', uid: 7, gid: 8 },
      { name: 'owned', body: 'mine', uid: 1000, gid: 1100 },
      { name: 'setuid', body: 'x', mode: 0o6755, uid: 5, gid: 6 },
      { name: 'stranger', body: 'x', uid: 5000, gid: 5000 },
      {
        name: 'capable',
        body: 'x',
        mode: 0o755,
        pax: { 'SCHILY.xattr.security.capability': CAPABLE.toString('latin1') },
      },
    ],
    [{ name: 'dir/', type: 'directory' }, { name: 'dir/.wh.gone' }, { name: 'deep/er/file', body: '' }],
  ] as const;
  const archive = await dockerArchive(await Promise.all(tars.map((entries) => tarOf([...entries]))));
  const [imported] = await importArchive(paths, { stream: Readable.from([archive]) });
  const layers = imported?.layers.map(({ diffId }) => diffId) ?? [];
  const mountPoint = join(containerPaths(paths, ID).root, 'merged');
  t.after(async () => {
    await unmountRootfs(mountPoint);
    await unmountHelpers(paths, ID);
  });
  return { paths, layers, mountPoint };
}

const owner = (file: string): string => {
  const { uid, gid, mode } = lstatSync(file);
  return `${uid}:${gid} ${(mode & 0o7777).toString(8)}`;
};

/** What the container's root must be like on the host, however it came to be. */
function assertShifted(mountPoint: string): void {
  const found = ['', 'dir', 'owned', 'setuid', 'stranger'].map((name) => owner(join(mountPoint, name)));
  assert.deepEqual(found, [
    '100000:200000 755',
    '100000:200000 755',
    '101000:201100 644',
    '100005:200006 6755',
    '65534:65534 644',
  ]);
  assert.equal(owner(join(mountPoint, 'dir/link')), '100007:200008 777');
  assert.deepEqual(readdirSync(join(mountPoint, 'dir')), ['link'], 'what is whited out stays so');
  const capable = join(mountPoint, 'capable');
  const attribute = execFileSync('getfattr', [
    '-n',
    'security.capability',
    '-e',
    'hex',
    '--absolute-names',
    capable,
  ]);
  assert.match(attribute.toString(), new RegExp(`=${CAPABLE_OF_IDS}\n`));
}

test('the layers are shown with the container’s owners, and stay as they are', async (t) => {
  const { paths, layers, mountPoint } = await image(t);
  const before = statSync(join(layerDirectory(paths, layers[0] ?? ''), 'diff/owned'));
  await mountRootfs(paths, { layers }, { id: ID, mountPoint, ids: IDS });
  assertShifted(mountPoint);
  const { root, upper } = containerPaths(paths, ID);
  assert.deepEqual(
    mountInfo()
      .map((mount) => mount.mountPoint)
      .filter((place) => place.startsWith(root)),
    [mountPoint],
    'nothing but the root is mounted any more',
  );
  const after = statSync(join(layerDirectory(paths, layers[0] ?? ''), 'diff/owned'));
  assert.deepEqual([after.ino, after.uid, after.gid], [before.ino, 1000, 1100]);

  writeFileSync(join(mountPoint, 'owned'), 'changed');
  assert.equal(owner(join(upper, 'owned')), '101000:201100 644', 'a copy keeps the owner that is shown');
  const changes = await changesOf(paths, { id: ID, layers, ids: IDS });
  assert.deepEqual(
    changes.map(({ kind, path }) => `${kind} ${path}`),
    ['C /owned'],
    'the directories that were given other owners do not count',
  );
});

test('two containers show the same layers with different owners at the same time', async (t) => {
  const { paths, layers, mountPoint } = await image(t);
  const other = {
    id: 'd'.repeat(64),
    mountPoint: join(containerPaths(paths, 'd'.repeat(64)).root, 'merged'),
  };
  await mountRootfs(paths, { layers }, { id: ID, mountPoint, ids: IDS });
  await mountRootfs(paths, { layers }, other);
  t.after(() => unmountRootfs(other.mountPoint));
  assert.equal(owner(join(mountPoint, 'owned')), '101000:201100 644');
  assert.equal(owner(join(other.mountPoint, 'owned')), '1000:1100 644');
});

test('an older mount(8), which does not know the option, gets copies of the layers', async (t) => {
  const { paths, layers, mountPoint } = await image(t);
  withMount(
    t,
    'for word; do shift; case $word in X-mount.idmap=*) word=rw;; esac; set -- "$@" "$word"; done',
  );
  await mountRootfs(paths, { layers }, { id: ID, mountPoint, ids: IDS });
  assertShifted(mountPoint);
  const { shifted } = containerPaths(paths, ID);
  assert.deepEqual(readdirSync(shifted).sort(), [...layers].sort());
  await unmountRootfs(mountPoint);

  // A copy that was cut short is made anew, one that is whole is used.
  const [whole = '', cut = ''] = layers;
  const inode = statSync(join(shifted, whole, 'diff/owned')).ino;
  execFileSync('mv', [join(shifted, cut), join(shifted, `${cut}.new`)]);
  await mountRootfs(paths, { layers }, { id: ID, mountPoint, ids: IDS });
  assertShifted(mountPoint);
  assert.equal(statSync(join(shifted, whole, 'diff/owned')).ino, inode);
  assert.deepEqual(readdirSync(shifted).sort(), [...layers].sort());
  assert.deepEqual(
    (await changesOf(paths, { id: ID, layers, ids: IDS })).map(({ path }) => path),
    [],
  );
});

test('what a killed mount left behind is in nobody’s way', async (t) => {
  const { paths, layers, mountPoint } = await image(t);
  const { mapped, root } = containerPaths(paths, ID);
  mkdirSync(mapped, { recursive: true });
  execFileSync('mount', ['--make-private', '--bind', paths.layers, mapped]);
  await assert.rejects(deleteContainerStorage(paths, ID), /mapped is still mounted/);
  await mountRootfs(paths, { layers }, { id: ID, mountPoint, ids: IDS });
  assertShifted(mountPoint);
  await unmountRootfs(mountPoint);

  execFileSync('mount', ['--make-private', '--bind', paths.layers, mapped]);
  await unmountHelpers(paths, ID);
  await deleteContainerStorage(paths, ID);
  assert.throws(() => statSync(root), { code: 'ENOENT' });
});

test('a source of a bind mount that cannot be shown with other owners is refused', async (t) => {
  const { paths } = await image(t);
  const place = join(containerPaths(paths, ID).idmap, '0');
  // sysfs has no such mounts.
  await assert.rejects(
    mountSource({ source: '/sys/kernel', destination: '/x', recursive: false }, place, IDS),
    {
      code: 'command-not-invocable',
      message: /^cannot mount \/sys\/kernel on \/x with the option idmap: its file system/,
    },
  );
  assert.ok(mountInfo().every(({ mountPoint }) => mountPoint !== place));
});

test('a --root that is closed to everybody is said to be so', async (t) => {
  const { paths, layers, mountPoint } = await image(t);
  const directory = join(paths.root, '..');
  chmodSync(directory, 0o700);
  await assert.rejects(mountRootfs(paths, { layers }, { id: ID, mountPoint, ids: IDS }), {
    code: 'storage',
    message: `${directory} is closed to the container's root: for user namespaces, choose a --root in directories that everybody may pass (chmod o+x)`,
  });
});

test('the highest ID of an image counts owners and accounts, but nobody', async (t) => {
  const { paths, layers } = await image(t);
  assert.equal(highestId(paths, layers), 5000);
  assert.equal(highestId(paths, layers.slice(1)), 0);
  assert.equal(highestId(paths, []), -1);
});

test('what is written over a directory lies in the container’s own', async (t) => {
  const { paths, mountPoint } = await image(t);
  const directory = scratch(t);
  chmodSync(directory, 0o751);
  writeFileSync(join(directory, 'given'), 'x');
  const source = { directory, overlay: true };
  await mountRootfs(paths, source, { id: ID, mountPoint });
  assert.equal(owner(mountPoint), `${process.getuid?.()}:${process.getgid?.()} 751`);
  writeFileSync(join(mountPoint, 'made'), 'x');
  await unmountRootfs(mountPoint);
  assert.deepEqual(readdirSync(directory), ['given']);
  await mountRootfs(paths, source, { id: ID, mountPoint });
  assert.deepEqual(readdirSync(mountPoint).sort(), ['given', 'made']);
});

/** A mount(8) that does something first. */
function withMount(t: TestContext, text: string): void {
  const directory = scratch(t);
  writeFileSync(join(directory, 'mount'), `#!/bin/sh\n${text}\nexec /usr/bin/mount "$@"\n`, { mode: 0o755 });
  const before = process.env.PATH;
  process.env.PATH = `${directory}:${before}`;
  t.after(() => {
    process.env.PATH = before;
  });
}
