/** kill -9 of each process of a container at any moment: the next start works at once, and nothing is left. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { assertAgree, atRest, showUnit } from '../../support/agree.ts';
import { killRounds } from '../../support/kill-rounds.ts';
import {
  berth,
  bootWith,
  createShell,
  leavingNothing,
  RUNTIMES,
  remove,
  script,
  systemctl,
  until,
} from '../../support/machine.ts';
import { TIMES } from '../../support/times.ts';

/** Random kills that hit, per runtime: of everything during a start, and of each single process. */
const KILLS_OF_ALL = 8 * TIMES;
const KILLS_OF_ONE = 4 * TIMES;

describe('life: kills', () => {
  let bed: Bed;
  before(async () => {
    bed = await bootWith('kills');
  });
  after(() => bed.close());

  for (const runtime of RUNTIMES) {
    const unit = 'berth-k.service';
    const create = (payload: string, ...flags: string[]): Promise<string> =>
      createShell(bed, 'k', payload, ['--runtime', runtime, ...flags]);

    test(`with ${runtime}, kill -9 of the payload, of conmon or of everything is a failure with the right code`, () =>
      leavingNothing(bed, async () => {
        await create('sleep 1000 & exec sleep 1000');
        const monitorLost = /the monitor \(conmon\) died without recording the exit code/;
        const kills: [string, string, number, RegExp][] = [
          [
            'the payload',
            'kill -9 $(berth inspect k | sed -n \'s/.*"Pid": \\([0-9]*\\).*/\\1/p\')',
            137,
            /^$/,
          ],
          ['conmon', `kill -9 $(systemctl show -P MainPID ${unit})`, -1, monitorLost],
          ['everything', `systemctl kill -s KILL ${unit}`, -1, monitorLost],
        ];
        for (const [what, command, exitCode, error] of kills) {
          await systemctl(bed, 'start', unit);
          const [running] = await assertAgree(bed, 'k');
          assert.equal(running?.unit.ActiveState, 'active');
          await script(bed, command);
          await atRest(bed, 'k');
          const [facts] = await assertAgree(bed, 'k');
          assert.equal(facts?.unit.ActiveState, 'failed', what);
          assert.equal(facts?.container.State.ExitCode, exitCode, what);
          assert.match(facts?.container.State.Error ?? '', error, what);
          assert.equal(facts?.container.State.StoppedByUser, false, what);
        }
        await remove(bed, 'k');
      }));

    test(`with ${runtime}, a stop that is killed together with conmon leaves nothing that a start would stumble over`, () =>
      leavingNothing(bed, async () => {
        await create('exec sleep 1000', '--stop-timeout', '600');
        await systemctl(bed, 'start', unit);
        await systemctl(bed, 'stop', '--no-block', unit);
        await until(
          'the container is stopping',
          async () => (await berth(bed, 'inspect', 'k')).includes('"Status": "stopping"') || undefined,
        );
        await script(bed, `kill -9 $(systemctl show -P ControlPID -P MainPID ${unit})`);
        await atRest(bed, 'k');
        const [facts] = await assertAgree(bed, 'k');
        assert.deepEqual([facts?.container.State.ExitCode, facts?.container.State.StoppedByUser], [-1, true]);
        await systemctl(bed, 'start', unit);
        await berth(bed, 'stop', '-t', '0', 'k');
        await assertAgree(bed, 'k');
        await remove(bed, 'k');
      }));

    test(`with ${runtime}, a stop that comes while it starts leaves it inactive, also when its last run was a crash`, () =>
      leavingNothing(bed, async () => {
        await script(bed, 'rm -rf /srv/flag; mkdir /srv/flag');
        await create(
          'test -e /flag/up || exit 3; exec sleep 1000',
          '--stop-timeout',
          '0',
          '-v',
          '/srv/flag:/flag',
        );
        await systemctl(bed, 'start', unit);
        await atRest(bed, 'k');
        assert.equal((await showUnit(bed, 'k')).ActiveState, 'failed');
        await script(bed, 'touch /srv/flag/up');
        const log = await script(
          bed,
          `for delay in 0 0.03 0.06 0.09 0.12 0.15 0.2 0.3; do
             systemctl start --no-block ${unit}; sleep $delay; systemctl stop ${unit}
             echo "$delay: $(systemctl show -P ActiveState -P Result ${unit} | tr '\\n' ' ')"
           done`,
        );
        for (const line of log.split('\n'))
          assert.match(line, /: (inactive success|success inactive) $/, log);
        await assertAgree(bed, 'k');
        await remove(bed, 'k');
      }));

    test(`with ${runtime}, SIGKILL of everything at random moments of a start: every next start works, nothing is left`, () =>
      leavingNothing(bed, async () => {
        await create(
          'exec sleep 1000',
          '--stop-timeout',
          '0',
          '--health-cmd',
          'true',
          '--health-interval',
          '10s',
        );
        const round = { strike: killEverythingDuringStart(unit), recover: startAgain(unit) };
        await script(bed, killRounds(KILLS_OF_ALL, round));
        const [facts] = await assertAgree(bed, 'k');
        assert.equal(facts?.unit.ActiveState, 'inactive');
        await remove(bed, 'k');
      }));

    test(`with ${runtime}, kill -9 of berth-start, berth-stop and berth-cleanup at random moments: every next start works`, () =>
      leavingNothing(bed, async () => {
        await create('trap "sleep 0.1; exit 0" TERM; sleep 1000 & wait');
        const recover = startAgain(unit);
        for (const strike of [killDuringStart(unit), killControlProcess(unit, 'berth-stop', 'ExecStop')])
          await script(bed, killRounds(KILLS_OF_ONE, { strike, recover }));
        // With this policy berth-stop leaves the cleanup to it.
        await berth(bed, 'update', '--restart', 'unless-stopped', 'k');
        const strike = killControlProcess(unit, 'berth-cleanup', 'ExecStopPost');
        await script(bed, killRounds(KILLS_OF_ONE, { strike, recover }));
        await assertAgree(bed, 'k');
        await remove(bed, 'k');
      }));
  }
});

const startAgain = (unit: string): string => `
      systemctl start ${unit} || { systemctl status --no-pager ${unit}; exit 1; }
      [ "$(systemctl show -P SubState ${unit})" = running ]
      systemctl stop ${unit}`;

/** Hit: the unit has not been active since it left its rest. */
const killEverythingDuringStart = (unit: string): string => `
      systemctl start --no-block ${unit}
      until [ "$(systemctl show -P MainPID ${unit})" != 0 ]; do :; done
      sleep $delay
      systemctl kill -s KILL ${unit}
      settle ${unit}
      left=$(systemctl show -P InactiveExitTimestampMonotonic ${unit})
      if [ "$(systemctl show -P ActiveEnterTimestampMonotonic ${unit})" -lt "$left" ]; then hit=yes; fi`;

/** Hit: systemd saw the main process that is not conmon yet die of it. */
const killDuringStart = (unit: string): string => `
      systemctl start --no-block ${unit}
      until pid=$(systemctl show -P MainPID ${unit}); [ $pid != 0 ]; do :; done
      sleep $delay
      if ! grep -q conmon /proc/$pid/cmdline 2>/dev/null; then kill -9 $pid 2>/dev/null || true; fi
      systemctl stop ${unit}
      settle ${unit}
      if [ "$(systemctl show -p ExecMainPID -p ExecMainCode -p ExecMainStatus ${unit} | sort | tr '\\n' ' ')" = "ExecMainCode=2 ExecMainPID=$pid ExecMainStatus=9 " ]; then hit=yes; fi`;

/** Hit: systemd saw that control process die of it. */
const killControlProcess = (unit: string, program: string, property: string): string => `
      systemctl start ${unit}
      systemctl stop --no-block ${unit}
      until systemctl show -P ActiveState ${unit} | grep -Eq '^(inactive|failed)$'; do
        pid=$(systemctl show -P ControlPID ${unit})
        if grep -q ${program} /proc/$pid/cmdline 2>/dev/null; then
          sleep $delay
          kill -9 $pid 2>/dev/null || true
          break
        fi
      done
      settle ${unit}
      if systemctl show -P ${property} ${unit} | grep -q 'code=killed'; then hit=yes; fi`;
