import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cgroupResources, changedResources, rlimits, unifiedResources } from '../../../src/oci/limits.ts';
import { config } from '../../support/config.ts';
import { HOST } from './facts.ts';

const ALL = ['cpu', 'cpuset', 'io', 'memory', 'pids'];

describe('unifiedResources', () => {
  it('are the files as they were given, if the controller is there', () => {
    const cgroupConf = { 'memory.high': '1G', 'cgroup.max.depth': '3' };
    assert.deepEqual(unifiedResources({ cgroupConf }, ['memory']), { unified: cgroupConf });
    assert.deepEqual(unifiedResources({}, []), {});
    assert.throws(() => unifiedResources({ cgroupConf }, ['cpu']), {
      code: 'unsupported',
      message: /^--cgroup-conf memory\.high cannot be enforced: .* no memory controller/,
    });
  });

  it('are files of the control group, and nothing beside it', () => {
    for (const file of ['memory', '', 'a/b.c', '../x.y', 'memory.'])
      assert.throws(() => unifiedResources({ cgroupConf: { [file]: '1' } }, ['memory']), {
        code: 'invalid',
        message: `the specified key has not the form CONTROLLER.VALUE \`${file}\``,
      });
  });
});

describe('cgroupResources', () => {
  it('limits devices by their numbers, by the names that the specification has for it', () => {
    const of = (device: string, value: number) => [{ device, value }];
    const limits = {
      blkioWeight: 50,
      deviceReadBps: of('/dev/null', 1024),
      deviceWriteBps: of('/dev/null', 2048),
      deviceReadIops: of('/dev/zero', 5),
      deviceWriteIops: of('/dev/null', 6),
      deviceWeights: of('/dev/zero', 100),
    };
    const [one, other] = [
      { major: 1, minor: 3 },
      { major: 1, minor: 5 },
    ];
    const numbers = { '/dev/null': one, '/dev/zero': other };
    // What Podman 5.4 hands to the runtime for the same.
    assert.deepEqual(cgroupResources(limits, [], ['io'], numbers).blockIO, {
      weight: 50,
      weightDevice: [{ ...other, weight: 100 }],
      throttleReadBpsDevice: [{ ...one, rate: 1024 }],
      throttleWriteBpsDevice: [{ ...one, rate: 2048 }],
      throttleReadIOPSDevice: [{ ...other, rate: 5 }],
      throttleWriteIOPSDevice: [{ ...one, rate: 6 }],
    });
    assert.throws(() => cgroupResources({ deviceReadBps: of('/dev/null', 1) }, [], ['cpu']), {
      code: 'unsupported',
      message: /^--device-read-bps cannot be enforced: /,
    });
  });

  it('holds the device rules alone when no limit was asked for, whatever controllers there are', () => {
    const rules = [{ allow: false, access: 'rwm' }];
    assert.deepEqual(cgroupResources({}, rules, []), { devices: rules });
    assert.deepEqual(cgroupResources({ memoryBytes: 0, cpus: 0, pids: -1 }, [], []), { devices: [] });
  });

  it('limits memory, and memory with swap to twice of it', () => {
    assert.deepEqual(cgroupResources({ memoryBytes: 1024 }, [], ALL).memory, { limit: 1024, swap: 2048 });
  });

  it('turns CPUs into a quota of 100 ms', () => {
    assert.deepEqual(cgroupResources({ cpus: 1.5 }, [], ALL).cpu, { quota: 150_000, period: 100_000 });
    assert.deepEqual(cgroupResources({ cpus: 0.07 }, [], ALL).cpu, { quota: 7000, period: 100_000 });
  });

  it('limits processes', () => {
    assert.deepEqual(cgroupResources({ pids: 7 }, [], ALL).pids, { limit: 7 });
  });

  it('has every limit where the specification has it', () => {
    const { devices: _, ...resources } = cgroupResources(
      {
        ...{ memoryBytes: 10, memorySwapBytes: -1, memoryReservationBytes: 5, pids: 3, blkioWeight: 20 },
        ...{ cpuShares: 2, cpuQuota: 5000, cpuPeriod: 9000, cpusetCpus: '0-1', cpusetMems: '0' },
      },
      [],
      ALL,
    );
    assert.deepEqual(resources, {
      memory: { limit: 10, swap: -1, reservation: 5 },
      cpu: { shares: 2, quota: 5000, period: 9000, cpus: '0-1', mems: '0' },
      pids: { limit: 3 },
      blockIO: { weight: 20 },
    });
  });

  it('says of a limit that is taken away from what runs that there is none, and nothing of others', () => {
    assert.deepEqual(
      changedResources({ pids: -1, cpus: 0, memoryBytes: 0 }, { pids: 3, cpus: 1, memoryBytes: 9 }, ALL),
      {
        pids: { limit: -1 },
        cpu: { quota: -1 },
        memory: { limit: -1, swap: -1 },
      },
    );
    assert.deepEqual(changedResources({ pids: -1 }, {}, ALL), {});
  });

  for (const [limits, option] of [
    [{ memoryBytes: 1 }, '--memory'],
    [{ cpus: 1 }, '--cpus'],
    [{ pids: 1 }, '--pids-limit'],
    [{ memorySwapBytes: -1 }, '--memory-swap'],
    [{ memoryReservationBytes: 1 }, '--memory-reservation'],
    [{ cpuShares: 2 }, '--cpu-shares'],
    [{ cpuQuota: 1000 }, '--cpu-quota'],
    [{ cpuPeriod: 1000 }, '--cpu-period'],
    [{ cpusetCpus: '0' }, '--cpuset-cpus'],
    [{ cpusetMems: '0' }, '--cpuset-mems'],
    [{ blkioWeight: 10 }, '--blkio-weight'],
  ] as const) {
    it(`says that ${option} cannot be enforced without its controller`, () => {
      assert.throws(() => cgroupResources(limits, [], []), {
        code: 'unsupported',
        message: new RegExp(`^${option} cannot be enforced: the container's cgroup has no \\w+ controller`),
      });
    });
  }
});

describe('rlimits', () => {
  const byType = (...given: Parameters<typeof rlimits>) =>
    Object.fromEntries(rlimits(...given).map(({ type, soft, hard }) => [type, [soft, hard]]));

  it('are 1048576 for files and processes where that may be set', () => {
    const host = { ...HOST, capabilities: ['CAP_SYS_RESOURCE'] };
    assert.deepEqual(byType(config(), host), {
      RLIMIT_NOFILE: [1_048_576, 1_048_576],
      RLIMIT_NPROC: [1_048_576, 1_048_576],
    });
  });

  it('are never above the hard limit without CAP_SYS_RESOURCE', () => {
    assert.deepEqual(byType(config(), HOST), { RLIMIT_NOFILE: [4096, 4096], RLIMIT_NPROC: [200, 200] });
  });

  it('are the default below a hard limit that is higher or none', () => {
    const none = { soft: 1, hard: Number.POSITIVE_INFINITY };
    assert.deepEqual(byType(config(), { ...HOST, rlimits: { nofile: none, nproc: none } }), {
      RLIMIT_NOFILE: [1_048_576, 1_048_576],
      RLIMIT_NPROC: [1_048_576, 1_048_576],
    });
  });

  it('take what was asked for instead of a default, unlimited below 0, and clamp none of it', () => {
    const ulimits = [
      { name: 'nofile', soft: 10, hard: 9_999_999 },
      { name: 'CORE', soft: 0, hard: -1 },
    ];
    assert.deepEqual(byType(config({ ulimits }), HOST), {
      RLIMIT_NOFILE: [10, 9_999_999],
      RLIMIT_NPROC: [200, 200],
      RLIMIT_CORE: [0, Number.POSITIVE_INFINITY],
    });
  });

  for (const [ulimit, text] of [
    [{ name: 'foo', soft: 1, hard: 1 }, 'invalid ulimit type: foo'],
    [{ name: 'core', soft: 2, hard: 1 }, 'ulimit soft limit must be less than or equal to hard limit: 2 > 1'],
    [
      { name: 'core', soft: -1, hard: 1 },
      'ulimit soft limit must be less than or equal to hard limit: -1 > 1',
    ],
  ] as const) {
    it(`refuses ${ulimit.name}=${ulimit.soft}:${ulimit.hard}`, () => {
      assert.throws(() => rlimits(config({ ulimits: [ulimit] }), HOST), { code: 'usage', message: text });
    });
  }
});
