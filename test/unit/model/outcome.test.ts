import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RestartPolicyName } from '../../../src/model/config.ts';
import { outcome } from '../../../src/model/outcome.ts';
import { type ContainerState, initialState } from '../../../src/model/state.ts';

type Row = [
  title: string,
  state: Partial<ContainerState>,
  policy: RestartPolicyName,
  exitCode: number,
  hopeless: boolean,
];

const ROWS: Row[] = [
  ['an end by itself keeps its code', { exitCode: 3 }, 'always', 3, false],
  ['an end with 0 is success', { exitCode: 0 }, 'on-failure', 0, false],
  ['an unknown code is a failure', { exitCode: -1 }, 'no', 255, false],
  [
    'a stop that was asked for is success, whatever the code',
    { exitCode: 137, stopRequested: true },
    'always',
    0,
    false,
  ],
  [
    'a stop with an unknown code is success as well',
    { exitCode: -1, stopRequested: true },
    'always',
    0,
    false,
  ],
  ['a container that never ran has not failed', { status: 'configured', exitCode: 9 }, 'always', 0, false],
  ['a failed start is a failure that may pass', { startFailure: 125 }, 'always', 125, false],
  ['a command that cannot be run will not be by trying again', { startFailure: 126 }, 'always', 126, true],
  ['a command that is missing will not come by trying again', { startFailure: 127 }, 'on-failure', 127, true],
  ['without restarts there is nothing to prevent', { startFailure: 127 }, 'no', 127, false],
  [
    'a failed start counts before an old stop',
    { startFailure: 125, stopRequested: true },
    'always',
    125,
    false,
  ],
];

describe('outcome', () => {
  for (const [title, changes, name, exitCode, hopeless] of ROWS) {
    it(`says that ${title}`, () => {
      const state = { ...initialState(), status: 'exited' as const, ...changes };
      assert.deepEqual(outcome(state, { name, maximumRetryCount: 0 }), { exitCode, hopeless });
    });
  }
});
