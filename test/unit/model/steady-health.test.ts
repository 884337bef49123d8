import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  foldHealth,
  HEALTH_DEFAULTS,
  HEALTH_ON_FAILURE,
  type HealthConfig,
  type HealthResult,
  type HealthState,
  STARTUP_DEFAULTS,
} from '../../../src/model/health/health.ts';
import { afterSteady, steadyLog, steadyOutcome, steadyRoom } from '../../../src/model/health/steady.ts';

const STARTED_AT = '2026-03-01T12:00:00.000Z';
const CONFIG: HealthConfig = { ...HEALTH_DEFAULTS, test: ['true'], testAsGiven: ['CMD', 'true'] };

function at(second: number): string {
  return new Date(Date.parse(STARTED_AT) + second * 1000).toISOString();
}

const CASES: [state: HealthState, config: Partial<HealthConfig>, outcome: string | undefined][] = [
  [{ status: 'healthy', failingStreak: 0 }, {}, 'pass'],
  [{ status: 'healthy', failingStreak: 0 }, { onFailure: 'kill' }, 'pass'],
  [{ status: 'healthy', failingStreak: 1 }, {}, undefined],
  [{ status: 'starting', failingStreak: 0 }, {}, undefined],
  [{ status: 'unhealthy', failingStreak: 3 }, {}, 'fail'],
  [{ status: 'unhealthy', failingStreak: 3 }, { startPeriodMs: 60_001 }, undefined],
  [{ status: 'unhealthy', failingStreak: 3 }, { onFailure: 'kill' }, undefined],
  [{ status: 'unhealthy', failingStreak: 3 }, { onFailure: 'stop' }, undefined],
  [{ status: 'healthy', failingStreak: 0, startup: { failures: 0, successes: 1 } }, {}, undefined],
  [{ status: 'healthy', failingStreak: 0 }, { logDestination: '/srv/logs' }, undefined],
  [{ status: 'healthy', failingStreak: 0 }, { logDestination: 'events_logger' }, undefined],
];

describe('steady checks', () => {
  for (const [state, config, outcome] of CASES)
    it(`${state.status}/${state.failingStreak}${state.startup ? ' in a startup check' : ''} ${JSON.stringify(config)}: ${outcome ?? 'none'}`, () => {
      const moments = { at: at(60), startedAt: STARTED_AT };
      assert.equal(steadyOutcome({ ...CONFIG, ...config }, state, moments), outcome);
    });

  it('are those whose fold changes nothing but the count of failures, whatever the state and the result', () => {
    const states: fc.Arbitrary<HealthState> = fc.record(
      {
        status: fc.constantFrom('starting', 'healthy', 'unhealthy'),
        failingStreak: fc.nat(5),
        startup: fc.record({ failures: fc.nat(3), successes: fc.nat(3) }),
      },
      { requiredKeys: ['status', 'failingStreak'], noNullPrototype: true },
    );
    const configs = fc.record(
      {
        retries: fc.integer({ min: 1, max: 4 }),
        startPeriodMs: fc.constantFrom(0, 30_000, 90_000),
        onFailure: fc.constantFrom(...HEALTH_ON_FAILURE),
        startup: fc.constant({
          ...STARTUP_DEFAULTS,
          test: ['ready'] as string[],
          testAsGiven: ['CMD', 'ready'] as string[],
        }),
      },
      { requiredKeys: ['retries', 'startPeriodMs', 'onFailure'], noNullPrototype: true },
    );
    fc.assert(
      fc.property(states, configs, fc.nat(120), fc.nat(60), fc.integer({ min: 1, max: 255 }), (...given) => {
        const [state, changes, second, later, failure] = given;
        // What a fold leaves: unhealthy is what has failed often enough.
        fc.pre(state.status !== 'unhealthy' || state.failingStreak >= changes.retries);
        const config = { ...CONFIG, ...changes };
        const outcome = steadyOutcome(config, state, { at: at(second), startedAt: STARTED_AT });
        fc.pre(outcome !== undefined);
        const exitCode = outcome === 'pass' ? 0 : failure;
        const moments = { start: at(second + later), end: at(second + later + 1) };
        const fold = foldHealth(state, { exitCode, output: '', ...moments }, config, STARTED_AT);
        assert.deepEqual([fold.changed, fold.action, fold.passed], [false, 'none', false]);
        assert.deepEqual(fold.state, afterSteady(state, { outcome, count: 1, results: [] }));
      }),
      { numRuns: 500 },
    );
  });

  it('leave the newest results in the log, as many as it may have', () => {
    const entry = (second: number): HealthResult => ({
      exitCode: 0,
      output: '',
      start: at(second),
      end: at(second),
    });
    const found = { outcome: 'pass' as const, count: 9, results: [entry(8), entry(9)] };
    assert.deepEqual(steadyLog([entry(1), entry(2)], found, { maxLogCount: 3 }), [
      entry(2),
      entry(8),
      entry(9),
    ]);
    assert.equal(steadyLog([entry(1), entry(2)], found, { maxLogCount: 0 }).length, 4);
  });

  it('are fetched before their room is full where the log wants more than that', () => {
    const rooms = [
      [5, 500, { results: 5, most: 0 }],
      [50, 500, { results: 50, most: 0 }],
      [51, 500, { results: 50, most: 50 }],
      [0, 500, { results: 50, most: 50 }],
      [5, 0, { results: 4, most: 4 }],
      [3, 0, { results: 3, most: 0 }],
    ] as const;
    for (const [maxLogCount, maxLogSize, room] of rooms)
      assert.deepEqual(steadyRoom({ maxLogCount, maxLogSize }), room);
  });
});
