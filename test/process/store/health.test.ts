import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type HealthPorts, runHealthCheck } from '../../../src/lifecycle/healthcheck.ts';
import {
  HEALTH_DEFAULTS,
  type HealthConfig,
  type HealthResult,
  initialHealth,
} from '../../../src/model/health/health.ts';
import { initialState } from '../../../src/model/state.ts';
import { openStore } from '../../../src/store/store.ts';
import { container, temporaryFolder } from './records.ts';

const PASSED: HealthResult = {
  exitCode: 0,
  output: '',
  start: '2026-03-01T12:00:01.000Z',
  end: '2026-03-01T12:00:02.000Z',
};

const SPEC = { process: { user: { uid: 0, gid: 0 }, env: [], capabilities: { bounding: [] } } };

it('checks pass by in silence from when their state is kept, and not if the disk does not take it', async (t) => {
  const store = openStore(temporaryFolder(t));
  t.after(() => store.close());
  const health: HealthConfig = { ...HEALTH_DEFAULTS, test: ['true'], testAsGiven: ['CMD', 'true'] };
  const config = container('checked', { health });
  const process = { pid: 7, startTime: 7 };
  store.transaction(() => {
    const run = { status: 'running', payload: process, conmon: process, cgroup: '/x' } as const;
    store.insertContainer(config, { ...initialState(), ...run, startedAt: '2026-03-01T12:00:00.000Z' });
    store.saveHealth(config.id, initialHealth(health));
  });

  const begun: (string | undefined)[] = [];
  let isFull = true;
  const ports = {
    store: {
      ...store,
      transaction: <T>(work: () => T): T =>
        store.transaction(() => {
          const result = work();
          if (isFull) throw new Error('database or disk is full');
          return result;
        }),
    },
    host: {
      isAlive: () => true,
      isFrozen: () => false,
      isEnding: () => false,
      wasOomKilled: () => false,
      exists: () => false,
      changedAt: () => undefined,
      makeCgroup: () => {},
      readText: (file: string) => (file === '/spec' ? JSON.stringify(SPEC) : undefined),
    },
    runtime: {
      files: () => ({ spec: '/spec' }),
      endSteady: () => undefined,
      steadyResults: () => undefined,
      beginSteady: () => begun.push(store.getContainer(config.id)?.health?.status),
    },
    now: () => PASSED.end,
    warn: () => {},
  } as unknown as HealthPorts;
  const found = store.findContainer(config.id);

  await assert.rejects(runHealthCheck(ports, found, { found: PASSED }), /disk is full/);
  assert.deepEqual(begun, []);
  assert.equal(store.getContainer(config.id)?.health?.status, 'starting');
  isFull = false;
  await runHealthCheck(ports, found, { found: PASSED });
  assert.deepEqual(begun, ['healthy']);
});
