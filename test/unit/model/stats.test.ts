/** stats and top from texts as the kernel writes them, controllers and all. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { namesById, processFacts, terminalName } from '../../../src/model/process.ts';
import { binarySize, shortSize } from '../../../src/model/size.ts';
import { NO_USAGE, parseUsage, sample } from '../../../src/model/stats.ts';
import { formatRows } from '../../../src/model/template/report.ts';
import {
  STATS,
  STATS_HEADINGS,
  STATS_TABLE,
  statsJson,
  statsObject,
} from '../../../src/model/template/shapes/stats.ts';

const CGROUP = {
  'cpu.stat': 'usage_usec 6621\nuser_usec 4000\nsystem_usec 2621\nnr_periods 0\n',
  'memory.current': '10485760\n',
  'memory.max': '67108864\n',
  'memory.stat': 'anon 4096\nfile 2097152\ninactive_anon 0\ninactive_file 2097152\nactive_file 0\n',
  'io.stat':
    '8:0 rbytes=1000 wbytes=500 rios=1 wios=1 dbytes=0 dios=0\n8:16 rbytes=234 wbytes=0 rios=1 wios=0\n',
  'pids.current': '3\n',
};
const HOST = {
  meminfo: 'MemTotal:       24684096 kB\nMemFree:         1000 kB\n',
  network: `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 9999 1 0 0 0 0 0 0 9999 1 0 0 0 0 0 0
  eth0: 1500 3 0 0 0 0 0 0    70 1 0 0 0 0 0 0
`,
};

describe('usage', () => {
  it('is read from all controllers', () => {
    assert.deepEqual(parseUsage(CGROUP, HOST), {
      cpuNanoseconds: 6_621_000,
      systemNanoseconds: 2_621_000,
      memoryBytes: 8_388_608,
      memoryLimitBytes: 67_108_864,
      readBytes: 1234,
      writtenBytes: 500,
      pids: 3,
      networks: { eth0: { receivedBytes: 1500, sentBytes: 70 } },
    });
  });

  it('is zero where the kernel has no controller; the memory limit is the host’s memory then', () => {
    assert.deepEqual(parseUsage({ 'cpu.stat': CGROUP['cpu.stat'] }, HOST), {
      ...NO_USAGE,
      cpuNanoseconds: 6_621_000,
      systemNanoseconds: 2_621_000,
      memoryLimitBytes: 25_276_514_304,
      networks: { eth0: { receivedBytes: 1500, sentBytes: 70 } },
    });
  });

  for (const max of ['max\n', '99999999999999\n'])
    it(`is limited by the host when memory.max is ${max.trim()}`, () =>
      assert.equal(parseUsage({ 'memory.max': max }, HOST).memoryLimitBytes, 25_276_514_304));
});

describe('a sample', () => {
  const usage = (ms: number) => ({ ...NO_USAGE, cpuNanoseconds: ms * 1e6 });
  const first = sample(usage(1000), { at: 20_000, startedAt: 10_000 });

  it('has the rate since the start, then since the one before, and the average always', () => {
    assert.deepEqual([first.cpuPercent, first.averageCpuPercent], [10, 10]);
    const second = sample(usage(2000), { at: 22_000, startedAt: 10_000, before: first });
    assert.deepEqual([second.cpuPercent, second.averageCpuPercent.toFixed(2)], [50, '16.67']);
  });

  it('begins anew after a restart, and knows nothing of a container that does not run', () => {
    const restarted = sample(usage(10), { at: 22_000, startedAt: 21_900, before: first });
    assert.deepEqual([restarted.cpuPercent, restarted.averageCpuPercent], [10, 10]);
    const stopped = sample(NO_USAGE, { at: 22_000 });
    assert.deepEqual([stopped.cpuPercent, stopped.averageCpuPercent, stopped.memoryPercent], [0, 0, 0]);
  });
});

describe('a row of stats', () => {
  const row = {
    id: '70e378a216e9'.padEnd(64, '0'),
    name: 'one',
    whole: false,
    sample: sample(parseUsage(CGROUP, HOST), { at: 1_795_356_789_618, startedAt: 1_795_356_788_618 }),
  };
  const text = (format: string | undefined): string =>
    formatRows({
      name: 'stats',
      format,
      table: STATS_TABLE,
      headers: STATS_HEADINGS,
      rows: [statsObject(row)],
      type: STATS,
    });

  it('is in Podman’s columns', () => {
    assert.deepEqual(
      text(undefined)
        .split('\n')
        .map((line) => line.split(/ {2,}/)),
      [
        'ID|NAME|CPU %|MEM USAGE / LIMIT|MEM %|NET IO|BLOCK IO|PIDS|CPU TIME|AVG CPU %',
        '70e378a216e9|one|0.66%|8.389MB / 67.11MB|12.50%|1.5kB / 70B|1.23kB / 500B|3|6.621ms|0.66%',
        '',
      ].map((line) => line.split('|')),
    );
  });

  it('has Podman’s keys in JSON', () => {
    assert.deepEqual(statsJson(row), {
      id: '70e378a216e9',
      name: 'one',
      cpu_time: '6.621ms',
      cpu_percent: '0.66%',
      avg_cpu: '0.66%',
      mem_usage: '8.389MB / 67.11MB',
      mem_percent: '12.50%',
      net_io: '1.5kB / 70B',
      block_io: '1.23kB / 500B',
      pids: '3',
    });
  });

  const TEMPLATES: [format: string, line: string][] = [
    ['{{.CPUNano}} {{.UpTime}} {{.SystemNano}}', '6621000 6.621ms 1795356789618000000\n'],
    ['{{.MemUsageBytes}} {{.MemLimit}} {{.PIDs}}', '8MiB / 64MiB 67108864 3\n'],
    ['{{.ContainerID}} {{printf "%T" .CPU}}', `${row.id} float64\n`],
    ['table {{.ID}} {{.CPUPerc}}', 'ID            CPU %\n70e378a216e9  0.66%\n'],
  ];
  for (const [format, line] of TEMPLATES)
    it(`goes through ${format}`, () => assert.equal(text(format), line));

  it('has no other fields', () =>
    assert.throws(() => text('{{.Foo}}'), /can't evaluate field Foo in type containers\.containerStats/));
});

describe('short sizes', () => {
  const SIZES: [bytes: number, text: string][] = [
    [0, '0B'],
    [999, '999B'],
    [10_794, '10.8kB'],
    [2_479_972, '2.48MB'],
  ];
  for (const [bytes, text] of SIZES) it(`${bytes} reads ${text}`, () => assert.equal(shortSize(bytes), text));

  it('may have more digits, or be binary', () => {
    assert.equal(shortSize(25_276_514_304, 4), '25.28GB');
    assert.equal(binarySize(25_276_514_304), '23.54GiB');
  });
});

describe('a process', () => {
  const stat = `4952 (a) b (c) R 4950 4952 4952 34816 4952 4194304 100 0 0 0 200 31 0 0 20 5 1 0 12345 2367488 392 18446744073709551615 0`;
  const status = `Name:\ta) b (c\nUid:\t1000\t1001\t1000\t1000\nGid:\t1000\t1002\t1000\t1000\nGroups:\t1000 2000 \nNSpid:\t4952\t1\nNSpgid:\t4952\t1\nVmRSS:\t    1568 kB\nCapInh:\t0000000000002000\nCapPrm:\t0000000000002000\nCapEff:\t0000000000000000\nCapBnd:\t00000000800405fb\nCapAmb:\t0000000000000000\nSeccomp:\t2\n`;

  it('is read with a command that contains what it likes', () => {
    assert.deepEqual(processFacts(stat, status, 'sh\0-c\0a b\0'), {
      hostPid: 4952,
      pid: 1,
      hostParent: 4950,
      processGroup: 1,
      command: 'a) b (c',
      args: ['sh', '-c', 'a b'],
      state: 'R',
      tty: 34816,
      nice: 5,
      cpuSeconds: 2.31,
      startedAt: 123.45,
      virtualBytes: 2_367_488,
      residentBytes: 1568 * 1024,
      uids: [1000, 1001],
      gids: [1000, 1002],
      groups: [1000, 2000],
      capabilities: {
        Inh: '0000000000002000',
        Prm: '0000000000002000',
        Eff: '0000000000000000',
        Bnd: '00000000800405fb',
        Amb: '0000000000000000',
      },
      seccomp: 'filter',
    });
  });

  it('without a command line or a PID namespace has none, and its own pid', () => {
    const facts = processFacts(stat, 'Seccomp:\t0\n', '');
    assert.deepEqual(
      [facts.args, facts.pid, facts.processGroup, facts.seccomp],
      [[], 4952, 4952, 'disabled'],
    );
  });

  const TERMINALS: [device: number, name: string][] = [
    [0, '?'],
    [34816, 'pts/0'],
    [34817, 'pts/1'],
    [(137 << 8) | 4, 'pts/260'],
    [1025, 'tty1'],
    [1025 + 63, 'ttyS0'],
    [(5 << 8) | 1, 'console'],
  ];
  for (const [device, name] of TERMINALS)
    it(`on terminal ${device} is on ${name}`, () => assert.equal(terminalName(device), name));

  it('has names from passwd and group files', () => {
    const names = namesById('root:x:0:0::/root:/bin/sh\ntoor:x:0:0::\nbroken\napp:x:1000:1000:::\n');
    assert.deepEqual(
      [...names],
      [
        [0, 'root'],
        [1000, 'app'],
      ],
    );
  });
});
