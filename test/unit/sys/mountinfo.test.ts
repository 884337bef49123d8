import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseOomKills } from '../../../src/sys/cgroup.ts';
import { mountAt, parseMountInfo } from '../../../src/sys/mountinfo.ts';

const TEXT = `22 28 0:21 / /proc rw,nosuid shared:5 - proc proc rw
30 28 0:26 /sub /mnt/my\\040disk\\011\\134x ro,nodev shared:1 master:2 - ext4 /dev/a\\040b rw,errors=continue
31 30 0:27 / /mnt/my\\040disk\\011\\134x rw - overlay overlay rw,lowerdir=/a\\072b:/c
garbage
33 28 0:1 / /cut rw
`;

describe('parseMountInfo', () => {
  const mounts = parseMountInfo(TEXT);

  it('reads every field, with optional ones and without', () => {
    assert.deepEqual(mounts[1], {
      id: 30,
      parentId: 28,
      device: '0:26',
      root: '/sub',
      mountPoint: '/mnt/my disk\t\\x',
      options: ['ro', 'nodev'],
      propagation: ['shared:1', 'master:2'],
      fsType: 'ext4',
      source: '/dev/a b',
      superOptions: ['rw', 'errors=continue'],
    });
    assert.deepEqual(mounts[2]?.propagation, []);
    assert.deepEqual(mounts[2]?.superOptions, ['rw', 'lowerdir=/a:b:/c']);
  });

  it('leaves out a line that is none, and keeps the others', () => {
    assert.deepEqual(
      mounts.map(({ id }) => id),
      [22, 30, 31],
    );
  });

  it('shows the topmost of two mounts at one place', () => {
    assert.equal(mountAt('/mnt/my disk\t\\x', mounts)?.id, 31);
    assert.equal(mountAt('/mnt', mounts), undefined);
  });
});

describe('parseOomKills', () => {
  it('takes the kernel’s count of kills, not that of groups', () => {
    assert.equal(parseOomKills('low 0\nhigh 2\nmax 9\noom 3\noom_kill 4\noom_group_kill 1\n'), 4);
    assert.equal(parseOomKills('oom_group_kill 7\n'), 0);
    assert.equal(parseOomKills(''), 0);
  });
});
