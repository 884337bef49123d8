import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { MountConfig } from '../../../src/model/config.ts';
import { containerMounts, parentsFirst, rootfsPropagation } from '../../../src/oci/mounts.ts';
import type { Mount } from '../../../src/oci/types.ts';
import { config } from '../../support/config.ts';

const FILES = {
  resolvConf: '/f/resolv.conf',
  hosts: '/f/hosts',
  hostname: '/f/hostname',
  containerenv: '/f/.containerenv',
};

describe('containerMounts', () => {
  it('mounts the kernel’s file systems, the device directories and the files', () => {
    assert.deepEqual(destinations(containerMounts({ config: config(), files: FILES })), [
      '/proc',
      '/dev',
      '/sys',
      '/dev/pts',
      '/dev/mqueue',
      '/dev/shm',
      '/etc/resolv.conf',
      '/etc/hosts',
      '/etc/hostname',
      '/run/.containerenv',
      '/sys/fs/cgroup',
    ]);
  });

  it('mounts no file that was not made', () => {
    const mounts = containerMounts({ config: config(), files: { hosts: '/f/hosts' } });
    assert.deepEqual(
      mounts.filter(({ type }) => type === 'bind').map(({ destination }) => destination),
      ['/etc/hosts'],
    );
  });

  it('mounts secrets in a tmpfs of their own, credentials over them and read-only, what was asked for over both', () => {
    const secrets = [
      { source: '/c/0', destination: '/run/secrets/a' },
      { source: '/c/1', destination: '/run/secrets/b' },
      { source: '/m/0', destination: '/run/secrets/a', readOnly: true },
    ];
    const at = (changes: Parameters<typeof config>[0]) =>
      containerMounts({ config: config(changes), files: { secrets } }).filter(({ destination }) =>
        destination.startsWith('/run/secrets'),
      );
    const sealed = ['bind', 'rprivate', 'ro', 'nosuid', 'noexec', 'nodev'];
    const [directory, ...files] = at({});
    assert.deepEqual([directory?.destination, directory?.type], ['/run/secrets', 'tmpfs']);
    assert.deepEqual(
      files.map(({ source, options }) => [source, options]),
      [
        ['/m/0', sealed],
        ['/c/1', ['bind', 'rprivate']],
      ],
    );
    assert.deepEqual(at({ readOnly: true })[2]?.options, sealed);
    assert.ok(at({ readOnly: true })[0]?.options.includes('ro'));
    assert.equal(at({ mounts: [bind('/mine', '/run/secrets/b')] })[2]?.source, '/mine');
    const elsewhere = [{ source: '/c/0', destination: '/etc/a' }];
    const mounts = containerMounts({ config: config(), files: { secrets: elsewhere } });
    assert.equal(find(mounts, '/etc/a').source, '/c/0');
    assert.equal(destinations(mounts).includes('/run/secrets'), false);
  });

  it('lets what was asked for replace its own at the same place, a default or a file', () => {
    const mounts = containerMounts({
      config: config({ mounts: [tmpfs('/dev/shm', 'size=1m'), bind('/mine', '/etc/hosts')] }),
      files: FILES,
    });
    assert.equal(find(mounts, '/dev/shm').options.includes('size=1m'), true);
    assert.equal(find(mounts, '/etc/hosts').source, '/mine');
    assert.equal(new Set(destinations(mounts)).size, mounts.length);
  });

  it('gives /dev/shm the size that was asked for', () => {
    const shm = find(containerMounts({ config: config({ shmSizeBytes: 4096 }), files: {} }), '/dev/shm');
    assert.deepEqual(shm.options, ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=4096']);
  });

  it('keeps a read-only container writable in its tmpfs set, unless that is off', () => {
    const open = containerMounts({ config: config({ readOnly: true }), files: FILES });
    assert.deepEqual(destinations(open.filter(({ type }) => type === 'tmpfs')).sort(), [
      '/dev',
      '/dev/shm',
      '/run',
      '/tmp',
      '/var/tmp',
    ]);
    assert.ok(find(open, '/etc/hosts').options.includes('ro'));
    assert.ok(!find(open, '/dev/shm').options.includes('ro'));

    const sealed = containerMounts({
      config: config({ readOnly: true, readOnlyTmpfs: false }),
      files: FILES,
    });
    for (const { destination, options } of sealed.filter(({ type }) => type === 'tmpfs' || type === 'bind')) {
      assert.ok(options.includes('ro'), destination);
    }
  });

  it('gives systemd inside its tmpfs set and a writable cgroup', () => {
    const mounts = containerMounts({ config: config({ systemd: true }), files: {} });
    for (const place of ['/run', '/run/lock', '/tmp', '/var/log/journal']) {
      assert.equal(find(mounts, place).type, 'tmpfs');
    }
    assert.ok(find(mounts, '/sys/fs/cgroup').options.includes('rw'));
  });

  it('makes the cgroup writable when unmasked or privileged, /sys only when privileged', () => {
    const access = (security: Parameters<typeof config>[1], place: string): string[] =>
      find(containerMounts({ config: config({}, security), files: {} }), place).options.filter((option) =>
        ['rw', 'ro'].includes(option),
      );
    assert.deepEqual(access({}, '/sys/fs/cgroup'), ['ro']);
    assert.deepEqual(access({ unmask: ['/sys/fs/cgroup'] }, '/sys/fs/cgroup'), ['rw']);
    assert.deepEqual(access({ unmask: 'ALL' }, '/sys/fs/cgroup'), ['rw']);
    assert.deepEqual(access({ privileged: true }, '/sys/fs/cgroup'), ['rw']);
    assert.deepEqual(access({ unmask: 'ALL' }, '/sys'), ['ro']);
    assert.deepEqual(access({ privileged: true }, '/sys'), ['rw']);
  });

  it('keeps the flags of the host mount under a bind source', () => {
    const mounts = containerMounts({
      config: config({ mounts: [bind('/tmp', '/a'), bind('/srv', '/b')] }),
      files: {},
      sourceFlags: { '/tmp': ['nosuid', 'nodev'] },
    });
    assert.deepEqual(find(mounts, '/a').options, ['rw', 'rprivate', 'nosuid', 'nodev', 'rbind']);
    assert.deepEqual(find(mounts, '/b').options, ['rw', 'rprivate', 'rbind']);
  });

  it('has the init program read-only at its place, which no other mount takes', () => {
    const init = '/usr/bin/catatonit';
    const { source, options } = find(
      containerMounts({ config: config({ init }), files: {} }),
      '/run/podman-init',
    );
    assert.deepEqual([source, options], [init, ['bind', 'rprivate', 'ro']]);
    const mounts = [bind('/a', '/run/podman-init')];
    assert.throws(() => containerMounts({ config: config({ init, mounts }), files: {} }), {
      message: 'conflict with mount added by --init to "/run/podman-init": duplicate mount destination',
    });
  });

  for (const [title, mounts, text] of [
    ['two mounts at one place', [tmpfs('/x'), bind('/a', '/x')], '/x: duplicate mount destination'],
    ['a mount over the root', [bind('/a', '/')], /invalid container path "\/"/],
    ['a bind without source', [{ type: 'bind', destination: '/x', options: [] }], /needs a source/],
  ] as [string, MountConfig[], string | RegExp][]) {
    it(`refuses ${title}`, () => {
      assert.throws(() => containerMounts({ config: config({ mounts }), files: {} }), {
        code: 'usage',
        message: text,
      });
    });
  }

  it('puts every mount after the mounts that its destination lies in', () => {
    const part = fc.constantFrom('a', 'b', 'dev', 'shm', 'run', 'tmp', 'etc');
    const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join('/')}`);
    fc.assert(
      fc.property(fc.uniqueArray(path, { maxLength: 12 }), fc.boolean(), (places, readOnly) => {
        const mounts = containerMounts({
          config: config({ readOnly, mounts: places.map((place) => tmpfs(place)) }),
          files: FILES,
        });
        const order = destinations(mounts);
        assert.equal(new Set(order).size, order.length);
        assert.ok(places.every((place) => order.includes(place)));
        for (const [at, place] of order.entries()) {
          assert.ok(
            order.slice(at).every((later) => !place.startsWith(`${later}/`)),
            order.join(' '),
          );
        }
      }),
    );
  });
});

describe('parentsFirst', () => {
  it('keeps the order of equally deep places', () => {
    const mounts = ['/c/d', '/b', '/a', '/a/b'].map((destination) => ({
      destination,
      type: 'tmpfs',
      source: 'tmpfs',
      options: [],
    }));
    assert.deepEqual(destinations(parentsFirst(mounts)), ['/b', '/a', '/c/d', '/a/b']);
  });
});

describe('volumes, images and devpts', () => {
  const PLACES = { '/v': '/volumes/v', '/i': '/mounts/1/merged', '/h': '/mounts/3/merged' };
  const MOUNTS: MountConfig[] = [
    { type: 'volume', volume: 'v', destination: '/v', options: ['nocopy', 'exec'] },
    { type: 'image', image: { name: 'i', id: 'a', layers: [] }, destination: '/i', options: [] },
    { type: 'devpts', destination: '/p', options: ['uid=1'] },
    { type: 'bind', source: '/host', destination: '/h', options: ['O'] },
  ];
  const found = (places?: Record<string, string>) =>
    containerMounts({
      config: config({ mounts: MOUNTS }),
      files: {},
      sourceFlags: { '/host': ['nodev'] },
      ...(places === undefined ? {} : { places }),
    }).filter(({ destination }) => ['/v', '/i', '/p', '/h'].includes(destination));

  it('are given to the runtime as binds of where they lie, an overlay too', () => {
    assert.deepEqual(found(PLACES), [
      {
        destination: '/v',
        type: 'bind',
        source: '/volumes/v',
        options: ['exec', 'rw', 'rprivate', 'nosuid', 'nodev', 'rbind'],
      },
      {
        destination: '/i',
        type: 'bind',
        source: '/mounts/1/merged',
        options: ['ro', 'rprivate', 'nodev', 'rbind'],
      },
      { destination: '/p', type: 'devpts', source: 'devpts', options: ['uid=1'] },
      {
        destination: '/h',
        type: 'bind',
        source: '/mounts/3/merged',
        options: ['rw', 'rprivate', 'nodev', 'rbind'],
      },
    ]);
  });

  it('are checked before any of it is there', () => assert.equal(found().length, 4));
});

describe('rootfsPropagation', () => {
  for (const [options, expected] of [
    [['rprivate'], undefined],
    [['slave'], 'rslave'],
    [['rslave'], 'rslave'],
    [['rshared'], 'shared'],
    [['rslave', 'shared'], 'shared'],
  ] as const) {
    it(`is ${expected ?? 'left to the runtime'} with ${options}`, () => {
      const mounts = options.map((option) => ({
        destination: '/x',
        type: 'bind',
        source: '/x',
        options: [option],
      }));
      assert.equal(rootfsPropagation(mounts), expected);
    });
  }
});

function bind(source: string, destination: string, ...options: string[]): MountConfig {
  return { type: 'bind', source, destination, options };
}

function tmpfs(destination: string, ...options: string[]): MountConfig {
  return { type: 'tmpfs', destination, options };
}

function destinations(mounts: readonly Mount[]): string[] {
  return mounts.map(({ destination }) => destination);
}

function find(mounts: readonly Mount[], destination: string): Mount {
  const found = mounts.find((mount) => mount.destination === destination);
  assert.ok(found, `nothing is mounted on ${destination}`);
  return found;
}
