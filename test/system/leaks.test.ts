import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Bed, bootBed } from '../bed/bed.ts';
import { assertNoLeaks, leakSnapshot } from '../bed/leaks.ts';
import { baseRoot } from '../bed/rootfs.ts';

/** One leak of each kind: how to plant it, what the report must say, how to take it away. */
const LEAKS = [
  {
    kind: 'mount',
    plant: 'mkdir -p /run/berth-test && mount -t tmpfs tmpfs /run/berth-test',
    says: /mount:\n {4}\/run\/berth-test \(tmpfs\)/,
    clear: 'umount /run/berth-test',
  },
  {
    kind: 'overlay mount where one is already',
    plant: 'mkdir -p /tmp/m /tmp/m2 && mount -t overlay overlay -o lowerdir=/tmp/m:/tmp/m2 /tmp/m',
    says: /mount:\n {4}\/tmp\/m \(overlay\)/,
    clear: 'umount /tmp/m',
  },
  {
    kind: 'named network namespace',
    plant: 'ip netns add berth-leak',
    says: /netns:\n {4}berth-leak \(named\)/,
    clear: 'ip netns delete berth-leak && umount /run/netns',
  },
  {
    kind: 'network namespace held by a process',
    plant: `unshare --net sleep 1000 </dev/null >/dev/null 2>&1 & ${begun('sleep 1000')}`,
    says: /netns:\n {4}\d+ of sleep 1000/,
    clear: 'pkill --full "^sleep 1000$"',
  },
  {
    kind: 'cgroup with berth in its name',
    plant: 'mkdir -p /sys/fs/cgroup/system.slice/berth-x.service/container',
    says: /cgroup:\n {4}\/system\.slice\/berth-x\.service\n {4}\/system\.slice\/berth-x\.service\/container/,
    clear:
      'rmdir /sys/fs/cgroup/system.slice/berth-x.service/container /sys/fs/cgroup/system.slice/berth-x.service',
  },
  {
    kind: 'empty cgroup of any name',
    plant: 'mkdir /sys/fs/cgroup/left-over',
    says: /cgroup:\n {4}\/left-over \(empty\)/,
    clear: 'rmdir /sys/fs/cgroup/left-over',
  },
  {
    kind: 'unit of a container',
    plant: 'systemd-run --quiet --unit=berth-x.service sleep 1001',
    says: /unit:\n {4}berth-x\.service active \(running\)/,
    clear: 'systemctl stop berth-x.service',
  },
  {
    kind: 'failed unit',
    plant: 'systemd-run --quiet --wait --unit=other.service false || true',
    says: /unit:\n {4}other\.service failed/,
    clear: 'systemctl reset-failed other.service',
  },
  {
    kind: 'timer',
    plant: 'systemd-run --quiet --unit=other.service --on-active=1h true',
    says: /unit:\n {4}other\.timer active/,
    clear: 'systemctl stop other.timer',
  },
  {
    kind: 'transient unit file',
    plant: 'systemd-run --quiet --unit=other.service sleep 1002',
    says: /unit file:\n {4}\/run\/systemd\/transient\/other\.service/,
    clear: 'systemctl stop other.service',
  },
  {
    kind: 'unit file of a removed container',
    plant: 'mkdir -p /usr/local/lib/systemd/system && touch /usr/local/lib/systemd/system/berth-gone.service',
    says: /unit file:\n(.*\n)*? {4}\/usr\/local\/lib\/systemd\/system\/berth-gone\.service/,
    clear: 'rm -r /usr/local/lib/systemd',
  },
  {
    kind: 'process',
    plant: `setsid sleep 1003 </dev/null >/dev/null 2>&1 & ${begun('sleep 1003')}`,
    says: /process:\n {4}\d+, started at \d+: sleep 1003/,
    clear: 'pkill --full "^sleep 1003$"',
  },
  {
    kind: 'file of a dead container',
    plant: 'mkdir -p /run/berth/containers/abc && touch /run/berth/containers/abc/exit',
    says: /runtime file:\n(.*\n)*? {4}\/run\/berth\/containers\/abc\/exit/,
    clear: 'rm -r /run/berth',
  },
];

/** What was put in the background has become that program. */
function begun(command: string): string {
  return `until pgrep --full "^${command}$" >/dev/null; do :; done`;
}

describe('a leak check', () => {
  let bed: Bed;
  before(async () => {
    bed = await bootBed({ name: 'leaks', layers: [await baseRoot()] });
  });
  after(() => bed.close());

  for (const { kind, plant, says, clear } of LEAKS) {
    test(`names a leaked ${kind}, and is content when it is gone`, async () => {
      const snapshot = await leakSnapshot(bed);
      await bed.sh(plant, { quick: true });
      await assert.rejects(assertNoLeaks(bed, snapshot, { settleMs: 0 }), says);
      await bed.sh(clear, { quick: true });
      await assertNoLeaks(bed, snapshot);
    });
  }

  test('names rows that have become more', async () => {
    let count = 1;
    const rows = async () => ({ containers: count });
    const snapshot = await leakSnapshot(bed, { rows });
    await assertNoLeaks(bed, snapshot, { rows });
    count = 2;
    await assert.rejects(assertNoLeaks(bed, snapshot, { rows, settleMs: 0 }), /rows:\n {4}containers 2/);
  });

  test('accepts what it is told to accept, and nothing else', async () => {
    const snapshot = await leakSnapshot(bed);
    await bed.sh('mkdir /sys/fs/cgroup/one /sys/fs/cgroup/two', { quick: true });
    const check = assertNoLeaks(bed, snapshot, { settleMs: 0, allow: [/^cgroup: \/one/] });
    await assert.rejects(
      check,
      (error: Error) => /\/two/.test(error.message) && !/\/one/.test(error.message),
    );
    await bed.sh('rmdir /sys/fs/cgroup/one /sys/fs/cgroup/two', { quick: true });
  });

  test('finds nothing after commands of both kinds', async () => {
    const snapshot = await leakSnapshot(bed);
    await bed.ok(['true']);
    await bed.run(['false']);
    await bed.nsenter(['true']);
    await assertNoLeaks(bed, snapshot);
  });
});
