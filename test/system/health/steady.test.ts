/** Checks from which nothing follows: run without Node, seen by whoever looks, and over the moment one finds something new. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { berth, bootWith, leavingNothing, RUNTIMES, remove, script, until } from '../../support/machine.ts';

interface Health {
  Status: string;
  FailingStreak: number;
  Log: { Start: string; End: string; ExitCode: number; Output: string }[];
}

for (const runtime of RUNTIMES) {
  describe(`steady health checks, with ${runtime},`, () => {
    let bed: Bed;
    before(async () => {
      bed = await bootWith(`steady-${runtime}`);
      await script(bed, 'mkdir -p /srv/in');
    });
    after(() => bed?.close());
    /** What the check does is a script outside, which can be changed while the container runs. */
    const does = (text: string): Promise<string> =>
      // At once: a check in the middle would find a script that is empty.
      bed.sh('cat >/srv/in/new && mv /srv/in/new /srv/in/check', { quick: true, input: text });
    beforeEach(() => does('echo fine'));

    const health = async (): Promise<Health> =>
      JSON.parse(await script(bed, 'berth inspect c | jq .[0].State.Health'));
    const steady = async (): Promise<string> =>
      `/run/berth/containers/${await script(bed, "berth inspect --format '{{.Id}}' c")}/steady`;
    const checked = (what: () => Promise<unknown>, ...flags: string[]): Promise<void> =>
      leavingNothing(bed, async () => {
        await berth(
          bed,
          ...[
            'create',
            '--runtime',
            runtime,
            '--name',
            'c',
            '--volume',
            '/srv/in:/in',
            '--stop-timeout',
            '0',
          ],
          ...(flags.includes('--health-cmd') ? [] : ['--health-cmd', '. /in/check']),
          ...['--health-interval', '100ms', '--health-retries', '2', ...flags],
          ...['busybox', 'sleep', '100000'],
        );
        await berth(bed, 'start', 'c');
        await what();
        await remove(bed, 'c');
      });
    const becomes = (status: string): Promise<Health> =>
      until(`it is ${status}`, async () => {
        const now = await health();
        return now.Status === status ? now : undefined;
      });
    /** The number of the last check that went by since they are steady. */
    const last = async (): Promise<number> => Number(await script(bed, `cat ${await steady()}/last || true`));
    const goBy = async (count: number): Promise<void> => {
      const first = await until('they are steady', async () => (await last()) || undefined);
      await until(`${count} more have gone by`, async () =>
        (await last()) >= first + count ? true : undefined,
      );
    };
    const logIs = (what: string, holds: (log: Health['Log']) => boolean): Promise<Health> =>
      until(what, async () => {
        const now = await health();
        return holds(now.Log) ? now : undefined;
      });

    test('go on after one that was killed before its time-out', () =>
      checked(async () => {
        await becomes('healthy');
        await goBy(1);
        await does('rm -f /in/killed; echo x >/in/killed; kill -9 $$');
        await logIs('one was killed', (log) => log.some(({ ExitCode }) => ExitCode === 137));
        await does('echo fine again');
        await logIs('one has passed since', (log) => log.at(-1)?.Output.includes('fine again') === true);
        await becomes('healthy');
        await script(bed, 'rm /srv/in/killed');
      }));

    test('write nothing to the database, and are in the log as any other', () =>
      checked(async () => {
        await becomes('healthy');
        await goBy(1);
        const database = (): Promise<string> => script(bed, 'sha256sum /var/lib/berth/berth.db*');
        const before = await database();
        await goBy(6);
        assert.equal(await database(), before);
        const { Status, FailingStreak, Log } = await health();
        assert.deepEqual([Status, FailingStreak, Log.length], ['healthy', 0, 5]);
        for (const [index, { Start, End, ExitCode, Output }] of Log.entries()) {
          assert.deepEqual([ExitCode, Output], [0, 'fine\n']);
          assert.ok(Date.parse(Start) <= Date.parse(End));
          assert.ok(Date.parse(Start) >= Date.parse(Log[index - 1]?.End ?? Start), 'one after the other');
        }
      }));

    test('are over with one that fails: nothing that was found before is lost', () =>
      checked(async () => {
        await becomes('healthy');
        await goBy(3);
        await does('echo broken; exit 7');
        const bad = await becomes('unhealthy');
        assert.ok(bad.Log.length >= 5);
        assert.deepEqual([bad.Log.at(-1)?.ExitCode, bad.Log.at(-1)?.Output], [7, 'broken\n']);
        // Unhealthy and nothing to be done about it: steady again, until it passes.
        await goBy(3);
        const worse = await health();
        assert.ok(worse.FailingStreak >= 5, String(worse.FailingStreak));
        const { FailingStreak } = await health();
        await does('echo fine again');
        const good = await becomes('healthy');
        assert.equal(good.FailingStreak, 0);
        assert.ok(FailingStreak >= worse.FailingStreak);
        const said = (await bed.journal('-o', 'cat', '-u', 'berth-health@c.service'))
          .split('\n')
          .filter(Boolean);
        assert.deepEqual(
          said.slice(-3),
          ['healthy: fine', 'unhealthy: broken', 'healthy: fine again'].map(
            (text) => `container c is ${text}`,
          ),
        );
      }));

    test('of a command that is not there fail with the words of other checks', () =>
      checked(
        async () => {
          const words = (await becomes('unhealthy')).Log.at(-1)?.Output;
          assert.match(words ?? '', /not found/);
          await goBy(6);
          const { Log } = await health();
          assert.deepEqual(
            Log.map(({ ExitCode, Output }) => [ExitCode, Output]),
            Array(5).fill([1, words]),
          );
        },
        ...['--health-cmd', '["/no/such", "program"]'],
      ));

    test('that take too long are killed with all that they started, and have failed', () =>
      checked(
        async () => {
          await becomes('healthy');
          await goBy(1);
          await does('echo slowly; sleep 44444 & (setsid sleep 44444 &) ; sleep 44444');
          const { Log } = await becomes('unhealthy');
          assert.deepEqual([Log.at(-1)?.ExitCode, Log.at(-1)?.Output], [-1, 'slowly\n']);
          await does('echo fine');
          await becomes('healthy');
          await goBy(2);
          assert.equal(await script(bed, 'pgrep -f "^sleep 44444" || true'), '');
        },
        // Enough for the command to say its word on a busy machine.
        ...['--health-timeout', '1s'],
      ));

    test('may say more than is kept, and leave something running', () =>
      checked(
        async () => {
          await becomes('healthy');
          await goBy(1);
          await does("head -c 300000 /dev/zero | tr '\\0' x");
          await logIs('it has said so', (log) => log.every(({ Output }) => Output === 'x'.repeat(10)));
          await does('printf 12345678é9');
          await logIs('characters are whole', (log) => log.every(({ Output }) => Output === '12345678é'));
          await does('printf 123456789é');
          await logIs('not half of one', (log) => log.every(({ Output }) => Output === '123456789'));
          // runc itself waits for whoever holds its pipes.
          await does(`sleep 33333 ${runtime === 'runc' ? '>/dev/null 2>&1' : ''} & exit 0`);
          await goBy(3);
          assert.equal((await health()).Status, 'healthy');
        },
        ...['--health-max-log-size', '10'],
      ));

    test('fill a log that is longer than what waits in memory', () =>
      checked(
        async () => {
          await does('n=$(cat /in/n); echo $((n + 1)) >/in/n; echo $n');
          await script(bed, 'echo 0 >/srv/in/n');
          const { Log } = await until('there are enough', async () => {
            const now = await health();
            return now.Log.length >= 60 ? now : undefined;
          });
          const numbers = Log.map(({ Output }) => Number(Output));
          assert.deepEqual(
            numbers.slice(-55),
            Array.from({ length: 55 }, (_, index) => (numbers.at(-55) ?? 0) + index),
          );
        },
        ...['--health-max-log-count', '0', '--health-interval', '50ms'],
      ));

    test('are kept at the end of the run', () =>
      checked(async () => {
        await becomes('healthy');
        await goBy(2);
        await does('echo the last words');
        await logIs('they are said', (log) => log.at(-1)?.Output === 'the last words\n');
        await berth(bed, 'stop', 'c');
        const { Log } = await health();
        assert.deepEqual([Log.length, Log.at(-1)?.Output], [5, 'the last words\n']);
      }));

    test('end with an update, a pause and a check by hand', () =>
      checked(async () => {
        await becomes('healthy');
        await goBy(1);
        await berth(bed, 'update', '--health-cmd', 'echo another', 'c');
        await logIs('the other check runs', (log) => log.at(-1)?.Output === 'another\n');
        await goBy(1);
        await berth(bed, 'pause', 'c');
        await berth(bed, 'unpause', 'c');
        assert.match((await health()).Status, /^(starting|healthy)$/);
        await becomes('healthy');
        await goBy(1);
        await berth(bed, 'healthcheck', 'run', 'c');
        assert.equal((await health()).Log.at(-1)?.Output, 'another\n');
        await goBy(1);
      }));
  });
}

describe('a health check that cannot be scheduled', () => {
  let bed: Bed;
  before(async () => {
    bed = await bootWith('unscheduled');
  });
  after(() => bed?.close());

  test('makes the container unhealthy, says why, and is no failure of the start', () =>
    leavingNothing(bed, async () => {
      await berth(
        bed,
        'create',
        '--name',
        'c',
        '--health-cmd',
        'true',
        '--stop-timeout',
        '0',
        'busybox',
        'sleep',
        '1000',
      );
      await script(bed, 'systemctl mask --runtime --quiet berth-health@c.timer');
      await berth(bed, 'start', 'c');
      const { Status, Log } = await until('it is known', async () => {
        const now = JSON.parse(await script(bed, 'berth inspect c | jq .[0].State.Health')) as Health;
        return now.Status === 'starting' ? undefined : now;
      });
      assert.equal(Status, 'unhealthy');
      assert.match(Log[0]?.Output ?? '', /^the health check of c will not run: .*berth-health@c\.timer/);
      assert.equal(Log.length, 1);
      const said = (await bed.journal('-o', 'cat', '-u', 'berth-c')).match(/will not run/g);
      assert.equal(said?.length, 1, 'it is said once');
      assert.match(await berth(bed, 'ps'), /\(unhealthy\)/);
      await remove(bed, 'c');
      await script(bed, 'systemctl unmask --runtime --quiet berth-health@c.timer');
    }));
});
