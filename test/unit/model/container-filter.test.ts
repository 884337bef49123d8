/** `--filter` of ps, start, stop, rm …, as Podman 5.4 answered for containers like these. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ContainerConfig, RestartPolicyName } from '../../../src/model/config.ts';
import { containerFilter, PRUNE_FILTERS } from '../../../src/model/container-filter.ts';
import { BerthError } from '../../../src/model/errors.ts';
import { parseFilters } from '../../../src/model/filters.ts';
import { parseMoment } from '../../../src/model/moment.ts';
import type { ContainerRecord } from '../../../src/model/records.ts';
import { type ContainerStatus, initialState } from '../../../src/model/state.ts';

const NOW = Date.parse('2026-11-22T15:00:00Z');
const IMAGE_ID = '10e03ddf'.repeat(8);

interface Sketch {
  status: ContainerStatus;
  exitCode?: number;
  labels?: Record<string, string>;
  restart?: RestartPolicyName;
  mounts?: ContainerConfig['mounts'];
  health?: 'healthy' | 'starting';
  command?: string[];
  rootfs?: string;
  network?: ContainerConfig['network'];
  networks?: string[];
}

const bind = (source: string, destination: string) => ({
  type: 'bind' as const,
  source,
  destination,
  options: [],
});

/** In order of creation, a minute apart, the first at 14:00. */
const SKETCHES: Record<string, Sketch> = {
  one: { status: 'running', labels: { a: '1', b: 'two' }, health: 'healthy', networks: ['podman'] },
  two: { status: 'paused', labels: { a: '2' }, restart: 'on-failure', networks: ['podman', 'web'] },
  three: { status: 'configured', labels: { c: '' }, mounts: [bind('/tmp', '/data')] },
  four: {
    status: 'exited',
    exitCode: 3,
    command: ['sh', '-c', 'exit 3'],
    network: `container:${'070e3'.padEnd(64, 'f')}`,
  },
  five: {
    status: 'stopped',
    exitCode: 0,
    restart: 'always',
    mounts: [{ type: 'tmpfs', destination: '/tt', options: [] }],
  },
  six: { status: 'created', rootfs: '/' },
  seven: {
    status: 'stopping',
    labels: { 'io.x.y': '1' },
    mounts: [bind('/tmp', '/tmp')],
    health: 'starting',
  },
};

const RECORDS = Object.entries(SKETCHES).map(([name, sketch], index): ContainerRecord => {
  const {
    status,
    exitCode = 0,
    labels = {},
    restart = 'no',
    mounts = [],
    health,
    command = ['sleep', '9'],
  } = sketch;
  const config = {
    id: `${index}70e3`.padEnd(64, 'f'),
    name,
    createdAt: new Date(Date.parse('2026-11-22T14:00:00Z') + index * 60_000).toISOString(),
    ...(sketch.rootfs === undefined
      ? { image: { id: IMAGE_ID, name: 'localhost/busybox:latest', layers: [] } }
      : { rootfs: sketch.rootfs }),
    labels,
    mounts,
    restart: { name: restart, maximumRetryCount: 0 },
    entrypoint: [],
    command,
    network: sketch.network ?? (sketch.networks === undefined ? 'none' : 'bridge'),
    ...(sketch.networks === undefined ? {} : { networks: sketch.networks.map((network) => ({ network })) }),
  } as Partial<ContainerConfig> as ContainerConfig;
  return {
    config,
    state: { ...initialState(), status, exitCode },
    ...(health === undefined ? {} : { health: { status: health, failingStreak: 0 } }),
  };
});

const CONTEXT = {
  now: NOW,
  find(name: string): ContainerRecord {
    const found = RECORDS.find(({ config }) => config.name === name || config.id.startsWith(name));
    if (found === undefined)
      throw new BerthError('no-such-container', `no container with name or ID "${name}" found`);
    return found;
  },
  network: (name: string) => ({ podman: 'podman', web: 'web', '2f25': 'podman' })[name],
};

/** Names of the containers that pass. */
function passing(filters: string, known?: readonly string[]): string {
  const passes = containerFilter(parseFilters(filters.split(' ')), CONTEXT, known);
  return RECORDS.filter(passes)
    .map(({ config }) => config.name)
    .join(' ');
}

const CASES: [filters: string, names: string][] = [
  ['id=170e3', 'two'],
  ['id=170E3', 'two'],
  ['id=70e3', ''],
  ['id=^1', 'two'],
  ['id=zz', ''],
  ['id=0 id=1', 'one two'],
  ['name=one', 'one'],
  ['name=ONE', ''],
  ['name=(?i)ONE', 'one'],
  ['name=^t', 'two three'],
  ['name=o', 'one two four'],
  ['name=^(', ''],
  ['name=', 'one two three four five six seven'],
  ['name=one name=six', 'one six'],
  ['label=a', 'one two'],
  ['label=a=', 'one two'],
  ['label=a=1', 'one'],
  ['label=a=1*', ''],
  ['label=c=', 'three'],
  ['label=', ''],
  ['label=io.*', 'seven'],
  ['label=io.x.*=1', 'seven'],
  ['label=*.x.y', 'seven'],
  ['label=i*y', 'seven'],
  ['label=*', 'one two three seven'],
  ['label=a label=b', 'one'],
  ['label=a name=two', 'two'],
  ['label!=a', 'three four five six seven'],
  ['label!=a=1', 'two three four five six seven'],
  ['label!=a label!=b', 'two three four five six seven'],
  ['status=running', 'one'],
  ['status=paused', 'two'],
  ['status=created', 'three'],
  ['status=initialized', 'six'],
  ['status=exited', 'four five'],
  ['status=stopped', 'four five'],
  ['status=stopping', 'seven'],
  ['status=removing', ''],
  ['status=unknown', ''],
  ['status=running status=paused', 'one two'],
  ['exited=3', 'four'],
  ['exited=0', 'five'],
  ['exited=0 exited=3', 'four five'],
  ['ancestor=busybox', 'one two three four five seven'],
  ['ancestor=localhost/busybox:latest', 'one two three four five seven'],
  ['ancestor=b.s', 'one two three four five seven'],
  ['ancestor=busybox:1', ''],
  [`ancestor=${IMAGE_ID}`, 'one two three four five seven'],
  [`ancestor=${IMAGE_ID.slice(0, 12)}`, ''],
  ['before=three', 'one two'],
  ['before=270e3', 'one two'],
  ['before=five before=three', 'one two'],
  ['since=five', 'six seven'],
  ['since=five since=six', 'six seven'],
  ['until=57m', 'one two three'],
  ['until=0s', 'one two three four five six seven'],
  ['until=-1h', 'one two three four five six seven'],
  ['until=2026-11-22T14:01:30Z', 'one two'],
  ['until=1795356000', ''],
  ['until=1795356000.5', 'one'],
  ['health=healthy', 'one'],
  ['health=starting', 'seven'],
  ['health=none', ''],
  ['health=', 'two three four five six'],
  ['volume=/data', 'three'],
  ['volume=/tmp', 'seven'],
  ['volume=/tmp:/data', 'three'],
  ['volume=/data:/tmp', ''],
  ['volume=/data/', ''],
  ['volume=/tt', 'five'],
  ['network=none', ''],
  ['network=podman', 'one two'],
  ['network=2f25', 'one two'],
  ['network=web', 'two'],
  ['network=podman,web', ''],
  ['network=web network=container:one', 'two four'],
  ['network=container:07', 'four'],
  ['network=container:two', ''],
  ['network=container:nope', ''],
  ['pod=x', ''],
  ['restart-policy=no', 'one three four six seven'],
  ['restart-policy=on-failure', 'two'],
  ['restart-policy=always restart-policy=on-failure', 'two five'],
  ['command=^sh$', 'four'],
];

const ERRORS: [filters: string, message: RegExp][] = [
  ['foo=bar', /^foo is an invalid filter$/],
  ['toString=bar', /^toString is an invalid filter$/],
  ['=x', /^ is an invalid filter$/],
  ['noequals', /^invalid filter "noequals"/],
  ['status=up', /^unknown container state: up: invalid argument/],
  ['status=Running', /^unknown container state: Running: invalid argument/],
  ['exited=x', /^exited code out of range "x"/],
  ['exited=', /^exited code out of range ""/],
  ['exited=99999999999', /^exited code out of range/],
  ['until=foo', /^failed to parse value as time or duration: "foo"/],
  ['until=2026-13-01', /^failed to parse value as time or duration/],
  ['until=1h until=0s', /^specify exactly one timestamp for until$/],
  ['restart-policy=on-failure:3', /^on-failure:3 invalid restart policy/],
  ['pod=', /^name or ID cannot be empty$/],
  ['since=nope', /no container with name or ID "nope" found/],
];

describe('container filters', () => {
  for (const [filters, names] of CASES)
    it(`${filters} lets ${names === '' ? 'nothing' : names} through`, () =>
      assert.equal(passing(filters), names));

  for (const [filters, message] of ERRORS)
    it(`${filters} is refused`, () => assert.throws(() => passing(filters), { message }));

  it('of prune are fewer', () => {
    assert.equal(passing('label=a until=0s', PRUNE_FILTERS), 'one two');
    assert.throws(() => passing('name=one', PRUNE_FILTERS), { message: 'name is an invalid filter' });
  });
});

describe('moments', () => {
  const HOUR = 3_600_000;
  const local = (text: string): number => new Date(text).getTime();
  const MOMENTS: [text: string, ms: number][] = [
    ['0', 0],
    ['1700000000.25', 1_700_000_000_250],
    ['1h', NOW - HOUR],
    ['1.5h', NOW - 1.5 * HOUR],
    ['-1h', NOW + HOUR],
    ['2026-01-02', local('2026-01-02T00:00:00')],
    ['2026-01-02T03', local('2026-01-02T03:00:00')],
    ['2026-01-02T03:04', local('2026-01-02T03:04:00')],
    ['2026-01-02T03:04:05.5', local('2026-01-02T03:04:05.500')],
    ['2026-01-02Z', Date.parse('2026-01-02T00:00:00Z')],
    ['2026-01-02T03:04:05.123456789Z', Date.parse('2026-01-02T03:04:05.123Z')],
    ['2026-01-02T03:04:05+05:00', Date.parse('2026-01-01T22:04:05Z')],
  ];
  for (const [text, ms] of MOMENTS)
    it(`${text} is a moment`, () => assert.equal(parseMoment(text, { now: NOW }), ms));

  it('a duration may lead into the future', () =>
    assert.equal(parseMoment('10m', { now: NOW, durations: 'ahead' }), NOW + 600_000));

  for (const text of ['', 'now', '-5', '22 Nov 2026', '2026-02-30', '2026-01-02 15:00', '1x'])
    it(`"${text}" is none`, () => assert.throws(() => parseMoment(text, { now: NOW }), { code: 'invalid' }));
});
