/** Starting, stopping and restarting, by systemd's command and by Berth's: what each leaves, and that they agree. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { assertAgree, type Facts, inspect, showUnit } from '../../support/agree.ts';
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
  until,
} from '../../support/machine.ts';

/** Waits for SIGTERM and then ends with a code. */
const endsWith = (code: number): string => `trap "exit ${code}" TERM; sleep 1000 & wait`;

/** What a payload does with its stop signal, and the exit code that is to be seen afterwards. */
const PAYLOADS = [
  { name: 'zero', payload: endsWith(0), exitCode: 0 },
  { name: 'one', payload: endsWith(1), exitCode: 1 },
  { name: 'seven', payload: endsWith(7), exitCode: 7 },
  // A shell that ends as its child did, which SIGTERM ended.
  { name: 'term', payload: 'sleep 1000 & trap "kill $!" TERM; wait $!; wait $!', exitCode: 143 },
  // The first process of a pid namespace has no default for SIGTERM: it takes SIGKILL.
  { name: 'deaf', payload: 'exec sleep 1000', exitCode: 137 },
  {
    name: 'suicide',
    payload: 'sh -c "sleep 1000" & trap "kill -9 $!; wait $!; exit 137" TERM; wait',
    exitCode: 137,
  },
];

const DEAF_TO_TERM = 'deaf';

/** Seconds: enough for a shell on any machine, and as few as possible for the one that lets them pass. */
const graceOf = (name: string): number => (name === DEAF_TO_TERM ? 1 : 100);

/** How a stop is asked for, and with which grace, given the container's own. */
const STOPS: {
  how: string;
  argv: (names: string[], seconds: number) => string[];
  seconds: (own: number) => number;
}[] = [
  {
    how: 'systemctl stop',
    argv: (names) => ['systemctl', 'stop', ...names.map((name) => `berth-${name}`)],
    seconds: (own) => own,
  },
  { how: 'berth stop', argv: (names) => ['berth', 'stop', ...names], seconds: (own) => own },
  {
    how: 'berth stop -t',
    argv: (names, seconds) => ['berth', 'stop', '-t', String(seconds), ...names],
    seconds: (own) => own + 1,
  },
  {
    how: 'berth stop -t 0',
    argv: (names) => ['berth', 'stop', '-t', '0', ...names],
    // No time to choose an exit code.
    seconds: () => 0,
  },
];

describe('life: states', () => {
  let bed: Bed;
  before(async () => {
    bed = await bootWith('states');
  });
  after(() => bed.close());

  for (const runtime of RUNTIMES) {
    test(`with ${runtime}, systemd and Berth agree after each start, stop and restart by either`, () =>
      leavingNothing(bed, async () => {
        await createShell(bed, 'a', endsWith(0), ['--runtime', runtime]);
        const steps: [string[], 'active' | 'inactive'][] = [
          [['systemctl', 'start', 'berth-a'], 'active'],
          [['berth', 'stop', 'a'], 'inactive'],
          [['berth', 'start', 'a'], 'active'],
          [['systemctl', 'restart', 'berth-a'], 'active'],
          [['berth', 'restart', 'a'], 'active'],
          [['systemctl', 'stop', 'berth-a'], 'inactive'],
          [['berth', 'restart', 'a'], 'active'],
          [['systemctl', 'try-restart', 'berth-a'], 'active'],
          [['berth', 'stop', 'a'], 'inactive'],
          [['systemctl', 'restart', 'berth-a'], 'active'],
          [['systemctl', 'stop', 'berth-a'], 'inactive'],
        ];
        const [fresh] = await assertAgree(bed, 'a');
        assert.equal(fresh?.container.State.Status, 'created');
        let invocation = '';
        for (const [argv, state] of steps) {
          await bed.ok(argv, { quick: true });
          const [facts] = await assertAgree(bed, 'a');
          assert.equal(facts?.unit.ActiveState, state, argv.join(' '));
          if (state === 'active') {
            assert.notEqual(facts?.unit.InvocationID, invocation, `${argv.join(' ')} makes a new run`);
            invocation = facts?.unit.InvocationID ?? '';
          }
        }
        // Asking for what is so already is success, and changes nothing.
        assert.equal(await berth(bed, 'stop', 'a'), 'a');
        assert.equal(await berth(bed, 'start', 'a'), 'a');
        const [running] = await assertAgree(bed, 'a');
        assert.equal(await berth(bed, 'start', 'a'), 'a');
        const [still] = await assertAgree(bed, 'a');
        assert.equal(still?.unit.InvocationID, running?.unit.InvocationID);
        await remove(bed, 'a');
      }));

    test(`with ${runtime}, a requested stop leaves the unit inactive whatever the payload's exit code`, () =>
      leavingNothing(bed, async () => {
        const names = PAYLOADS.map(({ name }) => name);
        for (const { name, payload } of PAYLOADS) {
          const flags = ['--runtime', runtime, '--stop-timeout', String(graceOf(name))];
          await createShell(bed, name, payload, flags);
        }
        const polite = names.filter((name) => name !== DEAF_TO_TERM);
        // What asks for the stop, and with which grace, is above the runtime: all four ways once.
        for (const { how, argv, seconds } of STOPS.slice(0, runtime === 'crun' ? undefined : 2)) {
          const since = await script(bed, 'date +%s.%N');
          await systemctl(bed, 'start', ...names.map((name) => `berth-${name}`));
          await settled(bed, await assertAgree(bed, ...names));
          const grace = seconds(graceOf(DEAF_TO_TERM));
          const warning = `StopSignal SIGTERM failed to stop container ${DEAF_TO_TERM} in ${grace} seconds, resorting to SIGKILL`;
          const calls: [asked: string[], warned: string][] = [
            [argv(polite, seconds(graceOf(''))), ''],
            [argv([DEAF_TO_TERM], grace), how.startsWith('berth') && grace > 0 ? `${warning}\n` : ''],
          ];
          for (const [asked, warned] of calls) {
            const { code, stderr } = await bed.nsenter(asked);
            assert.deepEqual([code, stderr], [0, warned], asked.join(' '));
          }
          const facts = await assertAgree(bed, ...names);
          for (const [index, { name, exitCode }] of PAYLOADS.entries()) {
            const { unit, container } = facts[index] ?? assert.fail();
            assert.deepEqual(
              [unit.ActiveState, unit.Result, container.State.ExitCode, container.State.StoppedByUser],
              ['inactive', 'success', grace === 0 ? 137 : exitCode, true],
              `${how} of ${name}`,
            );
            const journal = await bed.journal('-u', `berth-${name}`, '-o', 'cat', `--since=@${since}`);
            assert.equal(journal.includes(warning), name === DEAF_TO_TERM && grace > 0, `${how}: ${journal}`);
            assert.equal(journal.includes('StopSignal'), journal.includes(warning), `${how}: ${journal}`);
          }
        }
        await remove(bed, ...names);
      }));

    test(`with ${runtime}, the exit record holds code and times, and outlives the container`, () =>
      leavingNothing(bed, async () => {
        const id = await createShell(bed, 'x', 'sleep 0.2; : >/out/end; exit 9', [
          ...['--runtime', runtime, '--volume', '/tmp:/out'],
        ]);
        for (const start of [1, 2]) {
          const before = Number(await script(bed, 'date +%s%3N'));
          await systemctl(bed, 'start', 'berth-x');
          await until('it has ended', async () =>
            (await showUnit(bed, 'x')).ActiveState === 'failed' ? true : undefined,
          );
          const { State } = await inspect(bed, 'x');
          assert.equal(State.ExitCode, 9);
          assert.equal(State.StoppedByUser, false);
          const started = Date.parse(State.StartedAt);
          const finished = Date.parse(State.FinishedAt);
          const end = Number(await script(bed, 'stat -c %.3Y /tmp/end')) * 1000;
          assert.ok(
            started >= before && started <= finished,
            `${before} ≤ ${State.StartedAt} ≤ ${State.FinishedAt}`,
          );
          // The kernel stamps files with the time of its last tick, up to 10 ms ago.
          const monitorEnd = await script(
            bed,
            'date -d "$(systemctl show -P ExecMainExitTimestamp --timestamp=us+utc berth-x)" +%s%3N',
          );
          assert.ok(
            end - 20 <= finished && finished <= Number(monitorEnd),
            `${end} ≤ ${finished} ≤ ${monitorEnd}: between the payload's last deed and conmon's end`,
          );
          const rows = await query<{ start_number: number; exit_code: number; finished_at: string }>(
            bed,
            `SELECT start_number, exit_code, finished_at FROM exit_record WHERE id = '${id}' ORDER BY start_number`,
          );
          assert.deepEqual(
            rows.map(({ start_number, exit_code }) => [start_number, exit_code]),
            [1, 2].slice(0, start).map((number) => [number, 9]),
          );
          assert.equal(rows.at(-1)?.finished_at, State.FinishedAt);
        }
        await remove(bed, 'x');
        const kept = await query<{ n: number }>(
          bed,
          `SELECT count(*) AS n FROM exit_record WHERE id = '${id}'`,
        );
        assert.equal(kept[0]?.n, 2);
        await script(bed, 'rm /tmp/end');
      }));
  }
});

/** Every payload has set its trap (SIGTERM is bit 14 of SigCgt); `deaf` has none to set. */
async function settled(bed: Bed, facts: Facts[]): Promise<void> {
  const pids = facts
    .filter(({ container }) => container.Name !== DEAF_TO_TERM)
    .map(({ container }) => container.State.Pid);
  await until('every payload waits for its signal', async () => {
    const masks = await script(
      bed,
      `for p in ${pids.join(' ')}; do sed -n 's/^SigCgt:\\t//p' /proc/$p/status; done`,
    );
    return masks.split('\n').every((mask) => (BigInt(`0x${mask}`) >> 14n) & 1n) || undefined;
  });
}
