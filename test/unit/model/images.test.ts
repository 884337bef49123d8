/** images and system df: filters, rows and sums, as Podman 5.4 has them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { IMAGE_ORDERS, imageJson, imageRows } from '../../../src/cli/images-rows.ts';
import { diskSummary, imageUses } from '../../../src/model/disk-usage.ts';
import { imageFilter } from '../../../src/model/image/filter.ts';
import type { ImageRecord } from '../../../src/model/records.ts';

const NOW = Date.parse('2026-11-22T15:00:00Z');

function image(
  id: string,
  facts: { names?: string[]; created?: string; labels?: Record<string, string>; layers?: [string, number][] },
): ImageRecord {
  const { names = [], created = '2026-11-22T12:00:00Z', labels = {}, layers = [] } = facts;
  return {
    id: id.repeat(64).slice(0, 64),
    names,
    layers: layers.map(([diffId, sizeBytes]) => ({ diffId, sizeBytes })),
    config: { created, labels } as ImageRecord['config'],
    digest: 'd'.repeat(64),
    importedAt: '2026-11-22T14:00:00Z',
  };
}

const BASE = image('1a', {
  names: ['localhost/busybox:latest', 'registry.x/y/z:v2'],
  layers: [['base', 1000]],
  labels: { a: '1' },
});
const OTHER = image('2b', {
  names: ['localhost/other:1'],
  created: '2026-11-22T13:00:00Z',
  layers: [
    ['base', 1000],
    ['top', 234],
  ],
});
const DANGLING = image('3c', { created: '2026-11-22T14:00:00Z', layers: [['alone', 50]] });
const IMAGES = [BASE, OTHER, DANGLING];

describe('image filters', () => {
  const CASES: [filters: string, ids: string][] = [
    ['reference=busybox', '1a'],
    ['reference=*busy*', '1a'],
    ['reference=localhost/other', '2b'],
    ['reference=other:1', '2b'],
    ['reference=other:2', ''],
    ['reference=*/z', '1a'],
    ['reference=y/z:v?', '1a'],
    ['reference=*', '1a 2b'],
    ['reference=[a-z]usybox', '1a'],
    ['reference=[', ''],
    ['reference=', ''],
    ['dangling=true', '3c'],
    ['dangling=false', '1a 2b'],
    ['before=other', '1a'],
    ['since=busybox', '2b 3c'],
    ['id=2b2', '2b'],
    ['id=sha256:2b2', '2b'],
    ['label=a', '1a'],
    ['label=a=2', ''],
    ['label!=a', '2b 3c'],
    ['until=90m', '1a 2b'],
    ['until=0s', '1a 2b 3c'],
    ['containers=true', '2b'],
    ['containers=false', '1a 3c'],
    ['readonly=true', ''],
    ['intermediate=false', '1a 2b 3c'],
    ['dangling=false label!=a', '2b'],
  ];
  const passing = (filters: string): string => {
    const passes = imageFilter(filters.split(' '), {
      now: NOW,
      find: (name) => IMAGES.find(({ names }) => names.some((each) => each.includes(name))),
      isUsed: ({ id }) => id === OTHER.id,
    });
    return IMAGES.filter(passes)
      .map(({ id }) => id.slice(0, 2))
      .join(' ');
  };
  for (const [filters, ids] of CASES)
    it(`${filters} lets ${ids === '' ? 'nothing' : ids} through`, () => assert.equal(passing(filters), ids));

  const ERRORS: [filter: string, message: RegExp][] = [
    ['foo=bar', /^invalid image filter "foo": must be in the format "filter=value or filter!=value"$/],
    ['noeq', /^invalid image filter "noeq"/],
    ['name=x', /^invalid image filter "name"/],
    ['dangling=x', /^non-boolean value "x" for dangling filter/],
    ['before=nope', /^could not find local image for filter "before"="nope": nope: image not known$/],
    ['until=foo', /^failed to parse value as time or duration: "foo"/],
  ];
  for (const [filter, message] of ERRORS)
    it(`${filter} is refused`, () => assert.throws(() => passing(filter), { message }));
});

describe('rows of images', () => {
  const rows = IMAGES.flatMap((each) => imageRows(each, { now: NOW, whole: false, containers: 0 }));

  it('are one for each name, and one for an image without', () => {
    assert.deepEqual(
      rows.map(({ Repository, Tag, ID }) => [Repository, Tag, ID]),
      [
        ['localhost/busybox', 'latest', '1a1a1a1a1a1a'],
        ['registry.x/y/z', 'v2', '1a1a1a1a1a1a'],
        ['localhost/other', '1', '2b2b2b2b2b2b'],
        ['<none>', '<none>', '3c3c3c3c3c3c'],
      ],
    );
  });

  it('have Podman’s keys in JSON', () => {
    assert.deepEqual(imageJson(rows[2] as (typeof rows)[number]), {
      Id: OTHER.id,
      ParentId: '',
      RepoTags: ['localhost/other:1'],
      RepoDigests: [`localhost/other@sha256:${'d'.repeat(64)}`],
      Size: 1234,
      SharedSize: 0,
      VirtualSize: 1234,
      Labels: null,
      Containers: 0,
      Digest: `sha256:${'d'.repeat(64)}`,
      History: ['localhost/other:1'],
      Names: ['localhost/other:1'],
      Created: 1_795_352_400,
      CreatedAt: '2026-11-22T13:00:00Z',
    });
  });

  const ORDERS: [key: string, tags: string][] = [
    ['created', '<none> 1 latest v2'],
    ['id', 'latest v2 1 <none>'],
    ['repository', '<none> latest 1 v2'],
    ['size', '<none> latest v2 1'],
    ['tag', '1 <none> latest v2'],
  ];
  for (const [key, tags] of ORDERS)
    it(`can be sorted by ${key}`, () =>
      assert.equal(
        rows
          .toSorted(IMAGE_ORDERS[key])
          .map(({ Tag }) => Tag)
          .join(' '),
        tags,
      ));
});

describe('disk usage', () => {
  const containers = [
    { imageId: OTHER.id, running: true, rwBytes: 70 },
    { imageId: OTHER.id, running: false, rwBytes: 30 },
    { imageId: undefined, running: false, rwBytes: 5 },
  ];

  it('counts a layer that two images have once, and as free only what no other image has', () => {
    const volumes = [
      { name: 'used', links: 2, bytes: 40 },
      { name: 'unused', links: 0, bytes: 2 },
    ];
    assert.deepEqual(diskSummary(IMAGES, containers, volumes), [
      { Type: 'Images', Total: 3, Active: 1, RawSize: 1284, RawReclaimable: 50 },
      { Type: 'Containers', Total: 3, Active: 1, RawSize: 105, RawReclaimable: 35 },
      { Type: 'Local Volumes', Total: 2, Active: 1, RawSize: 42, RawReclaimable: 2 },
    ]);
  });

  it('of each image tells what is shared', () => {
    assert.deepEqual(
      imageUses(IMAGES, containers).map((use) => [use.sizeBytes, use.sharedBytes, use.containers]),
      [
        [1000, 1000, 0],
        [1234, 1000, 2],
        [50, 0, 0],
      ],
    );
  });
});
