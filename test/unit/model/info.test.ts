/** What the tree of `info` is made of: the forms of the kernel's and the distribution's files. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cpuUtilization, infoReport, memoryBytes, osRelease, uptimeText } from '../../../src/model/info.ts';

describe('info', () => {
  it('has memory in bytes, and 0 for what the kernel does not name', () => {
    const meminfo = 'MemTotal:       24684096 kB\nMemFree:          123 kB\nHugePages_Total:       0\n';
    assert.equal(memoryBytes(meminfo, 'MemTotal'), 25_276_514_304);
    assert.equal(memoryBytes(meminfo, 'MemFree'), 125_952);
    assert.equal(memoryBytes(meminfo, 'SwapFree'), 0);
  });

  it('has the shares of the CPUs since the boot, of user, system and idle time only', () => {
    assert.deepEqual(cpuUtilization('cpu  100 7 200 700 9999 1 2 3 0 0\ncpu0 1 1 1 1\n'), {
      userPercent: 10,
      systemPercent: 20,
      idlePercent: 70,
    });
    assert.deepEqual(Object.values(cpuUtilization('cpu  1 0 1 1')), [33.33, 33.33, 33.33]);
    assert.deepEqual(Object.values(cpuUtilization('')), [0, 0, 0]);
  });

  for (const [uptime, text] of [
    ['1993.99 3000.00', '0h 33m 13.00s'],
    ['72379.51 1.00', '20h 6m 19.00s (Approximately 0.83 days)'],
    ['94623.00 1.00', '26h 17m 3.00s (Approximately 1.08 days)'],
  ] as const) {
    it(`writes an uptime of ${uptime.split(' ')[0]} s as ${text}`, () =>
      assert.equal(uptimeText(uptime), text));
  }

  it('reads os-release in all its quotes', () =>
    assert.deepEqual(
      osRelease(
        'ID=debian\nVERSION_ID="13"\nVARIANT_ID=\n# ID=x\nNAME=\'Own Name\'\nPRETTY_NAME="a \\"b\\" \\$c"\n',
      ),
      { ID: 'debian', VERSION_ID: '13', NAME: 'Own Name', PRETTY_NAME: 'a "b" $c' },
    ));

  it('tells of a host without programs and without systemd, and counts containers as Podman does', () => {
    const { host, store } = infoReport({
      host: {
        arch: 'amd64',
        os: 'linux',
        hostname: 'h',
        kernel: '6',
        cpus: 1,
        cgroupVersion: 'v2',
        cgroupControllers: [],
        stat: '',
        meminfo: '',
        uptime: '1 1',
        osRelease: '',
        security: {
          apparmorEnabled: false,
          seccompEnabled: true,
          seccompProfilePath: '',
          selinuxEnabled: false,
        },
        capabilities: ['CAP_CHOWN', 'CAP_KILL'],
        conmon: undefined,
        runtime: undefined,
        netavark: undefined,
        aardvark: undefined,
        disk: { type: 'ext4', allocated: 2, used: 1 },
        staging: '/s/tmp',
      },
      systemd: new Error('systemd does not run'),
      settings: { stateDir: '/s', runDir: '/r', unitDir: '/u' },
      statuses: ['configured', 'created', 'running', 'paused', 'exited', 'stopping'],
      broken: 3,
      images: 0,
      version: { Version: '1', Bun: 'v24', OsArch: 'linux/amd64', Os: 'linux' },
    });
    assert.equal(host.conmon, undefined);
    assert.deepEqual(host.systemd, { error: 'systemd does not run', unitDir: '/u' });
    assert.deepEqual(host.distribution, { distribution: 'unknown', version: 'unknown' });
    assert.deepEqual(store.containerStore, { number: 6, paused: 1, running: 1, stopped: 4, broken: 3 });
  });
});
