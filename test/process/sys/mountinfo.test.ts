import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { isMountPoint, mountAt, mountsWithin } from '../../../src/sys/mountinfo.ts';

/** A directory with a tmpfs, a bind mount of the same file system, one on a file, and one below the tmpfs. */
function mounts(t: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'berth mounts-'));
  const mounted: string[] = [];
  t.after(() => {
    for (const mountPoint of mounted.reverse()) execFileSync('umount', [mountPoint]);
    rmSync(folder, { recursive: true });
  });
  for (const name of ['tmpfs', 'source', 'bound', 'plain', 'tmpfs-not']) mkdirSync(path.join(folder, name));
  for (const name of ['file', 'source/x']) writeFileSync(path.join(folder, name), '');
  symlinkSync('tmpfs', path.join(folder, 'link'));
  const mount = (...args: string[]): void => {
    execFileSync('mount', args);
    mounted.push(args.at(-1) ?? '');
  };
  mount('-t', 'tmpfs', 'tmpfs', path.join(folder, 'tmpfs'));
  mount('--bind', path.join(folder, 'source'), path.join(folder, 'bound'));
  mount('--bind', path.join(folder, 'source/x'), path.join(folder, 'file'));
  mkdirSync(path.join(folder, 'tmpfs/in'));
  mount('-t', 'tmpfs', 'tmpfs', path.join(folder, 'tmpfs/in'));
  return folder;
}

describe('what is mounted', () => {
  it('is seen at each place, of the same file system and on a file too, and as the kernel’s list has it', (t) => {
    const folder = mounts(t);
    const found = (name: string): boolean => isMountPoint(path.join(folder, name));
    for (const name of ['tmpfs', 'bound', 'file', 'tmpfs/in']) assert.equal(found(name), true, name);
    for (const name of ['plain', 'source', 'link', 'none', 'file/below', 'tmpfs-not'])
      assert.equal(found(name), false, name);
    for (const name of ['tmpfs', 'bound', 'file', 'tmpfs/in', 'plain', 'link', 'none'])
      assert.equal(mountAt(path.join(folder, name)) !== undefined, found(name), name);
    assert.equal(isMountPoint('/proc'), true);
  });

  it('within a directory is what is at it and below, and nothing beside', (t) => {
    const folder = mounts(t);
    const within = (name: string): string[] =>
      mountsWithin(path.join(folder, name)).map(({ mountPoint }) => path.relative(folder, mountPoint));
    assert.deepEqual(within('tmpfs'), ['tmpfs', 'tmpfs/in']);
    assert.deepEqual(within('plain'), []);
    assert.deepEqual(within('').sort(), ['bound', 'file', 'tmpfs', 'tmpfs/in']);
  });
});
