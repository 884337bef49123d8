/** What works once must work always: restarts in a row, and a manager that reloads itself meanwhile. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { assertAgree } from '../../support/agree.ts';
import { query } from '../../support/database.ts';
import {
  berth,
  bootWith,
  createShell,
  leavingNothing,
  RUNTIMES,
  remove,
  script,
  systemctl,
  timerRuns,
} from '../../support/machine.ts';
import { TIMES } from '../../support/times.ts';

const PAYLOAD = 'trap "exit 0" TERM; sleep 1000 & wait';
/** How often; the second runtime shows in fewer that it is no different. */
const ROUNDS = {
  crun: { restarts: 20 * TIMES, stopStarts: 10 * TIMES },
  runc: { restarts: 10 * TIMES, stopStarts: 5 * TIMES },
};

/** The manager itself, after it has re-executed itself with another command line. */
const REEXECUTED = /^process: 1, started at \d+: \/usr\/lib\/systemd\/systemd /;

describe('life: repetition', () => {
  let bed: Bed;
  before(async () => {
    bed = await bootWith('repeat');
  });
  after(() => bed.close());

  for (const runtime of RUNTIMES) {
    const { restarts, stopStarts } = ROUNDS[runtime];
    test(`with ${runtime}, ${restarts} restarts and ${stopStarts} times stop and start in a row never fail`, () =>
      leavingNothing(bed, async () => {
        const id = await createShell(bed, 'r', PAYLOAD, ['--runtime', runtime, '--stop-timeout', '0']);
        await systemctl(bed, 'start', 'berth-r');
        await script(
          bed,
          `for i in $(seq ${restarts}); do systemctl restart berth-r; systemctl -q is-active berth-r; done`,
        );
        await assertAgree(bed, 'r');
        await script(
          bed,
          `for i in $(seq ${stopStarts}); do berth stop r >/dev/null && berth start r >/dev/null; done`,
        );
        const [facts] = await assertAgree(bed, 'r');
        assert.equal(facts?.unit.ActiveState, 'active');
        // Every one of them was a run of its own, and every end was recorded.
        const [row] = await query<{ starts: number; exits: number }>(
          bed,
          `SELECT (SELECT count(*) FROM event WHERE id = '${id}' AND status = 'start') AS starts,
                  (SELECT count(*) FROM exit_record WHERE id = '${id}') AS exits`,
        );
        assert.deepEqual(row, { starts: 1 + restarts + stopStarts, exits: restarts + stopStarts });
        await remove(bed, 'r');
      }));
  }

  test('a manager that reloads and re-executes itself disturbs no container, and can still stop it', () =>
    leavingNothing(bed, async () => {
      for (const runtime of RUNTIMES)
        await createShell(bed, runtime, PAYLOAD, [
          ...['--runtime', runtime, '--health-cmd', 'true', '--health-interval', '10s'],
        ]);
      await berth(bed, 'start', ...RUNTIMES);
      const before = await assertAgree(bed, ...RUNTIMES);
      await script(bed, 'for i in 1 2 3 4 5; do systemctl daemon-reload; done; systemctl daemon-reexec');
      const after = await assertAgree(bed, ...RUNTIMES);
      assert.deepEqual(
        after.map(({ unit, container }) => [unit.ActiveState, unit.InvocationID, container.State.Pid]),
        before.map(({ unit, container }) => ['active', unit.InvocationID, container.State.Pid]),
      );
      for (const runtime of RUNTIMES) {
        assert.equal(await bed.ok(['berth', 'exec', runtime, 'echo', 'here']), 'here');
        await timerRuns(bed, runtime);
      }
      await systemctl(bed, 'stop', ...RUNTIMES.map((runtime) => `berth-${runtime}`));
      for (const { unit } of await assertAgree(bed, ...RUNTIMES)) assert.equal(unit.ActiveState, 'inactive');
      await remove(bed, ...RUNTIMES);
    }, [REEXECUTED]));
});
