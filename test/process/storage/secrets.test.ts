import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { SecretRecord } from '../../../src/model/secret.ts';
import { copySecrets, mountCredentials, unmountCredentials } from '../../../src/storage/container-secrets.ts';
import { containerPaths, storagePaths } from '../../../src/storage/paths.ts';
import { secretStore } from '../../../src/storage/secrets.ts';
import { mountAt } from '../../../src/sys/mountinfo.ts';
import { scratch } from './archives.ts';

const secret = (name: string, labels: Record<string, string> = {}): SecretRecord => ({
  id: '0'.repeat(25),
  name,
  createdAt: '2026-11-27T00:00:00.000Z',
  updatedAt: '2026-11-27T00:00:00.000Z',
  driver: 'file',
  driverOptions: {},
  labels,
});

test('a secret is one file that only its owner can read, whatever is in it', (t) => {
  const paths = storagePaths(scratch(t));
  const store = secretStore(paths);
  assert.deepEqual(store.list(), []);
  assert.equal(store.byName('a'), undefined);
  assert.equal(store.content('a'), undefined);
  const bytes = Buffer.from([10, 0, 255, 10, 123]);
  // What is said of it may be longer than is read at a time.
  const long = secret('a', { text: 'é\n'.repeat(5000) });
  store.save(secret('b'), Buffer.from('old'));
  store.save(long, bytes);
  store.save(secret('b'), Buffer.from('new'));
  assert.deepEqual(store.list(), [long, secret('b')]);
  assert.deepEqual(store.byName('a'), long);
  assert.deepEqual(Buffer.from(store.content('a') ?? []), bytes);
  assert.equal(Buffer.from(store.content('b') ?? []).toString(), 'new');
  assert.equal(statSync(paths.secrets).mode & 0o7777, 0o700);
  for (const name of readdirSync(paths.secrets))
    assert.equal(statSync(join(paths.secrets, name)).mode & 0o7777, 0o600);
  store.remove('a');
  store.remove('a');
  assert.deepEqual(store.list(), [secret('b')]);
});

test('what a killed writer has left is no secret, and the next writer removes it', (t) => {
  const paths = storagePaths(scratch(t));
  const store = secretStore(paths);
  store.save(secret('a'), Buffer.from('text'));
  const [file = ''] = readdirSync(paths.secrets);
  for (const write of [() => store.save(secret('a'), Buffer.from('text')), () => store.remove('b')]) {
    writeFileSync(join(paths.secrets, `.${file}.123.tmp`), 'half');
    assert.deepEqual(store.list(), [secret('a')]);
    write();
    assert.deepEqual(readdirSync(paths.secrets), [file]);
  }
});

test('a damaged file is named, with what to do', (t) => {
  const paths = storagePaths(scratch(t));
  const store = secretStore(paths);
  store.save(secret('a'), Buffer.from('text'));
  const file = join(paths.secrets, readdirSync(paths.secrets)[0] ?? '');
  writeFileSync(file, 'te');
  assert.throws(() => store.list(), {
    code: 'store',
    message: `the secret in ${file} is damaged: remove the file and create it again`,
  });
  rmSync(file);
  assert.deepEqual(store.list(), []);
});

test('a container has copies of its own, with owner and mode as asked for', (t) => {
  const paths = storagePaths(scratch(t));
  const { root, secrets } = containerPaths(paths, 'id');
  mkdirSync(root, { recursive: true });
  copySecrets(paths, 'id', [
    { name: 'a', destination: '/run/secrets/a', uid: 7, gid: 8, mode: 0o4640, content: Buffer.from('one') },
    { name: 'a', destination: '/run/secrets/b', uid: 0, gid: 0, mode: 0o444, content: Buffer.from('one') },
  ]);
  const { uid, gid, mode } = statSync(join(secrets, '0'));
  assert.deepEqual([uid, gid, mode & 0o7777], [7, 8, 0o640]);
  assert.equal(statSync(join(secrets, '1')).mode & 0o7777, 0o444);
  assert.equal(readFileSync(join(secrets, '1'), 'utf8'), 'one');
});

test('credentials are copied into memory that is never swapped out, and can be unmounted any number of times', async (t) => {
  const paths = storagePaths(scratch(t));
  const from = join(paths.root, 'from');
  mkdirSync(from);
  writeFileSync(join(from, 'tok'), 'text', { mode: 0o400 });
  const { credentials } = containerPaths(paths, 'id');
  t.after(() => unmountCredentials(paths, 'id'));
  for (const uid of [5, 6]) {
    const files = [{ name: 'tok', destination: '/run/secrets/tok', uid, gid: 9, mode: 0o440 }];
    const [file = ''] = await mountCredentials(paths, 'id', { directory: from, files });
    const stat = statSync(file);
    assert.deepEqual([stat.uid, stat.gid, stat.mode & 0o7777], [uid, 9, 0o440]);
    assert.equal(readFileSync(file, 'utf8'), 'text');
    assert.equal(mountAt(credentials)?.fsType, 'ramfs');
    assert.equal(statSync(credentials).mode & 0o7777, 0o700);
  }
  await unmountCredentials(paths, 'id');
  await unmountCredentials(paths, 'id');
  assert.equal(mountAt(credentials), undefined);
  assert.deepEqual(readdirSync(credentials), []);
});
