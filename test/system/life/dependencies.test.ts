import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { assertAgree, inspect, showUnit } from '../../support/agree.ts';
import {
  berth,
  bootWith,
  createShell,
  leavingNothing,
  remove,
  script,
  until,
} from '../../support/machine.ts';
import { preparePodman, withoutIds } from '../../support/peer.ts';

/** So many of anything take their time. */
const LONG = { quick: true, timeoutMs: 600_000 };

const FOREVER = 'trap "exit 0" TERM; while :; do sleep 0.2; done';

describe('containers that need each other', () => {
  let bed: Bed;

  before(async () => {
    bed = await bootWith('needs');
    await preparePodman(bed);
  });

  after(() => bed?.close());

  const states = async (...names: string[]): Promise<string[]> =>
    Promise.all(names.map(async (name) => (await inspect(bed, name)).State.Status));

  it('live in one another’s namespaces, as they were told to', () =>
    leavingNothing(bed, async () => {
      await createShell(bed, 'owner', FOREVER, ['--network', 'host', '--ipc', 'shareable']);
      const joins = ['network', 'pid', 'ipc', 'uts', 'cgroupns'].flatMap((name) => [
        `--${name}`,
        'container:owner',
      ]);
      await createShell(bed, 'guest', FOREVER, joins);
      await createShell(bed, 'hosts', FOREVER, [
        ...['--network', 'host', '--pid', 'host', '--ipc', 'host', '--uts', 'host', '--cgroupns', 'host'],
      ]);
      await createShell(bed, 'path', FOREVER, ['--uts', 'ns:/proc/1/ns/uts']);
      await berth(bed, 'start', 'guest', 'hosts', 'path');
      const namespaces = async (where: string): Promise<Record<string, string>> => {
        const names = ['net', 'pid', 'ipc', 'uts', 'cgroup', 'mnt'];
        const text = await script(
          bed,
          `${where} sh -c 'for n in ${names.join(' ')}; do readlink /proc/self/ns/$n; done'`,
        );
        return Object.fromEntries(names.map((name, index) => [name, text.split('\n')[index] ?? '']));
      };
      const [owner, guest, hosts, path, host] = await Promise.all(
        [
          'berth exec owner',
          'berth exec guest',
          'berth exec hosts',
          'berth exec path',
          'nsenter -t 1 -a',
        ].map(namespaces),
      );
      assert.ok(owner && guest && hosts && path && host);
      assert.deepEqual({ ...guest, mnt: '' }, { ...owner, mnt: '' });
      assert.notEqual(guest.mnt, owner.mnt);
      assert.deepEqual({ ...hosts, mnt: '' }, { ...host, mnt: '' });
      assert.deepEqual([path.uts, path.pid === host.pid], [host.uts, false]);
      await script(bed, 'berth exec guest sh -c "echo shared >/dev/shm/word"');
      assert.equal(await berth(bed, 'exec', 'owner', 'cat', '/dev/shm/word'), 'shared');
      const hostsFile = await berth(bed, 'exec', 'owner', 'cat', '/etc/hosts');
      assert.match(hostsFile, /^127\.0\.0\.1\tneeds guest$/m);
      assert.equal(await berth(bed, 'exec', 'guest', 'cat', '/etc/hosts'), hostsFile);
      await remove(bed, '--all');
    }));

  it('stop and restart together where one lives in the other, and alone where it only needed it to start', () =>
    leavingNothing(bed, async () => {
      await createShell(bed, 'owner', FOREVER);
      await createShell(bed, 'guest', FOREVER, ['--network', 'container:owner']);
      await createShell(bed, 'friend', FOREVER, ['--requires', 'owner']);
      await berth(bed, 'start', 'guest', 'friend');
      const first = await inspect(bed, 'guest');
      const friend = await inspect(bed, 'friend');

      await berth(bed, 'restart', 'owner');
      const second = await until('the guest’s restart', async () => {
        const facts = await inspect(bed, 'guest');
        return facts.State.Running && facts.State.Pid !== first.State.Pid ? facts : undefined;
      });
      await assertAgree(bed, 'owner', 'guest', 'friend');

      await berth(bed, 'stop', 'owner');
      await assertAgree(bed, 'owner', 'guest', 'friend');
      assert.deepEqual(await states('owner', 'guest', 'friend'), ['exited', 'exited', 'running']);
      assert.equal((await inspect(bed, 'friend')).State.Pid, friend.State.Pid);

      await berth(bed, 'start', 'guest');
      assert.deepEqual(await states('owner', 'guest'), ['running', 'running']);

      // The owner ends by itself; the guest lives on in its network until the owner has a new one.
      const third = await inspect(bed, 'guest');
      await script(bed, `kill -9 ${(await inspect(bed, 'owner')).State.Pid}`);
      await until('the owner’s end', async () =>
        (await showUnit(bed, 'owner')).ActiveState === 'failed' ? true : undefined,
      );
      assert.deepEqual(await states('owner', 'guest'), ['exited', 'running']);
      await berth(bed, 'start', 'owner');
      await until('the guest’s restart', async () => {
        const { State } = await inspect(bed, 'guest');
        return State.Running && State.Pid !== third.State.Pid ? true : undefined;
      });
      await assertAgree(bed, 'owner', 'guest', 'friend');
      assert.notEqual(second.State.Pid, third.State.Pid);
      await remove(bed, '--all');
    }));

  it('are restarted by systemd with the one they live in, and come back when what they need comes back', () =>
    leavingNothing(bed, async () => {
      await createShell(bed, 'owner', FOREVER, ['--restart', 'always']);
      await createShell(bed, 'guest', FOREVER, ['--network', 'container:owner', '--restart', 'always']);
      await berth(bed, 'start', 'guest');
      const { State } = await inspect(bed, 'guest');
      await script(bed, `kill -9 ${(await inspect(bed, 'owner')).State.Pid}`);
      await until('both run anew', async () => {
        const [owner, guest] = await Promise.all(['owner', 'guest'].map((name) => inspect(bed, name)));
        return owner?.State.Running && guest?.State.Running && guest.State.Pid !== State.Pid
          ? true
          : undefined;
      });
      await assertAgree(bed, 'owner', 'guest');
      await remove(bed, '--all');
    }));

  it('names in the error what does not run', () =>
    leavingNothing(bed, async () => {
      const broken = await createShell(bed, 'broken', 'true', ['--restart', 'no']);
      await createShell(bed, 'needy', FOREVER, ['--requires', 'broken']);
      const { code, stderr } = await bed.nsenter(['berth', 'start', 'needy']);
      assert.equal(code, 125);
      assert.match(
        stderr,
        new RegExp(
          `some dependencies of container [0-9a-f]{64} are not started: ${broken}: container state improper`,
        ),
      );
      await remove(bed, '--all');
    }));

  it('are refused and removed as Podman does it', () =>
    leavingNothing(bed, async () => {
      const LINES = [
        'create --network none --requires nope --name x1 busybox',
        'create --network container:nope --name x1 busybox',
        'create --network container: --name x1 busybox',
        'create --network none --pid container:nope --name x1 busybox',
        'create --network none --ipc ns:/nope --name x1 busybox',
        'create --network none --uts bogus --name x1 busybox',
        'create --network none --userns bogus --name x1 busybox',
        'create --network none --name base1 --ipc private busybox',
        'create --network none --ipc container:base1 --name x1 busybox',
        'create --network none --uts container:base1 --hostname x --name x1 busybox',
        'create --network none --requires base1 --name top1 busybox',
        'create --network container:top1 --requires base1,top1 --requires base1 --name top2 busybox',
        'rm base1',
        'rm -f base1',
        'rm --depend nope',
        "inspect --format '{{len .Dependencies}} {{.HostConfig.PidMode}}' top2",
        // Podman removes and names them in no order.
        'rm --depend top1 | sort',
        'rm --depend base1',
      ];
      const run = async (program: string): Promise<string> => {
        const text = await script(
          bed,
          LINES.map((line) => `echo "$ ${line}"; ${program} ${line} 2>&1 && echo 0 || echo $?`).join('\n'),
        );
        // What Berth adds to Podman's words, it adds after them.
        return withoutIds(text).replaceAll(/(for the donor container\)).*/g, '$1');
      };
      assert.equal(await run('berth'), await run('podman'));
    }));

  it(
    'start in order, a hundred in a row and thirty at once, the last as fast as the first',
    { timeout: 900_000 },
    () =>
      leavingNothing(bed, async () => {
        await bed.sh(
          `prev=; for i in $(seq -w 0 99); do
           berth create --name deep-$i --stop-timeout 0 \${prev:+--requires $prev} busybox sleep 100000 >/dev/null; prev=deep-$i
         done
         list=; for i in $(seq -w 0 29); do
           berth create --name wide-$i --stop-timeout 0 busybox sleep 100000 >/dev/null; list=$list,wide-$i
         done
         berth create --name leaf --stop-timeout 0 --requires $list busybox sleep 100000
         berth start deep-99 leaf`,
          LONG,
        );
        const facts = JSON.parse(
          await script(bed, 'berth inspect $(berth ps --format "{{.Names}}" | sort)'),
        ) as { Name: string; Created: string; State: { Status: string; StartedAt: string } }[];
        assert.equal(facts.filter(({ State }) => State.Status === 'running').length, 131);
        const deep = facts.filter(({ Name }) => Name.startsWith('deep-'));
        const leaf = facts.find(({ Name }) => Name === 'leaf');
        for (const { State } of facts.filter(({ Name }) => Name.startsWith('wide-')))
          assert.ok(
            Date.parse(State.StartedAt) < Date.parse(leaf?.State.StartedAt ?? ''),
            'the leaf starts last',
          );
        for (const times of [deep.map(({ Created }) => Created), deep.map(({ State }) => State.StartedAt)]) {
          const gaps = times.slice(1).map((time, index) => Date.parse(time) - Date.parse(times[index] ?? ''));
          assert.ok(
            gaps.every((gap) => gap > 0),
            `in order: ${gaps}`,
          );
          const median = (part: number[]): number => part.toSorted((a, b) => a - b)[part.length >> 1] ?? 0;
          const [early, late] = [median(gaps.slice(0, 30)), median(gaps.slice(-30))];
          // The machine has other work too, now more, now less; what grows with the number grows tenfold and more here.
          assert.ok(late < early * 5, `the first take ${early} ms each, the last ${late} ms`);
        }
        await bed.sh('berth rm --force --depend --time 0 deep-00; berth rm --force --all --time 0', LONG);
      }),
  );
});
