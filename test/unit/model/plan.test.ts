/** Plans: which steps, in which order, for which facts. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { HealthConfig } from '../../../src/model/health/health.ts';
import { planAfterEnd, planCleanup } from '../../../src/model/plan/cleanup.ts';
import { planCreate } from '../../../src/model/plan/create.ts';
import type { Plan } from '../../../src/model/plan/plan.ts';
import { planRemove } from '../../../src/model/plan/remove.ts';
import { planReady, planStart, planStartWaiting } from '../../../src/model/plan/start.ts';
import { planStop, planStopAhead } from '../../../src/model/plan/stop.ts';
import { config } from '../../support/config.ts';

const VOLUME = { type: 'volume' as const, volume: 'v', destination: '/v', options: [] };
const START = [
  'enter-supervisor-cgroup',
  'launch-monitor',
  'mount-rootfs',
  'write-files',
  'write-spec',
  'create-in-runtime',
  'start-payload',
  'record-running',
];

const health = (intervalMs: number): HealthConfig => ({
  test: ['true'],
  testAsGiven: ['CMD', 'true'],
  intervalMs,
  timeoutMs: 30_000,
  startPeriodMs: 0,
  retries: 3,
  onFailure: 'none',
  maxLogCount: 5,
  maxLogSize: 500,
});

const CASES: [title: string, plan: Plan<string>, steps: string[]][] = [
  ['a start after a clean end', planStart(config(), { mounted: false, bundle: false }), START],
  ...[
    { mounted: true, bundle: false },
    { mounted: false, bundle: true },
    { mounted: true, bundle: true },
  ].map((leftovers): [string, Plan<string>, string[]] => [
    `a start with ${JSON.stringify(leftovers)} sweeps first`,
    planStart(config(), leftovers),
    START.toSpliced(1, 0, 'sweep-leftovers'),
  ]),
  [
    'a start for an init',
    planStart(config(), { mounted: false, bundle: false, held: true }),
    [...START.slice(0, -2), 'record-created'],
  ],
  [
    'ready for an init',
    planReady(config({ health: health(30_000) }), { held: true }),
    ['notify-ready', 'await-receipt'],
  ],
  ['the start of what waits', planStartWaiting(config()), ['start-payload', 'record-running']],
  [
    'the start of what waits, with a check',
    planStartWaiting(config({ health: health(30_000) })),
    ['start-payload', 'record-running', 'start-health-timer'],
  ],
  ['ready without a check', planReady(config()), ['notify-ready', 'await-receipt']],
  [
    'ready with a check',
    planReady(config({ health: health(30_000) })),
    ['notify-ready', 'start-health-timer', 'hand-over', 'await-receipt'],
  ],
  [
    'ready with a check that is never run by itself',
    planReady(config({ health: health(0) })),
    ['notify-ready', 'await-receipt'],
  ],
  [
    'ready with others in namespaces of the last run',
    planReady(config(), { joined: true }),
    ['notify-ready', 'restart-joined', 'hand-over', 'await-receipt'],
  ],
  [
    'ready when healthy',
    planReady(config({ health: health(30_000), sdNotify: 'healthy' })),
    ['await-healthy', 'notify-ready', 'start-health-timer', 'hand-over', 'await-receipt'],
  ],
  [
    'ready when healthy, of a check that was taken away',
    planReady(config({ sdNotify: 'healthy' })),
    ['notify-ready', 'await-receipt'],
  ],
  [
    'ready when it says so itself',
    planReady(config({ sdNotify: 'container' })),
    ['await-word', 'hand-over', 'await-receipt'],
  ],
  [
    'ready for an init of one that would say so itself',
    planReady(config({ sdNotify: 'container' }), { held: true }),
    ['notify-ready', 'await-receipt'],
  ],
  [
    'a start that needs others',
    planStart(config({ requires: ['other'] }), { mounted: false, bundle: false }),
    ['check-dependencies', ...START],
  ],
  [
    'a start with a volume',
    planStart(config({ mounts: [VOLUME] }), { mounted: false, bundle: false }),
    START.flatMap((step) => (step === 'write-spec' ? ['mount-volumes', step] : step)),
  ],
  [
    'a create with a volume',
    planCreate(config({ mounts: [VOLUME] })),
    [
      ...['insert-row', 'take-lock', 'make-volumes', 'make-directory', 'write-config', 'write-unit'],
      'record-created',
    ],
  ],
  [
    'a create',
    planCreate(config()),
    ['insert-row', 'take-lock', 'make-directory', 'write-config', 'write-unit', 'record-created'],
  ],
  [
    'a create with --cidfile',
    planCreate(config({ cidFile: '/run/c' })),
    [
      ...['insert-row', 'take-lock', 'make-directory', 'write-config', 'write-unit', 'write-cidfile'],
      'record-created',
    ],
  ],
  [
    'a stop with a grace',
    planStop({ hasGrace: true, isFrozen: false }),
    ['signal-payload', 'await-payload', 'kill-payload', 'await-monitor'],
  ],
  [
    'a stop without, which SIGKILL needs not in a frozen cgroup',
    planStop({ hasGrace: false, isFrozen: true }),
    ['kill-payload', 'await-monitor'],
  ],
  [
    'a stop of what is paused',
    planStop({ hasGrace: true, isFrozen: true }),
    ['signal-payload', 'thaw-payload', 'await-payload', 'kill-payload', 'await-monitor'],
  ],
  [
    'a stop that is under way: no signal is sent twice',
    planStop({ hasGrace: true, isFrozen: true, isSignalled: true }),
    ['thaw-payload', 'await-payload', 'kill-payload', 'await-monitor'],
  ],
  [
    'a stop by the verb, ahead of the unit',
    planStopAhead({ isFrozen: true }),
    ['thaw-payload', 'await-payload', 'await-monitor'],
  ],
  [
    'a cleanup after a run',
    planCleanup({
      cgroup: true,
      bundle: true,
      poststopHooks: false,
      network: false,
      volumes: false,
      checks: false,
    }),
    [
      ...['end-processes', 'delete-from-runtime', 'unmount-rootfs', 'remove-bundle', 'remove-cgroup'],
      'record-end',
    ],
  ],
  [
    'a cleanup after a run with checks, volumes, networks and hooks for its end',
    planCleanup({
      cgroup: true,
      bundle: true,
      poststopHooks: true,
      network: true,
      volumes: true,
      checks: true,
    }),
    [
      ...['end-processes', 'delete-from-runtime', 'run-poststop-hooks'],
      ...['tear-down-network', 'release-volumes', 'unmount-rootfs'],
      ...['keep-check-results', 'remove-bundle', 'remove-cgroup', 'record-end'],
    ],
  ],
  [
    'a cleanup of what never ran',
    planCleanup({
      cgroup: false,
      bundle: false,
      poststopHooks: false,
      network: false,
      volumes: false,
      checks: true,
    }),
    ['unmount-rootfs', 'remove-bundle', 'record-end'],
  ],
  ['an end', planAfterEnd({ preventRestart: false, autoRemove: false }), []],
  [
    'the end of a crash loop made with --rm',
    planAfterEnd({ preventRestart: true, autoRemove: true }),
    ['prevent-restart', 'remove-container'],
  ],
  [
    'a removal',
    planRemove({}),
    [
      ...['record-removing', 'disable-unit', 'remove-unit-file', 'reset-unit', 'unmount-rootfs'],
      ...['delete-storage', 'reload-systemd', 'delete-row'],
    ],
  ],
  [
    'a removal in the unit itself',
    planRemove({}, { inUnit: true }),
    [
      ...['record-removing', 'disable-unit', 'remove-unit-file', 'reset-unit', 'unmount-rootfs'],
      ...['delete-storage', 'delete-row', 'reload-systemd'],
    ],
  ],
  [
    'a removal with --cidfile',
    planRemove({ cidFile: '/run/c' }),
    [
      ...['record-removing', 'disable-unit', 'remove-unit-file', 'reset-unit', 'unmount-rootfs'],
      ...['delete-storage', 'remove-cidfile', 'reload-systemd', 'delete-row'],
    ],
  ],
];

describe('plans', () => {
  for (const [title, { steps }, expected] of CASES) {
    it(`${title}: ${expected.join(', ') || 'nothing'}`, () => assert.deepEqual(steps, expected));
  }
});
