import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { staysStopped } from '../../../src/model/boot-rule.ts';
import type { RestartPolicyName } from '../../../src/model/config.ts';
import { type ContainerState, initialState } from '../../../src/model/state.ts';

type Row = [
  title: string,
  policy: RestartPolicyName,
  state: Partial<ContainerState>,
  systemState: string,
  stays: boolean,
];

const STOPPED = { status: 'exited' as const, stopRequested: true };

const ROWS: Row[] = [
  ['a boot leaves out what a person stopped', 'unless-stopped', STOPPED, 'starting', true],
  ['early in a boot as well', 'unless-stopped', STOPPED, 'initializing', true],
  ['a running system starts it', 'unless-stopped', STOPPED, 'running', false],
  ['a degraded one too', 'unless-stopped', STOPPED, 'degraded', false],
  ['another policy is not asked', 'always', STOPPED, 'starting', false],
  ['what crashed is started', 'unless-stopped', { ...STOPPED, stopRequested: false }, 'starting', false],
  [
    'what the shutdown stopped is started',
    'unless-stopped',
    { ...STOPPED, stoppedAtShutdown: true },
    'starting',
    false,
  ],
  [
    'the second try in a boot is somebody’s wish',
    'unless-stopped',
    { ...STOPPED, leftOutOfBoot: 'now' },
    'starting',
    false,
  ],
  [
    'the next boot leaves it out again',
    'unless-stopped',
    { ...STOPPED, leftOutOfBoot: 'before' },
    'starting',
    true,
  ],
];

describe('staysStopped', () => {
  for (const [title, name, changes, systemState, stays] of ROWS) {
    it(`says: ${title}`, () => {
      const state = { ...initialState(), ...changes };
      assert.equal(staysStopped(state, { name }, { bootId: 'now', systemState }), stays);
    });
  }
});
