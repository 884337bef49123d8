import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Bed } from '../../bed/bed.ts';
import { assertAgree, atRest, inspect, showUnit } from '../../support/agree.ts';
import {
  answer,
  berth,
  bootWith,
  leavingNothing,
  RUNTIMES,
  remove,
  script,
  systemctl,
  timerRuns,
  until,
} from '../../support/machine.ts';

/** Runs until it is told to end, which it says. */
const PAYLOAD = ['sh', '-c', 'trap "echo asked; exit 0" TERM; while :; do sleep 0.1; done'];

/** Healthy as soon as somebody has made the file. */
const CHECK = [
  '--health-cmd',
  'test -e /in/healthy',
  '--health-interval',
  '200ms',
  '--health-retries',
  '1000',
];

/** What a payload speaks to systemd with, and what that needs. */
const OF_THE_HOST = [
  '/usr/bin/systemd-notify:/usr/bin/systemd-notify',
  '/usr/lib:/usr/lib',
  '/usr/lib:/lib',
  '/usr/lib64:/lib64',
];

/** A limit of systemd's has passed: nothing announces that it did nothing. */
async function past(ms: number): Promise<void> {
  await delay(ms);
}

function sorted(text: string): string {
  return text.split('\n').sort().join('\n');
}

for (const runtime of RUNTIMES) {
  describe(`--sdnotify, with ${runtime}`, () => {
    let bed: Bed;
    before(async () => {
      bed = await bootWith(`ready-${runtime}`);
      await script(bed, 'mkdir -p /srv/in');
    });
    after(() => bed?.close());
    afterEach(() => script(bed, 'rm -rf /srv/in/*'));

    const create = (name: string, flags: string[], command = PAYLOAD): Promise<string> =>
      berth(
        bed,
        ...['create', '--runtime', runtime, '--name', name, '--volume', '/srv/in:/in', ...flags],
        ...['busybox', ...command],
      );
    const activeState = async (name: string): Promise<string> => (await showUnit(bed, name)).ActiveState;
    const dropIn = (name: string, line: string): Promise<string> =>
      script(
        bed,
        `mkdir -p /run/systemd/system/berth-${name}.service.d
         printf '[Service]\\n${line}\\n' >/run/systemd/system/berth-${name}.service.d/test.conf
         systemctl daemon-reload`,
      );
    const noDropIn = (name: string): Promise<string> =>
      script(bed, `rm -r /run/systemd/system/berth-${name}.service.d; systemctl daemon-reload`);
    const startChecks = (name: string) =>
      until('a check has failed', async () =>
        (await script(bed, `berth inspect ${name} | jq '.[0].State.Health.Log | length'`)) === '0'
          ? undefined
          : true,
      );

    test('healthy holds the unit back until a check has passed, and whoever is ordered after it; the timer goes on from there', () =>
      leavingNothing(bed, async () => {
        await create('db', ['--sdnotify', 'healthy', ...CHECK]);
        await berth(bed, 'create', '--name', 'app', '--requires', 'db', 'busybox', ...PAYLOAD);
        const start = bed.nsenter(['berth', 'start', 'app']);
        await until('db runs', async () => (await inspect(bed, 'db')).State.Running || undefined);
        await startChecks('db');
        assert.equal(await activeState('db'), 'activating');
        assert.equal((await inspect(bed, 'app')).State.Status, 'created');
        assert.match(await systemctl(bed, 'show', '-P', 'StatusText', 'berth-db'), /has not passed yet$/);
        await script(bed, ': >/srv/in/healthy');
        assert.equal((await start).code, 0);
        await assertAgree(bed, 'db', 'app');
        await timerRuns(bed, 'db');
        assert.equal(await script(bed, 'berth inspect db | jq -r .[0].State.Health.Status'), 'healthy');
        await remove(bed, 'app', 'db');
      }));

    // Nothing that a runtime has a part in.
    if (runtime === RUNTIMES[0])
      test('healthy puts systemd’s limit for a start off while it may become so, and lets it count once it is unhealthy', () =>
        leavingNothing(bed, async () => {
          await create('slow', ['--sdnotify', 'healthy', ...CHECK, '--health-timeout', '1s']);
          await script(
            bed,
            `mkdir -p /run/systemd/system/berth-slow.service.d
           printf '[Service]\\nTimeoutStartSec=1s\\n' >/run/systemd/system/berth-slow.service.d/limit.conf
           systemctl daemon-reload`,
          );
          const start = bed.nsenter(['berth', 'start', 'slow']);
          await startChecks('slow');
          await past(2500);
          assert.equal(await activeState('slow'), 'activating');
          await script(bed, ': >/srv/in/healthy');
          assert.equal((await start).code, 0);
          await berth(bed, 'stop', 'slow');
          await script(bed, 'rm /srv/in/healthy');
          await berth(bed, 'update', '--health-retries', '1', 'slow');
          const { code, stderr } = await answer(bed, 'start', 'slow');
          assert.equal(code, 125);
          assert.match(stderr, /container slow was not ready in time/);
          await atRest(bed, 'slow');
          const [facts] = await assertAgree(bed, 'slow');
          assert.deepEqual([facts?.unit.ActiveState, facts?.unit.Result], ['failed', 'timeout']);
          await noDropIn('slow');
          await remove(bed, 'slow');
        }));

    test('a payload that ends before it is healthy fails the start at once, with its own exit code', () =>
      leavingNothing(bed, async () => {
        await create('brief', ['--sdnotify', 'healthy', ...CHECK], ['sh', '-c', 'sleep 0.5; exit 3']);
        const { code, stderr } = await answer(bed, 'start', 'brief');
        assert.equal(code, 125);
        assert.match(stderr, /container brief ended with exit code 3 before it was ready/);
        await atRest(bed, 'brief');
        const [facts] = await assertAgree(bed, 'brief');
        assert.deepEqual([facts?.unit.ActiveState, facts?.container.State.ExitCode], ['failed', 3]);
        await remove(bed, 'brief');
      }));

    for (const stop of [
      ['berth', 'stop'],
      ['systemctl', 'stop'],
    ] as const) {
      test(`${stop[0]} stop of one that is not ready yet asks the payload to end, which is no failure`, () =>
        leavingNothing(bed, async () => {
          for (const mode of ['healthy', 'container']) {
            await create('early', ['--sdnotify', mode, ...CHECK]);
            const start = bed.nsenter(['berth', 'start', 'early']);
            await until('it runs', async () =>
              (await inspect(bed, 'early')).State.Running ? true : undefined,
            );
            if (mode === 'healthy') await startChecks('early');
            await bed.ok([...stop, stop[0] === 'berth' ? 'early' : 'berth-early']);
            assert.notEqual((await start).code, 0);
            const [facts] = await assertAgree(bed, 'early');
            assert.deepEqual(
              [
                facts?.unit.ActiveState,
                facts?.container.State.StoppedByUser,
                facts?.container.State.ExitCode,
              ],
              ['inactive', true, 0],
              mode,
            );
            assert.equal(await berth(bed, 'logs', 'early'), 'asked');
            await remove(bed, 'early');
          }
        }));
    }

    test('container waits for the payload’s own word, which it has a socket for, and passes on what else it says', () =>
      leavingNothing(bed, async () => {
        await create(
          'own',
          ['--sdnotify', 'container', ...OF_THE_HOST.flatMap((bind) => ['--volume', `${bind}:ro`])],
          [
            'sh',
            '-c',
            'until [ -e /in/go ]; do sleep 0.05; done; systemd-notify --ready --status=told; sleep 1000',
          ],
        );
        const start = bed.nsenter(['berth', 'start', 'own']);
        await until('it runs', async () => (await inspect(bed, 'own')).State.Running || undefined);
        assert.equal(await activeState('own'), 'activating');
        assert.equal(
          await berth(bed, 'exec', 'own', 'sh', '-c', 'echo $NOTIFY_SOCKET; ls /run/notify'),
          '/run/notify/notify.sock\nnotify.sock',
        );
        await script(bed, ': >/srv/in/go');
        assert.equal((await start).code, 0);
        await until('conmon is handed the unit', async () => {
          const { MainPID } = await showUnit(bed, 'own');
          return Number(MainPID) === (await inspect(bed, 'own')).State.ConmonPid || undefined;
        });
        await assertAgree(bed, 'own');
        assert.equal(await systemctl(bed, 'show', '-P', 'StatusText', 'berth-own'), 'told');
        await remove(bed, 'own');
      }));

    test('systemd’s watchdog is fed by checks that pass, off while the container is paused, and notices when no check runs any more', () =>
      leavingNothing(bed, async () => {
        await create('dog', ['--health-cmd', 'true', '--health-interval', '200ms']);
        await dropIn('dog', 'WatchdogSec=2s');
        await berth(bed, 'start', 'dog');
        const facts = () => systemctl(bed, 'show', '-p', 'ActiveState,NRestarts,WatchdogUSec', 'berth-dog');
        const calm = 'NRestarts=0\nWatchdogUSec=2s\nActiveState=active';
        await past(4000);
        assert.equal(sorted(await facts()), sorted(calm));
        await berth(bed, 'pause', 'dog');
        assert.equal(sorted(await facts()), sorted(calm.replace('2s', '0')));
        await past(4000);
        await berth(bed, 'unpause', 'dog');
        await past(4000);
        assert.equal(sorted(await facts()), sorted(calm));
        await systemctl(bed, 'stop', 'berth-health@dog.timer');
        await atRest(bed, 'dog');
        const [end] = await assertAgree(bed, 'dog');
        assert.deepEqual([end?.unit.ActiveState, end?.unit.Result], ['failed', 'watchdog']);
        await noDropIn('dog');
        await remove(bed, 'dog');
      }));
  });
}
