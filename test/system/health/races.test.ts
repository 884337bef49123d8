/** What happens to a container in the middle of a check: the check gives way, and says nothing of what it did not see. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { assertAgree, atRest, inspect } from '../../support/agree.ts';
import {
  berth,
  bootWith,
  leavingNothing,
  RUNTIMES,
  type RuntimeName,
  remove,
  script,
  systemctl,
  timerRuns,
  until,
} from '../../support/machine.ts';

/** Tells when it begins and when it waits, and goes on until it is let pass. */
const CHECK = 'echo >>/in/begun; until [ -e /in/go ]; do : >/in/waits; sleep 0.05; done';

/** The first check of a run, which Node runs; and one of a healthy container, from which nothing follows (bin/berth-check). */
const KINDS = ['first', 'steady'] as const;

for (const [first, kind] of KINDS.entries())
  describe(`in the middle of a ${kind} health check`, () => {
    let bed: Bed;
    before(async () => {
      bed = await bootWith(`check-races-${kind}`);
      await script(bed, 'mkdir -p /srv/in');
    });
    after(() => bed?.close());
    afterEach(() => script(bed, 'rm -rf /srv/in/*'));

    const health = async (): Promise<{ Status: string; FailingStreak: number; Log: unknown }> =>
      JSON.parse(await script(bed, 'berth inspect c | jq .[0].State.Health'));
    const begun = async (): Promise<number> =>
      Number(await script(bed, 'cat /srv/in/begun 2>/dev/null | wc -l'));
    const begins = (count: number) =>
      until('a check has begun', async () => ((await begun()) >= count ? true : undefined));
    const passes = async (): Promise<void> => {
      await script(bed, ': >/srv/in/go');
      await until('it is healthy', async () => ((await health()).Status === 'healthy' ? true : undefined));
    };

    /** Health in the middle of that check. */
    let midst: Awaited<ReturnType<typeof health>>;
    /** How many checks have begun by then. */
    let count: number;

    let turn = first;
    /** A container in the middle of a check, to be brought down or disturbed; the runtimes take turns, the other way round in each kind. */
    const race = (title: string, what: () => Promise<unknown>): void => {
      turn += 1;
      const runtime = RUNTIMES[turn % 2] ?? 'crun';
      test(`${title} (${runtime})`, () => checked(runtime, what));
    };
    const checked = (runtime: RuntimeName, what: () => Promise<unknown>): Promise<void> =>
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
          ...['--health-cmd', CHECK, '--health-interval', '200ms', '--health-timeout', '10m'],
          ...['busybox', 'sleep', '100000'],
        );
        await berth(bed, 'start', 'c');
        await begins(1);
        count = 1;
        if (kind === 'steady') {
          await passes();
          await until('checks go by', async () =>
            (await bed.nsenter(['sh', '-c', 'cat /run/berth/containers/*/steady/last'])).stdout.trim() > '0'
              ? true
              : undefined,
          );
          // The one that waits after that cannot pass, and no other begins meanwhile, however late it is counted.
          await script(
            bed,
            'rm -f /srv/in/waits; rm /srv/in/go; until [ -e /srv/in/waits ]; do sleep 0.02; done',
          );
          count = await begun();
        }
        midst = await health();
        await what();
        if ((await berth(bed, 'ps', '--all', '--quiet')) !== '') await remove(bed, 'c');
        assert.equal(await systemctl(bed, '--failed', '--no-legend', '--plain'), '');
      });
    const untouched = async (): Promise<void> => assert.deepEqual(await health(), midst);
    const anew = async (): Promise<void> =>
      assert.deepEqual(await health(), { Status: 'starting', FailingStreak: 0, Log: [] });

    for (const [what, ...stop] of [
      ['berth stop', 'berth', 'stop', 'c'],
      ['systemctl stop', 'systemctl', 'stop', 'berth-c'],
    ] as const) {
      race(`${what} wins, and the log is untouched`, async () => {
        const byHand = bed.nsenter(['berth', 'healthcheck', 'run', 'c']);
        await begins(count + 1);
        await bed.ok([...stop]);
        const { code, stdout } = await byHand;
        assert.deepEqual([code, stdout], [1, 'stopped\n']);
        const [facts] = await assertAgree(bed, 'c');
        assert.equal(facts?.unit.ActiveState, 'inactive');
        await untouched();
      });
    }

    race('a crash ends the check with the container, and the log is untouched', async () => {
      await script(bed, `kill -9 ${(await inspect(bed, 'c')).State.Pid}`);
      await atRest(bed, 'c');
      await assertAgree(bed, 'c');
      await untouched();
      await systemctl(bed, 'reset-failed', 'berth-c');
    });

    race('rm --force leaves nothing of it', () => berth(bed, 'rm', '--force', 'c'));

    race('a restart begins with a check of its own', async () => {
      await berth(bed, 'restart', 'c');
      await begins(count + 1);
      await anew();
      await passes();
      assert.equal((await health()).FailingStreak, 0);
      await timerRuns(bed, 'c');
    });

    race('pause ends the check, and unpause begins another one', async () => {
      await berth(bed, 'pause', 'c');
      await untouched();
      await berth(bed, 'unpause', 'c');
      await begins(count + 1);
      assert.equal((await health()).Status, 'starting');
      await passes();
      await timerRuns(bed, 'c');
    });

    for (const what of ['daemon-reload', 'daemon-reexec']) {
      race(`systemctl ${what} disturbs neither the check nor its timer`, async () => {
        await systemctl(bed, what);
        await systemctl(bed, what);
        assert.equal(await begun(), count, 'it is still the same check');
        await passes();
        await begins(count + 3);
        await timerRuns(bed, 'c');
        await assertAgree(bed, 'c');
      });
    }
  });
