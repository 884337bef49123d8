import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type IdMappings, rangeText } from '../../../src/model/user-namespace/id-map.ts';
import { parsePlainIdMap } from '../../../src/model/user-namespace/id-map-flags.ts';
import { shownOwners } from '../../../src/model/user-namespace/idmap-option.ts';
import {
  assertMapped,
  autoMappings,
  autoSize,
  parseUserNamespace,
} from '../../../src/model/user-namespace/user-namespace.ts';

const NO_MAPS = { uidMaps: [], gidMaps: [] };
const shown = ({ uids, gids }: IdMappings): string[] => [
  uids.map(rangeText).join(' '),
  gids.map(rangeText).join(' '),
];
const mappings = (uids: string, gids = uids): IdMappings => ({
  uids: uids.split(' ').map((text) => parsePlainIdMap(text, 'UID')),
  gids: gids.split(' ').map((text) => parsePlainIdMap(text, 'GID')),
});

describe('--userns', () => {
  for (const [text, expected] of [
    ['', undefined],
    ['host', undefined],
    ['auto', { auto: { uids: [], gids: [] } }],
    ['auto:size=2000', { auto: { size: 2000, uids: [], gids: [] } }],
    ['auto:size=5,size=6', { auto: { size: 6, uids: [], gids: [] } }],
    [
      'auto:uidmapping=0:@5:1,gidmapping=7:8:9',
      { auto: { uids: [{ container: 0, host: 5, size: 1 }], gids: [{ container: 7, host: 8, size: 9 }] } },
    ],
    ['keep-id', { identity: true, user: '0:0' }],
    ['keep-id:uid=5', { identity: true, user: '5:0' }],
    ['keep-id:uid=5,gid=6', { identity: true, user: '5:6' }],
    ['private', { maps: NO_MAPS }],
    ['container:other', { joined: 'container:other' }],
    ['ns:/proc/1/ns/user', { joined: 'ns:/proc/1/ns/user' }],
  ] as const) {
    it(`understands ${JSON.stringify(text)}`, () => {
      assert.deepEqual(parseUserNamespace(text, NO_MAPS), expected);
    });
  }

  // Podman 5.4's words.
  for (const [text, message] of [
    ['nomap', 'nomap is only supported in rootless mode'],
    ['nomap:x', 'unrecognized namespace mode nomap:x passed'],
    ['private:x', 'unrecognized namespace mode private:x passed'],
    ['foo', 'unrecognized namespace mode foo passed'],
    ['auto:', 'invalid option specified: ""'],
    ['auto:size=x', 'strconv.ParseUint: parsing "x": invalid syntax'],
    ['auto:foo=1', 'unknown option specified: "foo"'],
    ['keep-id:foo=1', 'unknown option specified: "foo"'],
    [
      'auto:uidmapping=x',
      'initializing ID mappings: UID setting is malformed expected ["uint32:[@]uint32[:uint32]"] : "x"',
    ],
    ['container:', 'invalid config provided: namespace mode container requires a value'],
    ['ns:', 'invalid config provided: namespace mode path requires a value'],
  ] as const) {
    it(`refuses ${text}`, () => {
      assert.throws(() => parseUserNamespace(text, NO_MAPS), { code: 'invalid', message });
    });
  }

  it('goes with no mapping of --uidmap and its like', () => {
    for (const maps of [
      { uidMaps: ['0:1:2'] },
      { gidMaps: ['0:1:2'] },
      { subUidName: 'x' },
      { subGidName: 'x' },
    ]) {
      assert.deepEqual(parseUserNamespace('', { ...NO_MAPS, ...maps }), { maps: { ...NO_MAPS, ...maps } });
      for (const text of ['host', 'auto', 'private', 'keep-id'])
        assert.throws(() => parseUserNamespace(text, { ...NO_MAPS, ...maps }), {
          message: '--userns and --uidmap/--gidmap/--subuidname/--subgidname are mutually exclusive',
        });
    }
  });
});

describe('--userns auto', () => {
  const subIds = { uids: 'containers:200000:10000\n', gids: 'containers:200000:10000\n' };
  const none = { uids: [], gids: [] };

  it('is as large as the image and the user need, 1024 at least', () => {
    assert.equal(autoSize(undefined, { highestId: 2000, user: '' }), 2001);
    assert.equal(autoSize(undefined, { highestId: -1, user: '' }), 1024);
    assert.equal(autoSize(undefined, { highestId: 2000, user: '7:5000' }), 5001);
    assert.equal(autoSize(1, { highestId: 2000, user: '7:5000' }), 1);
    assert.equal(autoSize(0, { highestId: 2000, user: 'name' }), 2001);
    assert.throws(() => autoSize(undefined, { highestId: 0, user: '70000' }), {
      message:
        'creating container storage: the container needs a user namespace with size 70001 that is bigger than the maximum value allowed with userns=auto 65536',
    });
  });

  it('takes the lowest IDs that no other container has', () => {
    const used = [mappings('0:200000:2001'), mappings('0:203000:1000')];
    assert.deepEqual(shown(autoMappings(none, 1500, { subIds, used: [] })), [
      '0:200000:1500',
      '0:200000:1500',
    ]);
    assert.deepEqual(shown(autoMappings(none, 1500, { subIds, used })), [
      '0:202001:999 999:204000:501',
      '0:202001:999 999:204000:501',
    ]);
  });

  // Recorded from Podman 5.4, but for the order.
  for (const [uids, expected] of [
    ['0:5000:10', '0:5000:10 10:200000:1991'],
    ['100:5000:10', '0:200000:100 100:5000:10 110:200100:1891'],
    ['5:300000:1 0:1:2', '0:1:2 2:200000:3 5:300000:1 6:200003:1995'],
    ['0:200005:1', '0:200005:1 1:200000:5 6:200006:1995'],
    ['3000:5:1', '0:200000:2001 3000:5:1'],
  ] as const) {
    it(`leaves to ${uids} what was asked for`, () => {
      const request = { uids: mappings(uids).uids, gids: [] };
      assert.deepEqual(shown(autoMappings(request, 2001, { subIds, used: [] })), [expected, '0:200000:2001']);
    });
  }

  it('says when there are not enough', () => {
    for (const [ids, size] of [
      [subIds, 10_001],
      [{ uids: '', gids: '' }, 1],
    ] as const)
      assert.throws(() => autoMappings(none, size, { subIds: ids, used: [] }), {
        code: 'invalid',
        message:
          /^creating container storage: not enough unused IDs in user namespace: give the user containers/,
      });
  });
});

describe('a user that the namespace has not', () => {
  it('cannot start', () => {
    const ids = mappings('0:100000:1000', '0:200000:10');
    assertMapped(ids, { uid: 999, gid: 9 });
    assertMapped(undefined, { uid: 5000, gid: 5000 });
    assert.throws(() => assertMapped(ids, { uid: 1001, gid: 0 }), {
      code: 'command-not-invocable',
      message: "container uses ID mappings (0:100000:1000), but doesn't map UID 1001",
    });
    assert.throws(() => assertMapped(ids, { uid: 1, gid: 10 }), {
      message: "container uses ID mappings (0:200000:10), but doesn't map GID 10",
    });
  });
});

describe('the mount option idmap', () => {
  const ids = mappings('0:100000:65536', '0:200000:65536');
  for (const [options, expected] of [
    ['ro', undefined],
    ['idmap', ['0:100000:65536', '0:200000:65536']],
    ['ro,idmap=uids=3-100000-1', ['3:100000:1', '0:200000:65536']],
    ['idmap=uids=0-100000-10#10-100020-5;gids=0-5-10', ['0:100000:10 10:100020:5', '0:5:10']],
    ['idmap=gids=@0-1-10', ['0:100000:65536', '0:200001:10']],
    ['idmap=gids=0-0-10;uids=0-0-5', undefined],
  ] as const) {
    it(`shows the owners of ${options}`, () => {
      const owners = shownOwners(options.split(','), ids);
      assert.deepEqual(owners === undefined ? undefined : shown(owners), expected);
    });
  }

  it('means nothing by itself without a user namespace', () => {
    assert.equal(shownOwners(['idmap'], undefined), undefined);
  });

  for (const [option, text] of [
    ['idmap=', 'unknown option ""'],
    ['idmap=foo', 'unknown option "foo"'],
    ['idmap=uids=x', 'expected integer'],
    ['idmap=uids=0-1', 'expected integer'],
    ['idmap=uids=0-1-2;x=1', 'unknown option "x"'],
    ['idmap=uids=@0-70000-1', 'the container has no ID 70000'],
  ] as const) {
    it(`refuses ${option}`, () => {
      assert.throws(() => shownOwners([option], ids), {
        code: 'invalid',
        message: `${text}: write idmap=uids=FIRST-HOST-SIZE;gids=FIRST-HOST-SIZE`,
      });
    });
  }
});
