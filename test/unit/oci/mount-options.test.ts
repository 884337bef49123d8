import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bindOptions, overlayDirectories, tmpfsOptions } from '../../../src/oci/mount-options.ts';

describe('bindOptions', () => {
  // As Podman 5.4 writes them.
  for (const [given, flags, expected] of [
    ['', '', 'rw rprivate rbind'],
    ['ro', '', 'ro rprivate rbind'],
    ['bind', '', 'bind rw private'],
    ['rw rbind rprivate', '', 'rw rbind rprivate'],
    ['slave', '', 'slave rw rbind'],
    ['rshared exec', '', 'rshared exec rw rbind'],
    ['Z', '', 'rw rprivate rbind'],
    ['ro z nosuid', '', 'ro nosuid rprivate rbind'],
    ['', 'nosuid nodev', 'rw rprivate nosuid nodev rbind'],
    ['suid dev exec', 'nosuid nodev noexec', 'suid dev exec rw rprivate rbind'],
    ['nodev', 'nodev', 'nodev rw rprivate rbind'],
    ['U copy', 'nosuid', 'rw rprivate nosuid rbind'],
    ['O upperdir=/u workdir=/w', '', 'rw rprivate rbind'],
  ] as const) {
    it(`makes "${expected}" of "${given}" on a source with "${flags}"`, () => {
      assert.deepEqual(bindOptions(words(given), words(flags)), words(expected));
    });
  }

  it('takes nocreate of a volume, which is no business of the runtime', () =>
    assert.deepEqual(bindOptions(['nocreate'], [], { isVolume: true }), ['rw', 'rprivate', 'rbind']));

  for (const [given, text] of [
    ['ro rw', `invalid options "ro, rw", can only specify 1 'rw' or 'ro' option`],
    ['Z z', `invalid options "Z, z", can only specify 1 'z', 'Z', or 'O' option`],
    [
      'shared slave',
      `invalid options "shared, slave", can only specify 1 '[r]shared', '[r]private', '[r]slave' or '[r]unbindable' option`,
    ],
    ['exec noexec', `invalid options "exec, noexec", can only specify 1 'noexec' or 'exec' option`],
    ['rbind bind', `invalid options "rbind, bind", can only specify 1 '[r]bind' option`],
    ['ro ro', `invalid options "ro, ro", can only specify 1 'rw' or 'ro' option`],
    ['nosuchopt', 'invalid option type "nosuchopt": berth-create(1) lists those of --volume'],
    ['size=1m', 'invalid option type "size=1m": berth-create(1) lists those of --volume'],
    ['O ro', "can't use 'O' with other options"],
    ['O idmap', "can't use 'O' with other options"],
    ['O z', `invalid options "O, z", can only specify 1 'z', 'Z', or 'O' option`],
    ['O upperdir=/u', 'must specify both upperdir and workdir'],
    ['O upperdir=u workdir=/w', "upperdir=u: an overlay's directory must be an absolute path"],
    ['upperdir=/u', 'unknown mount option "upperdir=/u": invalid mount option'],
    ['copy nocopy', `invalid options "copy, nocopy", can only specify 1 'copy' or 'nocopy' option`],
    ['U U', `invalid options "U, U", can only specify 1 'U' option`],
    ['nocreate', 'invalid option type "nocreate": berth-create(1) lists those of --volume'],
    ['idmap idmap', "the 'idmap' option can only be set once: duplicate mount option passed"],
  ] as const) {
    it(`refuses "${given}"`, () => {
      assert.throws(() => bindOptions(words(given)), { code: 'usage', message: text });
    });
  }
});

describe('overlayDirectories', () => {
  it('are those that were named, both or none', () => {
    const given = ['O', 'workdir=/w', 'upperdir=/u'];
    assert.deepEqual(overlayDirectories(given), { upperdir: '/u', workdir: '/w' });
    assert.equal(overlayDirectories(['O']), undefined);
  });
});

describe('tmpfsOptions', () => {
  it('gives one with U to the user', () =>
    assert.deepEqual(tmpfsOptions(['U'], { uid: 5, gid: 6 }).slice(0, 2), ['uid=5', 'gid=6']));

  for (const [given, expected] of [
    ['', 'rw rprivate nosuid nodev tmpcopyup'],
    ['size=1m mode=755', 'size=1m mode=755 rw rprivate nosuid nodev tmpcopyup'],
    ['ro noexec notmpcopyup suid', 'ro noexec suid rprivate nodev'],
    ['exec size=10%', 'exec size=10% rw rprivate nosuid nodev tmpcopyup'],
    ['rprivate', 'rprivate rw nosuid nodev tmpcopyup'],
    ['dev uid=5 gid=6', 'dev uid=5 gid=6 rw rprivate nosuid tmpcopyup'],
  ] as const) {
    it(`makes "${expected}" of "${given}"`, () => {
      assert.deepEqual(tmpfsOptions(words(given)), words(expected));
    });
  }

  for (const [given, text] of [
    ['rw ro', `only one of 'rw' and 'ro' can be used: duplicate mount option passed`],
    ['exec noexec', `only one of 'noexec' and 'exec' can be used: duplicate mount option passed`],
    ['nosuchopt', 'unknown mount option "nosuchopt": invalid mount option'],
    ['size=', 'unknown mount option "size=": invalid mount option'],
    ['rbind', 'unknown mount option "rbind": invalid mount option'],
    ['Z', "the 'z' and 'Z' options are not allowed with tmpfs mounts: invalid mount option"],
  ] as const) {
    it(`refuses "${given}"`, () => {
      assert.throws(() => tmpfsOptions(words(given)), { code: 'usage', message: text });
    });
  }
});

function words(text: string): string[] {
  return text.split(' ').filter((word) => word !== '');
}
