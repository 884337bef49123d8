import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  assertMappable,
  containerOwner,
  hostOwner,
  IDENTITY,
  type IdRange,
  parseProcMap,
  rangeText,
  replaceRange,
  shifting,
  toContainer,
  toHost,
} from '../../../src/model/user-namespace/id-map.ts';
import {
  parseIdMap,
  parsePlainIdMap,
  requestedMappings,
} from '../../../src/model/user-namespace/id-map-flags.ts';

const range = (text: string): IdRange => parsePlainIdMap(text, 'UID');
const shown = (ranges: readonly IdRange[]): string => ranges.map(rangeText).join(' ');
const ranges = (text: string): IdRange[] => text.split(' ').map(range);

describe('IDs of a user namespace', () => {
  const ids = { uids: ranges('0:100000:10 20:5:2'), gids: ranges('0:200000:10') };

  it('are the host’s in both directions, and nobody’s where there is no mapping', () => {
    assert.deepEqual(
      [0, 9, 10, 20, 21, 22].map((id) => toHost(ids.uids, id)),
      [100_000, 100_009, undefined, 5, 6, undefined],
    );
    assert.deepEqual(
      [100_000, 100_009, 100_010, 5, 7, 0].map((id) => toContainer(ids.uids, id)),
      [0, 9, undefined, 20, undefined, undefined],
    );
    assert.deepEqual(hostOwner(ids, { uid: 21, gid: 3 }), { uid: 6, gid: 200_003 });
    assert.deepEqual(hostOwner(ids, { uid: 22, gid: 10 }), { uid: 65_534, gid: 65_534 });
    assert.deepEqual(containerOwner(ids, { uid: 6, gid: 0 }), { uid: 21, gid: 65_534 });
    assert.deepEqual(containerOwner(undefined, { uid: 6, gid: 0 }), { uid: 6, gid: 0 });
  });

  it('need no other owners where each is itself', () => {
    assert.equal(shifting(IDENTITY), undefined);
    assert.equal(shifting(undefined), undefined);
    assert.equal(shifting(ids), ids);
  });

  it('are read from the kernel’s form', () => {
    assert.equal(
      shown(parseProcMap('         5          7          1\n         0     100000          5\n')),
      '0:100000:5 5:7:1',
    );
  });
});

describe('replaceRange', () => {
  for (const [before, added, after] of [
    ['0:100000:100', '5:7:1', '0:100000:5 5:7:1 6:100006:94'],
    ['0:100000:100', '0:7:1', '0:7:1 1:100001:99'],
    ['0:100000:100', '99:7:5', '0:100000:99 99:7:5'],
    ['0:100000:10 10:200000:10', '5:7:10', '0:100000:5 5:7:10 15:200005:5'],
    // The host's IDs too are given once.
    ['0:100000:10', '50:100003:2', '0:100000:3 5:100005:5 50:100003:2'],
    ['0:100000:10', '20:7:1', '0:100000:10 20:7:1'],
  ] as const) {
    it(`makes ${after} of ${before} with +${added}`, () => {
      assert.equal(shown(replaceRange(ranges(before), range(added))), after);
    });
  }
});

describe('parseIdMap', () => {
  for (const [given, uids, gids = uids] of [
    ['0:100000:65536', '0:100000:65536'],
    ['0:1', '0:1:1'],
    ['0:@1:2', '0:1:2'],
    ['0:0:0', ''],
    ['ug0:100:10', '0:100:10'],
    ['u0:100:10', '0:100:10', ''],
    ['g0:100:10', '', '0:100:10'],
    ['0:100000:10 +g5:7:1', '0:100000:10', '0:100000:5 5:7:1 6:100006:4'],
    ['0:100000:10 u+5:7:1', '0:100000:5 5:7:1 6:100006:4', '0:100000:10'],
  ] as const) {
    it(`reads ${given}`, () => {
      assert.equal(shown(parseIdMap(given.split(' '), 'UID')), uids);
      assert.equal(shown(parseIdMap(given.split(' '), 'GID')), gids);
    });
  }

  // Podman 5.4's words.
  for (const [given, text] of [
    [
      'x',
      'initializing ID mappings: UID setting is malformed expected ["[+ug]uint32:[@]uint32[:uint32]"] : ["x"]',
    ],
    [
      '0',
      'initializing ID mappings: UID setting is malformed expected ["[+ug]uint32:[@]uint32[:uint32]"] : ["0"]',
    ],
    [
      '0:1:2:3',
      'initializing ID mappings: UID setting is malformed expected ["[+ug]uint32:[@]uint32[:uint32]"] : ["0:1:2:3"]',
    ],
    ['-1:0:1', 'invalid mapping: [-1 0 1]. Unknown flag 45'],
    ['0:1:0x10', 'parsing id map value "0x10": strconv.ParseUint: parsing "0x10": invalid syntax'],
    [
      '0:1:4294967296',
      'parsing id map value "4294967296": strconv.ParseUint: parsing "4294967296": value out of range',
    ],
  ] as const) {
    it(`refuses ${given}`, () => {
      assert.throws(() => parseIdMap([given], 'UID'), { code: 'invalid', message: text });
    });
  }
});

describe('requestedMappings', () => {
  const subIds = {
    uids: 'other:1:2\ntester:100000:65536\ntester:300000:5\n',
    gids: 'tester:200000:65536\nnogid:1:2\n',
  };
  const asked = (request: Partial<Parameters<typeof requestedMappings>[0]>): string[] => {
    const { uids, gids } = requestedMappings({ uidMaps: [], gidMaps: [], ...request }, subIds);
    return [shown(uids), shown(gids)];
  };

  it('takes one kind for the other where that is not given', () => {
    assert.deepEqual(asked({ uidMaps: ['0:1:2'] }), ['0:1:2', '0:1:2']);
    assert.deepEqual(asked({ gidMaps: ['0:1:2'] }), ['0:1:2', '0:1:2']);
    assert.deepEqual(asked({ uidMaps: ['0:1:2'], gidMaps: ['0:3:4'] }), ['0:1:2', '0:3:4']);
  });

  it('lays a name’s sub-IDs one after another, and others beside them', () => {
    assert.deepEqual(asked({ subUidName: 'tester' }), ['0:100000:65536 65536:300000:5', '0:200000:65536']);
    assert.deepEqual(asked({ subGidName: 'tester' }), ['0:100000:65536 65536:300000:5', '0:200000:65536']);
    assert.deepEqual(asked({ subUidName: 'tester', uidMaps: ['70000:300:1'] }), [
      '0:100000:65536 65536:300000:5 70000:300:1',
      '0:200000:65536 70000:300:1',
    ]);
  });

  for (const [request, text] of [
    [{}, 'must provide at least one UID or GID mapping to configure a user namespace'],
    [{ uidMaps: ['0:0:0'] }, 'must provide at least one UID or GID mapping to configure a user namespace'],
    [{ uidMaps: ['u0:1:2'] }, 'no GID is mapped: map some with --gidmap'],
    [{ uidMaps: ['g0:1:2'] }, 'no UID is mapped: map some with --uidmap'],
    [{ subUidName: 'nobody' }, 'no subuid ranges found for user "nobody" in /etc/subuid'],
    [{ subUidName: 'tester', subGidName: 'x' }, 'no subgid ranges found for user "x" in /etc/subgid'],
    [{ uidMaps: ['1:100000:65536'] }, 'container ID 0 cannot be mapped to a host ID: map it, as 0:HOST:SIZE'],
    [
      { uidMaps: ['0:100000:10', '5:200000:10'] },
      'creating container storage: the specified UID and/or GID mapping 5:200000:10 conflicts with other mappings: invalid mappings specified',
    ],
    [
      { uidMaps: ['0:100000:10', '20:100005:10'] },
      'creating container storage: the specified UID and/or GID mapping 20:100005:10 conflicts with other mappings: invalid mappings specified',
    ],
    [
      { subUidName: 'tester', uidMaps: ['+0:7:1'] },
      'creating container storage: the specified UID and/or GID mapping 0:100000:65536 conflicts with other mappings: invalid mappings specified',
    ],
    [{ uidMaps: ['0:1:4294967295'] }, 'invalid mapping 0:1:4294967295: IDs end at 4294967294'],
  ] as const) {
    it(`refuses ${JSON.stringify(request)}`, () => {
      assert.throws(() => asked(request as object), { code: 'invalid', message: text });
    });
  }

  it('accepts every ID as itself', () => {
    assertMappable(IDENTITY);
    assert.deepEqual(asked({ uidMaps: ['0:0:4294967295'] }), ['0:0:4294967295', '0:0:4294967295']);
  });
});
