import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ContainerConfig } from '../../../src/model/config.ts';
import { HEALTH_DEFAULTS, type HealthConfig } from '../../../src/model/health/health.ts';
import { type UpdateRequest, updatedConfig } from '../../../src/model/update-config.ts';
import { config } from '../../support/config.ts';

const CHECK: HealthConfig = {
  ...HEALTH_DEFAULTS,
  test: ['/bin/sh', '-c', 'ok'],
  testAsGiven: ['CMD-SHELL', 'ok'],
  retries: 9,
};
const NOTHING: UpdateRequest = { limits: {}, health: { disabled: false } };

const update = (before: Partial<ContainerConfig>, request: Partial<UpdateRequest>): ContainerConfig =>
  updatedConfig(config(before), { ...NOTHING, ...request });

describe('updatedConfig', () => {
  const CASES: [
    title: string,
    before: Partial<ContainerConfig>,
    request: Partial<UpdateRequest>,
    after: Partial<ContainerConfig>,
  ][] = [
    ['nothing', { health: CHECK, limits: { pids: 3 } }, {}, { health: CHECK, limits: { pids: 3 } }],
    [
      'the policy alone',
      { health: CHECK },
      { restart: { name: 'always', maximumRetryCount: 0 } },
      { health: CHECK, restart: { name: 'always', maximumRetryCount: 0 } },
    ],
    [
      'one limit of two',
      { limits: { pids: 3, cpus: 1 } },
      { limits: { pids: -1 } },
      { limits: { pids: -1, cpus: 1 } },
    ],
    [
      'a quota instead of CPUs',
      { limits: { cpus: 1 } },
      { limits: { cpuQuota: 5 } },
      { limits: { cpuQuota: 5 } },
    ],
    [
      'CPUs instead of a quota',
      { limits: { cpuQuota: 5, cpuPeriod: 9, cpuShares: 2 } },
      { limits: { cpus: 2 } },
      { limits: { cpuShares: 2, cpus: 2 } },
    ],
    [
      'the pace of a check',
      { health: CHECK },
      { health: { disabled: false, intervalMs: 5 } },
      { health: { ...CHECK, intervalMs: 5 } },
    ],
    [
      'the command of a check',
      { health: CHECK },
      { health: { disabled: false, command: 'other' } },
      { health: { ...CHECK, test: ['/bin/sh', '-c', 'other'], testAsGiven: ['CMD-SHELL', 'other'] } },
    ],
    [
      'a first check',
      {},
      { health: { disabled: false, command: 'ok' } },
      { health: { ...CHECK, retries: HEALTH_DEFAULTS.retries } },
    ],
  ];
  for (const [title, before, request, after] of CASES)
    it(`changes ${title} and leaves the rest`, () =>
      assert.deepEqual(update(before, request), config({ ...before, ...after })));

  for (const health of [{ disabled: true }, { disabled: false, command: 'none' }])
    it(`takes the check away with ${JSON.stringify(health)}`, () =>
      assert.equal(update({ health: CHECK }, { health }).health, undefined));

  for (const [title, before, request, message] of [
    [
      'a pace without a check',
      {},
      { health: { disabled: false, retries: 2 } },
      /^healthcheck command is not set/,
    ],
    [
      'a check and none',
      { health: CHECK },
      { health: { disabled: true, retries: 2 } },
      'cannot specify both --no-healthcheck and other HealthCheck flags',
    ],
    [
      'a policy for what goes with its end',
      { autoRemove: true },
      { restart: { name: 'always', maximumRetryCount: 0 } },
      /^the --rm option conflicts with --restart/,
    ],
  ] as [string, Partial<ContainerConfig>, Partial<UpdateRequest>, string | RegExp][])
    it(`refuses ${title}`, () => assert.throws(() => update(before, request), { message, exitCode: 125 }));
});
