import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  dockerArchiveManifest,
  dockerDirectoryManifest,
  ociDescriptors,
  ociManifest,
} from '../../../src/model/image/archive.ts';
import { committedDocument, goTimestamp, importedDocument } from '../../../src/model/image/document.ts';
import { imageHistory, imageTree } from '../../../src/model/image/history.ts';
import { planRemoval } from '../../../src/model/image/removal.ts';
import type { ImageRecord } from '../../../src/model/records.ts';
import { IMAGE_CONFIG } from '../../support/config.ts';

const hex = (letter: string): string => letter.repeat(64);

function image(id: string, layers: string, changes: Partial<ImageRecord> = {}): ImageRecord {
  const steps = [...layers].map((layer) => ({ createdBy: `made ${layer}`, emptyLayer: false }));
  return {
    id: hex(id),
    names: [`localhost/${id}:latest`],
    layers: [...layers].map((layer, index) => ({ diffId: hex(layer), sizeBytes: 1000 * (index + 1) })),
    config: { ...IMAGE_CONFIG, history: [...steps, { createdBy: 'config', emptyLayer: true }] },
    importedAt: '2026-01-01T00:00:00.000Z',
    ...changes,
  };
}

describe('what rmi does with an image', () => {
  const one = image('a', '1');
  const two = image('a', '1', { names: ['localhost/x:1', 'localhost/x:2'] });
  const request = { name: undefined, isOneOfAll: false, users: [], force: false };
  const both = { kind: 'delete', names: two.names, users: [] };

  it('takes one of several names away, even while it is in use', () => {
    const untag = { kind: 'untag', name: 'localhost/x:1' };
    for (const force of [true, false])
      assert.deepEqual(
        planRemoval({ ...request, image: two, name: 'localhost/x:1', users: [hex('c')], force }),
        untag,
      );
  });

  it('removes it with its last name, and by its ID', () => {
    const gone = { kind: 'delete', names: one.names, users: [] };
    assert.deepEqual(planRemoval({ ...request, image: one, name: one.names[0] }), gone);
    assert.deepEqual(planRemoval({ ...request, image: one }), gone);
  });

  it('wants force for an ID of several names, but not for all images', () => {
    assert.throws(() => planRemoval({ ...request, image: two }), {
      message: `unable to delete image "${two.id}" by ID with more than one tag ([localhost/x:1 localhost/x:2]): please force removal`,
      exitCode: 125,
    });
    assert.deepEqual(planRemoval({ ...request, image: two, force: true }), both);
    assert.deepEqual(planRemoval({ ...request, image: two, isOneOfAll: true }), both);
  });

  it('refuses one in use with exit code 2, and with force names the containers that go first', () => {
    const users = [hex('d'), hex('c')];
    assert.throws(() => planRemoval({ ...request, image: one, name: one.names[0], users }), {
      message: `image used by ${hex('d')}: image is in use by a container: consider listing external containers and force-removing image`,
      exitCode: 2,
    });
    assert.deepEqual(planRemoval({ ...request, image: one, users, force: true }), {
      kind: 'delete',
      names: one.names,
      users,
    });
  });
});

describe('the history of an image', () => {
  const base = image('b', '1');
  const top = image('a', '12');

  it('is told from the last step on, with sizes, and the IDs of images that end there', () => {
    const rows = imageHistory(top, [base, top]);
    assert.deepEqual(
      rows.map(({ id, createdBy, sizeBytes, tags }) => [id.slice(0, 2), createdBy, sizeBytes, tags.length]),
      [
        ['aa', 'config', 0, 1],
        ['<m', 'made 2', 2000, 1],
        ['bb', 'made 1', 1000, 1],
      ],
    );
  });

  it('begins with the image itself, though another one has the same layers', () => {
    const twin = image('c', '12');
    assert.equal(imageHistory(twin, [top, base, twin])[0]?.id, hex('c'));
    assert.equal(imageHistory(top, [twin, base, top])[0]?.id, hex('a'));
  });

  it('may have more steps with layers than there are layers, or none', () => {
    const odd = image('a', '1');
    odd.config.history.unshift({ createdBy: 'lie', emptyLayer: false });
    assert.deepEqual(
      imageHistory(odd, [odd]).map(({ sizeBytes }) => sizeBytes),
      [0, 1000, 0],
    );
    const silent = image('a', '1', { config: { ...IMAGE_CONFIG, history: [] } });
    assert.deepEqual(imageHistory(silent, [silent]), []);
  });

  it('is drawn as a tree, with who stands on it', () => {
    const other = image('c', '13');
    assert.equal(
      imageTree(top, [top, base, other]),
      `Image ID: aaaaaaaaaaaa
Tags:     [localhost/a:latest]
Size:     3kB
Image Layers
├── ID: 111111111111 Size: 1kB Top Layer of: [localhost/b:latest]
└── ID: 222222222222 Size: 2kB Top Layer of: [localhost/a:latest]

`,
    );
    assert.equal(
      imageTree(base, [top, base, other], { whatRequires: true }),
      `Image ID: bbbbbbbbbbbb
Tags:     [localhost/b:latest]
Size:     1kB
Image Layers
└── ID: 111111111111 Size: 1kB Top Layer of: [localhost/b:latest]
    ├── ID: 222222222222 Size: 2kB Top Layer of: [localhost/a:latest]
    └── ID: 333333333333 Size: 2kB Top Layer of: [localhost/c:latest]

`,
    );
  });
});

describe('the document of a new image', () => {
  const platform = { architecture: 'amd64', os: 'linux' };
  const created = '2026-11-27T23:31:45.258819908Z';

  it('of an import is, byte for byte, what Podman writes', () => {
    const config = { Labels: { b: '<2>', a: '1' }, Cmd: ['x'], Env: [], User: '' };
    assert.equal(
      importedDocument({ created, platform: { ...platform, variant: 'v8' }, config, diffId: hex('1') }),
      `{"created":"${created}","architecture":"amd64","os":"linux","variant":"v8","config":{"Cmd":["x"],"Labels":{"a":"1","b":"\\u003c2\\u003e"}},"rootfs":{"type":"layers","diff_ids":["sha256:${hex('1')}"]},"history":[{"created":"${created}","created_by":"/bin/sh -c #(nop) ADD file:${hex('1')} in /","comment":"imported from tarball"}]}`,
    );
  });

  it('of a commit goes on where the image ended', () => {
    const base = JSON.stringify({
      rootfs: { type: 'layers', diff_ids: [`sha256:${hex('1')}`] },
      history: [{ created_by: 'base' }],
    });
    const facts = {
      created,
      platform,
      config: {},
      diffId: hex('2'),
      from: 'localhost/b:latest',
      author: 'me',
    };
    const grown = JSON.parse(committedDocument({ ...facts, base, message: 'said' }));
    assert.deepEqual(grown.rootfs.diff_ids, [`sha256:${hex('1')}`, `sha256:${hex('2')}`]);
    assert.deepEqual(
      grown.history.map(({ created_by, comment }: { created_by: string; comment?: string }) => [
        created_by,
        comment,
      ]),
      [
        ['base', undefined],
        ['/bin/sh', 'FROM localhost/b:latest'],
      ],
    );
    assert.deepEqual([grown.comment, grown.author], ['said', 'me']);
    assert.deepEqual(JSON.parse(committedDocument(facts)).rootfs.diff_ids, [`sha256:${hex('2')}`]);
  });

  it('has times to the nanosecond, without zeros at their end', () => {
    assert.equal(goTimestamp(1_795_822_305_258_819_908n), '2026-11-27T23:31:45.258819908Z');
    assert.equal(goTimestamp(1_795_822_305_200_000_000n), '2026-11-27T23:31:45.2Z');
    assert.equal(goTimestamp(1_795_822_305_000_000_000n), '2026-11-27T23:31:45Z');
    assert.equal(goTimestamp(0n), '1970-01-01T00:00:00Z');
  });
});

describe('an archive says of its images', () => {
  const saved = {
    id: hex('a'),
    names: ['localhost/a:1', 'localhost/a:2'],
    document: '{"ä":1}',
    layers: [{ diffId: hex('1'), sizeBytes: 10 }],
  };

  it('for docker-archive: config, names, layers', () => {
    assert.deepEqual(JSON.parse(dockerArchiveManifest([saved])), [
      { Config: `${hex('a')}.json`, RepoTags: saved.names, Layers: [`${hex('1')}.tar`] },
    ]);
  });

  it('for OCI: digests and lengths in bytes, and an entry for each name', () => {
    const { config, layers } = JSON.parse(ociManifest(saved));
    assert.deepEqual([config.digest, config.size], [`sha256:${hex('a')}`, 8]);
    assert.deepEqual(layers, [
      { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: `sha256:${hex('1')}`, size: 10 },
    ]);
    const manifest = { digest: hex('f'), sizeBytes: 5 };
    assert.equal(ociDescriptors(saved.names, manifest).length, 2);
    assert.deepEqual(ociDescriptors([], manifest), [
      { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: `sha256:${hex('f')}`, size: 5 },
    ]);
  });

  it("for Docker's directory: layers as they lie there", () => {
    const packed = [{ digest: hex('2'), sizeBytes: 4 }];
    const { layers } = JSON.parse(dockerDirectoryManifest(saved, packed, { compressed: true }));
    assert.deepEqual(layers, [
      {
        mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
        size: 4,
        digest: `sha256:${hex('2')}`,
      },
    ]);
  });
});
