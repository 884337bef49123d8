/** What --dry-run prints. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type PlanFacts, showPlan } from '../../../src/model/plan/show.ts';
import { initialState } from '../../../src/model/state.ts';
import { config } from '../../support/config.ts';

const FACTS: PlanFacts = {
  config: config(),
  state: { ...initialState(), cgroup: '/system.slice/berth-unit.service', payload: { pid: 7, startTime: 1 } },
  graceSeconds: 10,
  paths: {
    store: '/s/db',
    unitFile: '/u/f',
    directory: '/s/c',
    rootfs: '/s/r',
    bundle: '/r/b',
    spec: '/r/s',
  },
};

it('a plan is one line for who does it, and one for each step with its object', () => {
  const parts = [
    { by: 'systemd: stop job of berth-unit.service', steps: [] },
    { by: 'berth-stop', steps: ['signal-payload', 'await-payload', 'kill-payload'] as const },
  ];
  assert.equal(
    showPlan(parts, FACTS),
    `systemd: stop job of berth-unit.service
berth-stop
  signal-payload  SIGTERM to process 7
  await-payload   its end, 10 s at most
  kill-payload    SIGKILL to what is left in /system.slice/berth-unit.service/container
`,
  );
  assert.match(showPlan(parts, { ...FACTS, graceSeconds: -1 }), /await-payload {3}its end, without limit\n/);
});
