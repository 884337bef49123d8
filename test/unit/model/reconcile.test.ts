import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Facts, reconcile, refreshAfterBoot } from '../../../src/model/reconcile.ts';
import { type ContainerState, type ContainerStatus, initialState } from '../../../src/model/state.ts';

const NOW = '2026-03-01T12:00:00.000Z';
const ENDED = '2026-03-01T11:00:00.000Z';
const STARTED = '2026-03-01T10:00:00.000Z';
const NOBODY = 'the monitor (conmon) died without recording the exit code';

const STARTED_ONCE: ContainerStatus[] = ['running', 'stopping', 'paused'];
const WITHOUT: ContainerStatus[] = ['configured', 'stopped', 'exited', 'removing'];

/** Started once. */
function state(status: ContainerStatus, changes: Partial<ContainerState> = {}): ContainerState {
  return {
    ...initialState(),
    status,
    startNumber: 2,
    startedAt: STARTED,
    payload: { pid: 10, startTime: 100 },
    conmon: { pid: 9, startTime: 99 },
    cgroup: '/system.slice/berth-x.service',
    ...changes,
  };
}

function facts(changes: Partial<Facts> = {}): Facts {
  return {
    payloadAlive: false,
    payloadFrozen: false,
    conmonAlive: false,
    oomKilled: false,
    now: NOW,
    ...changes,
  };
}

const BOOLEANS = [false, true];

/** Every combination of the facts. */
const ALL_FACTS: Facts[] = BOOLEANS.flatMap((payloadAlive) =>
  BOOLEANS.flatMap((conmonAlive) =>
    BOOLEANS.flatMap((oomKilled) =>
      [undefined, { code: 0, at: ENDED }, { code: 137, at: ENDED }].map((exit) =>
        facts({ payloadAlive, conmonAlive, oomKilled, ...(exit === undefined ? {} : { exit }) }),
      ),
    ),
  ),
);

/** As in a cgroup that is frozen exactly when the state says paused. */
function fitting(each: Facts, status: ContainerStatus): Facts {
  return { ...each, payloadFrozen: status === 'paused' };
}

describe('reconcile', () => {
  it('leaves a state without a payload alone, whatever the facts', () => {
    for (const status of WITHOUT) {
      for (const each of ALL_FACTS) {
        const before = state(status);
        assert.deepEqual(reconcile(before, each), { state: before, events: [], changed: false });
      }
    }
  });

  for (const status of STARTED_ONCE) {
    it(`believes the exit file first, then the processes, of a container that is ${status}`, () => {
      for (const each of ALL_FACTS) {
        const before = state(status);
        const alive = each.exit === undefined && (each.payloadAlive || each.conmonAlive);
        const exitCode = each.exit?.code ?? -1;
        const { payload: _, conmon: __, ...rest } = before;
        assert.deepEqual(
          reconcile(before, fitting(each, status)),
          alive
            ? { state: before, events: [], changed: false }
            : {
                state: {
                  ...rest,
                  status: 'stopped',
                  exitCode,
                  finishedAt: each.exit === undefined ? NOW : ENDED,
                  oomKilled: each.oomKilled,
                  error: each.exit === undefined ? NOBODY : '',
                },
                events: [{ status: 'died', exitCode, oomKilled: each.oomKilled }],
                changed: true,
              },
        );
      }
    });
  }

  it('tells with the end that a stop had to kill, once', () => {
    const ended = reconcile(
      state('stopping', { graceExceeded: 7 }),
      facts({ exit: { code: 137, at: ENDED } }),
    );
    assert.deepEqual(ended.events, [{ status: 'died', exitCode: 137, oomKilled: false, graceExceeded: 7 }]);
    assert.equal('graceExceeded' in ended.state, false);
  });

  it('has it paused exactly while its cgroup is frozen, whoever froze it', () => {
    const alive = { payloadAlive: true, conmonAlive: true };
    const frozen = reconcile(state('running'), facts({ ...alive, payloadFrozen: true }));
    assert.deepEqual(frozen, { state: state('paused'), events: [{ status: 'pause' }], changed: true });
    const thawed = reconcile(state('paused'), facts(alive));
    assert.deepEqual(thawed, { state: state('running'), events: [{ status: 'unpause' }], changed: true });
    for (const status of ['created', 'stopping'] as const)
      assert.equal(reconcile(state(status), facts({ ...alive, payloadFrozen: true })).changed, false);
  });

  it('reports no life of a payload that was created and never started', () => {
    for (const status of ['created', 'stopping'] as const) {
      const { startedAt: _, ...before } = state(status, { error: 'why its start failed' });
      for (const each of [facts(), facts({ exit: { code: 137, at: ENDED } })]) {
        const { state: after, events, changed } = reconcile(before, each);
        assert.deepEqual([after.status, events, changed], ['configured', [], true]);
        assert.deepEqual([after.payload, after.exitCode, after.finishedAt], [undefined, 0, undefined]);
        assert.equal(after.error, 'why its start failed');
      }
    }
  });

  it('keeps who asked for the stop', () => {
    const { state: after } = reconcile(state('stopping', { stopRequested: true }), facts());
    assert.equal(after.stopRequested, true);
  });

  it('does not change its argument', () => {
    const before = Object.freeze(state('running'));
    reconcile(before, facts());
    refreshAfterBoot(before, NOW);
    assert.deepEqual(before, state('running'));
  });
});

describe('refreshAfterBoot', () => {
  const EXPECTED: Record<ContainerStatus, Partial<ContainerState>> = {
    configured: { status: 'configured' },
    created: { status: 'configured' },
    running: crashed(),
    stopping: crashed(),
    paused: crashed(),
    stopped: { status: 'exited' },
    exited: { status: 'exited' },
    removing: { status: 'removing' },
  };

  for (const [status, changes] of Object.entries(EXPECTED)) {
    it(`makes ${status} ${changes.status}, without processes of the last boot`, () => {
      const before = state(status as ContainerStatus, {
        exitCode: 3,
        stopRequested: true,
        stopTimeoutSeconds: 4,
        finishedAt: ENDED,
      });
      const { payload: _, conmon: __, stopTimeoutSeconds: ___, ...rest } = before;
      assert.deepEqual(refreshAfterBoot(before, NOW), { ...rest, ...changes });
    });
  }

  function crashed(): Partial<ContainerState> {
    return {
      status: 'exited',
      exitCode: -1,
      finishedAt: NOW,
      error: 'the machine went down while the container ran',
    };
  }
});
