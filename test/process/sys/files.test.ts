/** Directories as the kernel makes them. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { makeDirectory } from '../../../src/sys/files.ts';

describe('makeDirectory', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'berth-directories-'));
  after(() => rmSync(folder, { recursive: true }));

  test('makes a directory with its parents, closed to others, and again without complaint', () => {
    const directory = path.join(folder, 'a/b/c');
    makeDirectory(directory);
    makeDirectory(directory);
    for (const each of ['a', 'a/b', 'a/b/c']) {
      assert.equal(statSync(path.join(folder, each)).mode & 0o777, 0o700, each);
    }
  });

  test('says at once that there is no making one below /proc, where mkdir with recursive never returns', () => {
    assert.throws(() => makeDirectory('/proc/berth/state'), { code: 'ENOENT' });
  });

  test('does not take a file for a directory on the way', () => {
    writeFileSync(path.join(folder, 'file'), '');
    assert.throws(() => makeDirectory(path.join(folder, 'file/below')), { code: 'ENOTDIR' });
  });
});
