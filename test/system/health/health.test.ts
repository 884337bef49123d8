import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import {
  berth,
  bootWith,
  leavingNothing,
  RUNTIMES,
  remove,
  script,
  timerRuns,
  until,
} from '../../support/machine.ts';
import { preparePodman } from '../../support/peer.ts';

interface Health {
  Status: string;
  FailingStreak: number;
  Log: { Start: string; End: string; ExitCode: number; Output: string }[];
}

for (const runtime of RUNTIMES) {
  describe(`a health check, with ${runtime}`, () => {
    let bed: Bed;
    before(async () => {
      bed = await bootWith(`health-${runtime}`);
      await preparePodman(bed);
      await script(bed, 'mkdir -p /srv/state && echo 0 >/srv/state/code');
    });
    after(() => bed.close());

    beforeEach(() => script(bed, 'echo 0 >/srv/state/code'));

    /** Makes and starts a container whose check ends with the code that /srv/state/code holds. */
    async function start(name: string, ...flags: string[]): Promise<void> {
      await berth(
        bed,
        ...['create', '--runtime', runtime, '--name', name, '--stop-timeout', '0', '-v', '/srv/state:/state'],
        ...(flags.includes('--health-cmd')
          ? []
          : ['--health-cmd', 'echo "checked $(cat /state/code)"; exit $(cat /state/code)']),
        ...flags,
        ...['busybox', 'sleep', '100000'],
      );
      await berth(bed, 'start', name);
    }
    const health = async (name: string): Promise<Health> =>
      JSON.parse(await script(bed, `berth inspect ${name} | jq .[0].State.Health`)) as Health;
    const becomes = (name: string, status: string) =>
      until(`${name} is ${status}`, async () => {
        const now = await health(name);
        return now.Status === status ? now : undefined;
      });
    const code = (value: number) => script(bed, `echo ${value} >/srv/state/code`);
    const units = () =>
      script(
        bed,
        'systemctl list-units --all --plain --no-legend "berth-health*.timer" "berth-health*.service" | cut -d" " -f1',
      );
    const noUnits = () => until('the timer is gone', async () => ((await units()) === '' ? true : undefined));

    test('goes from starting to healthy, unhealthy and healthy again with what its command says, one line in the journal for each', async () => {
      await leavingNothing(bed, async () => {
        await code(1);
        await start('turns', '--health-interval', '500ms', '--health-retries', '3');
        assert.match((await health('turns')).Status, /^(starting|unhealthy)$/);
        const bad = await becomes('turns', 'unhealthy');
        assert.ok(bad.FailingStreak >= 3);
        assert.deepEqual([bad.Log.at(-1)?.ExitCode, bad.Log.at(-1)?.Output], [1, 'checked 1\n']);
        await code(0);
        const good = await becomes('turns', 'healthy');
        assert.equal(good.FailingStreak, 0);
        await until('the log is full', async () =>
          (await health('turns')).Log.every((entry) => entry.ExitCode === 0) ? true : undefined,
        );
        assert.equal((await health('turns')).Log.length, 5, 'as many as --health-max-log-count says');
        assert.match(await berth(bed, 'ps'), /\(healthy\)/);
        await code(1);
        await becomes('turns', 'unhealthy');
        // A check says its line after it has saved the verdict.
        const lines = await until('it has been said', async () => {
          const journal = await bed.journal('-o', 'cat', '-u', 'berth-health@turns.*');
          const said = journal.split('\n').filter(Boolean);
          return said.length >= 4 ? said : undefined;
        });
        assert.deepEqual(
          lines.map((line) => /is (\w+)/.exec(line)?.[1] ?? line.replace(/ - .*/, '')),
          ['Started berth-health@turns.timer', 'unhealthy', 'healthy', 'unhealthy'],
          lines.join('\n'),
        );
        await remove(bed, 'turns');
        await code(0);
      });
    });

    test('runs once a second when told to, one after the other', async () => {
      await leavingNothing(bed, async () => {
        await start(
          'paced',
          '--health-interval',
          '1s',
          '--health-max-log-count',
          '0',
          '--health-cmd',
          'sleep 0.3',
        );
        const { Log } = await until('six checks have run', async () => {
          const now = await health('paced');
          return now.Log.length >= 6 ? now : undefined;
        });
        for (const [index, { Start }] of Log.entries()) {
          const earlier = Log[index - 1];
          if (earlier === undefined) continue;
          // The interval counts from the end of the check before, and a busy machine makes it longer.
          const pause = Date.parse(Start) - Date.parse(earlier.End);
          assert.ok(pause >= 990, `${pause} ms between check ${index} and the next`);
        }
        const timer = await script(
          bed,
          'systemctl show -p TimersMonotonic -p AccuracyUSec berth-health@paced.timer',
        );
        assert.match(timer, /OnUnitInactiveUSec=1s ;/);
        assert.match(timer, /^AccuracyUSec=\d+ms$/m, 'systemd does not put a second off');
        await remove(bed, 'paced');
      });
    });

    test('is killed with all it has started when its time is up, and has failed', async () => {
      await leavingNothing(bed, async () => {
        await start(
          'late',
          ...['--health-interval', 'disable', '--health-timeout', '1s', '--health-retries', '1'],
          ...['--health-cmd', 'sleep 55555 & (setsid sleep 55555 &) ; sleep 55555'],
        );
        const result = await bed.run(['berth', 'healthcheck', 'run', 'late']);
        assert.notEqual(result.code, 0);
        assert.equal((await health('late')).Status, 'unhealthy');
        await until(
          'nothing of it lives on',
          async () => (await script(bed, 'pgrep -f "^sleep 55555" || true')) === '' || undefined,
        );
        await remove(bed, 'late');
      });
    });

    test('has a timer only while its container runs: none after stop, crash, rm or the death of everything', async () => {
      await leavingNothing(bed, async () => {
        const ends: [how: string, line: string][] = [
          ['stop', 'berth stop bound'],
          ['crash', 'kill -9 $(berth inspect bound | jq .[0].State.Pid)'],
          ['death of all', 'systemctl kill --signal=KILL berth-bound'],
          ['rm', 'berth rm --force --time 0 bound'],
        ];
        await start('bound', '--health-interval', '1s');
        for (const [how, line] of ends) {
          await berth(bed, 'start', 'bound');
          await timerRuns(bed, 'bound');
          await script(bed, line);
          await noUnits();
          await until(`the unit rests after ${how}`, async () =>
            /^(inactive|failed)$/.test(await script(bed, 'systemctl show -P ActiveState berth-bound'))
              ? true
              : undefined,
          );
        }
      });
    });

    test('has no timer with --health-interval disable, and runs by hand', async () => {
      await leavingNothing(bed, async () => {
        await start('manual', '--health-interval', 'disable', '--health-retries', '1');
        assert.equal(await units(), '');
        assert.equal((await health('manual')).Status, 'starting');
        await bed.ok(['berth', 'healthcheck', 'run', 'manual']);
        assert.equal((await health('manual')).Status, 'healthy');
        await remove(bed, 'manual');
      });
    });

    test('by hand prints and exits as Podman’s does', async () => {
      await leavingNothing(bed, async () => {
        const flags = [
          '--health-cmd',
          'exit $(cat /state/code)',
          '--health-interval',
          'disable',
          '--health-retries',
          '2',
        ];
        await start('hand', ...flags);
        await bed.ok([
          'podman',
          '--runtime',
          runtime,
          'run',
          '-d',
          '--network',
          'none',
          '-v',
          '/srv/state:/state',
          '--name',
          'hand',
          ...flags,
          'localhost/busybox',
          'sleep',
          '100000',
        ]);
        for (const value of [0, 1, 1, 0]) {
          await code(value);
          const own = await bed.run(['berth', 'healthcheck', 'run', 'hand']);
          assert.deepEqual(own, await bed.run(['podman', 'healthcheck', 'run', 'hand']), String(value));
          // Newer than the Podman in the bed.
          const ignored = await bed.run(['berth', 'healthcheck', 'run', '--ignore-result', 'hand']);
          assert.equal(ignored.code, 0);
          await bed.run(['podman', 'healthcheck', 'run', 'hand']);
        }
        await bed.ok(['podman', 'rm', '--force', '--time', '0', 'hand']);
        await remove(bed, 'hand');
        await code(0);
      });
    });

    test('that outlives the run it looked at says nothing of the next one', () =>
      leavingNothing(bed, async () => {
        await start(
          'late',
          '--health-cmd',
          'touch /tmp/begun; exec sleep 1000',
          '--health-interval',
          'disable',
        );
        // Held up from before the end of the container's run until the next one has begun.
        const said = await script(
          bed,
          `berth healthcheck run late >/tmp/late 2>&1 & check=$!
           until berth exec late test -e /tmp/begun; do kill -0 $check; done
           kill -STOP $check
           berth restart late >/dev/null
           kill -CONT $check
           if wait $check; then echo passed; fi
           cat /tmp/late
           rm /tmp/late`,
        );
        assert.equal(said, 'stopped');
        assert.deepEqual(await health('late'), { Status: 'starting', FailingStreak: 0, Log: [] });
        await remove(bed, 'late');
      }));

    test('gives way to a startup check after each start, until that has passed; too many failures of it restart', async () => {
      await leavingNothing(bed, async () => {
        await code(1);
        await start(
          'slow',
          ...['--health-interval', '300ms', '--health-retries', '1000', '--restart', 'on-failure'],
          ...['--health-startup-cmd', 'echo "ready $(cat /state/code)"; exit $(cat /state/code)'],
          ...['--health-startup-interval', '200ms', '--health-startup-success', '2'],
          ...['--health-startup-retries', '4', '--health-startup-timeout', '20s'],
        );
        const outputs = async () => new Set((await health('slow')).Log.map(({ Output }) => Output));
        await until('systemd has restarted it', async () =>
          Number(await script(bed, 'systemctl show -P NRestarts berth-slow')) >= 1 ? true : undefined,
        );
        assert.equal((await health('slow')).Status, 'starting');
        await code(0);
        await until('the regular check runs', async () =>
          (await outputs()).has('checked 0\n') ? true : undefined,
        );
        await until('and no other any more', async () => ((await outputs()).size === 1 ? true : undefined));
        assert.equal((await health('slow')).Status, 'healthy');
        // A pause does not make it begin anew, another start does.
        await berth(bed, 'pause', 'slow');
        await noUnits();
        await berth(bed, 'unpause', 'slow');
        await until('the regular check goes on', async () =>
          (await health('slow')).Status === 'healthy' ? true : undefined,
        );
        assert.deepEqual([...(await outputs())], ['checked 0\n']);
        await code(1);
        for (const verb of ['berth restart slow', 'systemctl restart berth-slow']) {
          await script(bed, verb);
          await until('the startup check runs again', async () =>
            (await outputs()).has('ready 1\n') ? true : undefined,
          );
          assert.equal((await health('slow')).FailingStreak, 0);
        }
        await remove(bed, 'slow');
        await noUnits();
        await code(0);
      });
    });

    test('of a start is killed at its own time-out, not at the regular one', async () => {
      await leavingNothing(bed, async () => {
        await start(
          'stuck',
          ...['--health-interval', 'disable', '--health-timeout', '1h'],
          ...['--health-startup-cmd', 'sleep 1000', '--health-startup-interval', 'disable'],
          ...['--health-startup-timeout', '300ms'],
        );
        const { code: exit, stdout } = await bed.nsenter(['berth', 'healthcheck', 'run', 'stuck']);
        assert.deepEqual([exit, stdout], [1, 'starting\n']);
        assert.deepEqual(
          (await health('stuck')).Log.map(({ ExitCode }) => ExitCode),
          [-1],
        );
        assert.equal((await bed.nsenter(['pgrep', '-f', 'sleep 1000$'])).code, 1);
        await remove(bed, 'stuck');
      });
    });

    test('is told to a directory or to the events as well, if asked to', async () => {
      await leavingNothing(bed, async () => {
        await script(bed, 'mkdir /srv/logs');
        await start('filed', '--health-interval', 'disable', '--health-log-destination', '/srv/logs');
        const file = async () => JSON.parse(await script(bed, 'cat /srv/logs/*-healthcheck.log')) as Health;
        assert.deepEqual(await file(), { Status: 'starting', FailingStreak: 0, Log: [] });
        await script(bed, 'berth healthcheck run filed');
        assert.deepEqual(await file(), await health('filed'));
        assert.equal((await file()).Log[0]?.Output, 'checked 0\n');
        const told = async () =>
          await script(
            bed,
            'berth events --stream=false --filter container=filed --filter event=health_status',
          );
        assert.match(await told(), /health_status=healthy, health_failing_streak=0, health_log=\)$/);
        await berth(bed, 'update', '--health-log-destination', 'events_logger', 'filed');
        await script(bed, 'berth healthcheck run filed');
        assert.match(
          await told(),
          /health_log=\{"Start":"[^"]+","End":"[^"]+","ExitCode":0,"Output":"checked 0\\n"\}\)$/,
        );
        assert.equal((await file()).Log.length, 1);
        const { stderr } = await bed.nsenter([
          ...['berth', 'update', '--health-log-destination', '/srv/none', 'filed'],
        ]);
        assert.equal(
          stderr,
          "Error: HealthCheck Log '/srv/none' destination error: stat /srv/none: no such file or directory\n",
        );
        await remove(bed, 'filed');
        await script(bed, 'rm -r /srv/logs');
      });
    });

    test('with --health-on-failure kill ends the container, which systemd restarts by the restart policy', async () => {
      await leavingNothing(bed, async () => {
        await start(
          'killed',
          '--health-interval',
          '500ms',
          '--health-retries',
          '2',
          '--health-on-failure',
          'kill',
          '--restart',
          'always',
        );
        await becomes('killed', 'healthy');
        await code(1);
        await until('systemd has restarted it', async () =>
          Number(await script(bed, 'systemctl show -P NRestarts berth-killed')) >= 1 ? true : undefined,
        );
        await code(0);
        await becomes('killed', 'healthy');
        assert.equal(await script(bed, 'systemctl is-active berth-killed'), 'active');
        await remove(bed, 'killed');
      });
    });
  });
}

describe('a health check of an image', () => {
  let bed: Bed;
  before(async () => {
    bed = await bootWith('health-image');
    // Only the configuration knows HEALTHCHECK, and only in Docker's form: written with umoci and jq would lose it.
    await script(bed, WITH_HEALTHCHECK);
    await bed.ok(['berth', 'load', '--quiet', '-i', '/tmp/checked.tar']);
  });
  after(() => bed.close());

  test('is used, unless a flag says otherwise', async () => {
    await leavingNothing(bed, async () => {
      const check = async (...flags: string[]): Promise<unknown> => {
        await berth(bed, 'create', '--name', 'image', '--replace', ...flags, 'checked', 'sleep', '1');
        return JSON.parse(await script(bed, 'berth inspect image | jq -c .[0].Config.Healthcheck'));
      };
      const image = {
        Test: ['CMD-SHELL', 'true'],
        StartPeriod: 3e9,
        Interval: 7e9,
        Timeout: 5e9,
        Retries: 4,
      };
      assert.deepEqual(await check(), image);
      assert.deepEqual(await check('--health-interval', '9s'), { ...image, Interval: 9e9 });
      assert.deepEqual(await check('--health-cmd', 'id'), { ...image, Test: ['CMD-SHELL', 'id'] });
      assert.deepEqual(await check('--no-healthcheck'), { Test: ['NONE'] });
      await remove(bed, 'image');
    });
  });
});

/** The busybox archive with a HEALTHCHECK in its config, which therefore has another digest. */
const WITH_HEALTHCHECK = `
mkdir /tmp/checked && cd /tmp/checked && tar --extract --file=/images/busybox.tar
config=$(jq --raw-output .[0].Config manifest.json)
jq --compact-output '.config.Healthcheck = {Test: ["CMD-SHELL", "true"], Interval: 7000000000, Timeout: 5000000000, StartPeriod: 3000000000, Retries: 4}' "$config" >new
id=$(sha256sum new | cut -d' ' -f1)
rm "$config"; mv new "$id.json"
jq --compact-output ".[0].Config = \\"$id.json\\" | .[0].RepoTags = [\\"localhost/checked:latest\\"]" manifest.json >m && mv m manifest.json
rm -f repositories; tar --create --file=/tmp/checked.tar * && rm -r /tmp/checked`;
