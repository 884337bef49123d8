/** Volumes: what is asked for, what it comes to, and who has them. Words as Podman 5.4 answered. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseFilters } from '../../../src/model/filters.ts';
import { parseMountFlag } from '../../../src/model/mount-option-list.ts';
import { volumeFilter } from '../../../src/model/volume/filter.ts';
import {
  boundDevice,
  checkVolumeName,
  initialVolumeState,
  inspectVolume,
  isMountedVolume,
  mountArguments,
  needsMountOfRun,
  needsPreparing,
  type VolumeRecord,
  volumeConfig,
} from '../../../src/model/volume/volume.ts';
import { inheritedVolumes, parseVolumesFrom } from '../../../src/model/volume/volumes-from.ts';

const NOW = '2026-11-22T15:00:00.000Z';

function make(options: Record<string, string> = {}, { name = 'v', driver = 'local', now = NOW } = {}) {
  return volumeConfig({ driver, labels: {}, options }, { name, now, anonymous: false });
}

function record(changes: Partial<VolumeRecord> = {}, config = make()): VolumeRecord {
  const state = initialVolumeState(config);
  return { config, state, usedBy: [], inRuns: [], peoplesMounts: 0, holders: [], ...changes };
}

describe('volumeConfig', () => {
  it('reads owner and size out of o=, and shows them beside it', () => {
    const config = make({ type: 'tmpfs', o: 'size=1m,uid=5,gid=6,nodev' });
    assert.deepEqual(config.options, {
      type: 'tmpfs',
      o: 'size=1m,uid=5,gid=6,nodev',
      SIZE: '1m',
      UID: '5',
      GID: '6',
    });
    assert.deepEqual([config.uid, config.gid], [5, 6]);
    assert.equal(initialVolumeState(config).needsChown, false);
  });

  for (const [what, options, message] of [
    [
      'an option that is none',
      { foo: 'bar' },
      /^invalid mount option foo for driver 'local': invalid argument/,
    ],
    [
      'a user by name',
      { o: 'uid=x' },
      'cannot convert UID x to integer: strconv.Atoi: parsing "x": invalid syntax',
    ],
    ['a size that is none', { o: 'size=x' }, "cannot convert size x to integer: invalid size: 'x'"],
  ] as const) {
    it(`refuses ${what}`, () => assert.throws(() => make(options), { message }));
  }

  it('refuses another driver and a wrong name', () => {
    assert.throws(() => make({}, { driver: 'nope' }), {
      message: /no volume plugin with name nope available/,
    });
    for (const name of ['', '-a', 'a/b', '.a', 'ä', 'x'.repeat(201)])
      assert.throws(() => checkVolumeName(name), { code: 'invalid' });
  });
});

describe('what a volume mounts', () => {
  for (const [options, expected] of [
    [{}, undefined],
    [{ nocopy: '' }, undefined],
    [{ o: 'uid=5,nodev' }, undefined],
    [{ type: 'tmpfs', device: 'tmpfs', o: 'size=1m' }, ['-o', 'size=1m', '-t', 'tmpfs', '--', 'tmpfs']],
    [{ type: 'tmpfs' }, ['-t', 'tmpfs', '--', 'tmpfs']],
    [{ type: 'bind', device: '/srv', o: 'ro' }, ['-o', 'bind,ro', '--', '/srv']],
    [{ type: 'none', device: '/srv', o: 'bind' }, ['-o', 'bind', '-t', 'none', '--', '/srv']],
    [{ device: '/dev/x', nocopy: '' }, ['--', '/dev/x']],
  ] as const) {
    it(`is ${expected?.join(' ') ?? 'nothing'} with ${JSON.stringify(options)}`, () => {
      const config = make(options);
      assert.equal(isMountedVolume(config), expected !== undefined);
      if (expected !== undefined) assert.deepEqual(mountArguments(config), expected);
    });
  }

  it('is a path of the host where it binds one', () => {
    assert.equal(boundDevice({ type: 'bind', device: '/a' }), '/a');
    assert.equal(boundDevice({ type: 'none', o: 'ro,rbind', device: '/a' }), '/a');
    assert.equal(boundDevice({ type: 'ext4', device: '/dev/a' }), undefined);
  });
});

describe('inspectVolume', () => {
  it('leaves out what is zero or done, and counts mounts of what is mounted only', () => {
    const users = { usedBy: ['a', 'b'], inRuns: ['a'], peoplesMounts: 2 };
    const done = { needsCopyUp: false, needsChown: false, uid: 0, gid: 7 };
    assert.deepEqual(inspectVolume(record({ ...users, state: done }), '/m'), {
      Name: 'v',
      Driver: 'local',
      Mountpoint: '/m',
      CreatedAt: NOW,
      Labels: {},
      Scope: 'local',
      Options: {},
      GID: 7,
      MountCount: 0,
    });
    const mounted = inspectVolume(record(users, make({ type: 'tmpfs' })), '/m') as Record<string, unknown>;
    assert.equal(mounted.MountCount, 3);
    assert.equal(mounted.NeedsCopyUp, true);
  });
});

describe('volumeFilter', () => {
  const VOLUMES = [
    record({ usedBy: ['c'] }, { ...make({}, { name: 'one' }), labels: { a: '1' } }),
    record({}, make({ type: 'tmpfs' }, { name: 'two', now: '2026-11-22T15:01:00.000Z' })),
    record({}, make({}, { name: 'three', now: '2026-11-22T15:02:00.000Z' })),
  ];
  const find = (name: string) => VOLUMES.find(({ config }) => config.name === name) ?? assert.fail(name);
  const passing = (...texts: string[]): string[] =>
    VOLUMES.filter(volumeFilter(parseFilters(texts), { now: Date.parse('2026-11-22T15:03:00Z'), find })).map(
      ({ config }) => config.name,
    );

  for (const [texts, expected] of [
    [['name=^t'], ['two', 'three']],
    [
      ['name=one', 'name=two'],
      ['one', 'two'],
    ],
    [['name=t', 'opt=type'], ['two']],
    [['opt=type=bind'], []],
    [['label=a'], ['one']],
    [['label!=a'], ['two', 'three']],
    [['dangling=true'], ['two', 'three']],
    [['dangling=0'], ['one']],
    [
      ['driver=local', 'scope=local'],
      ['one', 'two', 'three'],
    ],
    [['driver=nfs'], []],
    [['since=one'], ['two', 'three']],
    [['after=two'], ['three']],
    [['until=150s'], ['one']],
  ] as const) {
    it(`${texts.join(' ')} leaves ${expected.join(', ') || 'none'}`, () =>
      assert.deepEqual(passing(...texts), expected));
  }

  it('refuses unknown keys and values', () => {
    assert.throws(() => passing('anonymous=true'), { message: /^"anonymous" is an invalid volume filter/ });
    assert.throws(() => passing('dangling=x'), {
      message: '"x" is not a valid value for the "dangling" filter - must be true or false',
    });
  });
});

describe('--volumes-from', () => {
  const MOUNTS = [
    { type: 'volume' as const, volume: 'v', destination: '/v', options: ['nocopy'] },
    { type: 'bind' as const, source: '/s', destination: '/s', options: [] },
  ];

  it('hands on volumes as they are, or with other options, and no bind mounts', () => {
    assert.deepEqual(inheritedVolumes(MOUNTS, parseVolumesFrom('c')), [MOUNTS[0]]);
    assert.deepEqual(inheritedVolumes(MOUNTS, parseVolumesFrom('c:ro,z')), [
      { ...MOUNTS[0], options: ['ro', 'z'] },
    ]);
  });
});

describe('--mount of volumes, images and devpts', () => {
  const volume = { type: 'volume', volume: 'v', destination: '/m', options: [] };
  for (const [text, expected] of [
    ['type=volume,src=v,dst=/m', volume],
    ['type=volume,dst=/m', { type: 'volume', destination: '/m', options: [] }],
    ['type=volume,src=v,dst=/m,ro,U,chown=false,consistency=x', { ...volume, options: ['ro', 'U'] }],
    [
      'type=volume,src=v,dst=/m,volume-subpath=a/b,relabel=shared',
      { ...volume, subpath: 'a/b', options: ['z'] },
    ],
    [
      'type=image,source=i,dst=/m,rw=true',
      { type: 'image', imageName: 'i', destination: '/m', options: ['rw'] },
    ],
    [
      'type=image,src=i,dst=/m,subpath=/bin',
      { type: 'image', imageName: 'i', subpath: '/bin', destination: '/m', options: [] },
    ],
    [
      'type=devpts,dst=/m,uid=1,mode=600',
      { type: 'devpts', destination: '/m', options: ['uid=1', 'mode=600'] },
    ],
  ] as const) {
    it(`reads ${text}`, () => assert.deepEqual(parseMountFlag(text, '/here'), expected));
  }

  for (const [text, message] of [
    ['type=volume,src=/tmp,dst=/m', /^creating named volume "\/tmp": /],
    ['type=volume,src=v', 'must set volume destination'],
    ['type=volume,src=v,dst=/m,nocopy', 'nocopy: invalid mount option'],
    ['type=volume,src=v,dst=/m,tmpfs-size=1', '"tmpfs-size" option not supported for "volume" mount types'],
    [
      'type=volume,dst=/m,bind-propagation=shared',
      '"bind-propagation" option not supported for "volume" mount types',
    ],
    ['type=volume,dst=/m,volume-label=a', 'the --volume-label option is not presently implemented'],
    ['type=bind,src=/a,dst=/m,volume-label=a', '"volume-label" option not supported for "bind" mount types'],
    ['type=bind,src=/a,dst=/m,subpath=a', 'cannot set option "subpath" on non-volume mounts'],
    ['type=image,dst=/m', 'must set source and destination for image volume'],
    ['type=image,src=i,dst=/m,subpath=bin', 'volume subpath "bin" must be an absolute path'],
    ['type=devpts,src=a,dst=/m', 'src: invalid mount option'],
  ] as const) {
    it(`refuses ${text}`, () => assert.throws(() => parseMountFlag(text, '/here'), { message }));
  }
});

describe('what a start has to make ready', () => {
  const bind = (options: string[]) => ({ type: 'bind' as const, source: '/s', destination: '/s', options });
  it('is a volume, an image, an overlay, a part, and what becomes the user’s; no plain bind mount or tmpfs', () => {
    const mounts = [
      bind([]),
      bind(['U']),
      bind(['O']),
      { type: 'tmpfs' as const, destination: '/t', options: ['U'] },
      { type: 'volume' as const, volume: 'v', destination: '/v', options: [] },
      { type: 'volume' as const, volume: 'v', subpath: 'a', destination: '/v', options: [] },
    ];
    assert.deepEqual(mounts.map(needsPreparing), [false, true, true, false, true, true]);
    assert.deepEqual(mounts.map(needsMountOfRun), [false, false, true, false, false, true]);
  });
});
