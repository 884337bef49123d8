/** Manifests of registries: one image, or the right one of a list. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { instanceFor, type Manifest, readManifest } from '../../../src/storage/registry-manifest.ts';

const hex = (digit: string): string => digit.repeat(64);
const blob = (digit: string) => ({ digest: `sha256:${hex(digit)}`, size: 1 });

const read = (value: object): Manifest => readManifest(Buffer.from(JSON.stringify(value)));

function instances(...platforms: object[]) {
  const manifests = platforms.map((platform, index) => ({ ...blob(String(index)), platform }));
  const { content } = read({ manifests });
  return content.kind === 'list' ? content.instances : assert.fail('not a list');
}

describe('a manifest', () => {
  it('of an image names its config and layers', () => {
    const { content } = read({ config: blob('a'), layers: [blob('b'), blob('c')] });
    assert.ok(content.kind === 'image');
    assert.equal(content.image.config.digest, hex('a'));
    assert.deepEqual(
      content.image.layers.map(({ digest }) => digest),
      [hex('b'), hex('c')],
    );
  });

  it('that is something else is refused', () => {
    for (const value of [
      {},
      [],
      { config: 1 },
      { manifests: {} },
      { config: blob('a'), layers: [{ digest: 'md5:1' }] },
    ])
      assert.throws(() => read(value), { name: 'BerthError' }, JSON.stringify(value));
    assert.throws(() => readManifest(Buffer.from('{')), { name: 'BerthError' });
  });
});

describe('a list of manifests', () => {
  const amd64 = { os: 'linux', architecture: 'amd64' };
  const arm = { os: 'linux', architecture: 'arm' };

  it('has the image of a platform, or none', () => {
    const list = instances({ os: 'unknown', architecture: 'unknown' }, { ...arm, variant: 'v7' }, amd64);
    assert.equal(instanceFor(list, amd64), hex('2'));
    assert.equal(instanceFor(list, arm), hex('1'));
    assert.equal(instanceFor(list, { os: 'windows', architecture: 'amd64' }), undefined);
  });

  it('has for a variant that one, else an older one, else one that names none', () => {
    const list = instances(arm, { ...arm, variant: 'v6' }, { ...arm, variant: 'v7' });
    assert.equal(instanceFor(list, { ...arm, variant: 'v7' }), hex('2'));
    assert.equal(instanceFor(list, { ...arm, variant: 'v6' }), hex('1'));
    assert.equal(instanceFor(instances({ ...arm, variant: 'v6' }), { ...arm, variant: 'v7' }), hex('0'));
    assert.equal(instanceFor(instances(amd64), { ...amd64, variant: 'v2' }), hex('0'));
    assert.equal(instanceFor(instances({ ...amd64, variant: 'v3' }), { ...amd64, variant: 'v2' }), undefined);
  });
});
