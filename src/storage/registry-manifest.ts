/** Manifests as registries have them: of one image, or a list of images for several platforms. */
import { createHash } from 'node:crypto';
import { BerthError } from '../model/errors.ts';
import { digestHex } from '../model/image/image.ts';
import type { Platform } from '../model/image/platform.ts';
import { type ArchivedImage, blobOf, type Fields, fields, layerBlob, list, parse } from './manifests.ts';

export interface Manifest {
  /** sha256 hex of its bytes. */
  digest: string;
  content:
    | { kind: 'image'; image: Pick<ArchivedImage, 'config' | 'layers'> }
    | { kind: 'list'; word: string; instances: Fields[] };
}

/** Throws BerthError 'archive' for what is none, and for schema 1, which no registry of today hands out by itself. */
export function readManifest(bytes: Buffer): Manifest {
  const digest = createHash('sha256').update(bytes).digest('hex');
  const manifest = fields(parse(bytes.toString(), 'the manifest'), 'the manifest');
  if (manifest.manifests !== undefined) {
    const word = String(manifest.mediaType).includes('docker') ? 'manifest list' : 'image index';
    const instances = list(manifest.manifests, 'manifests').map((item) => fields(item, 'manifests'));
    return { digest, content: { kind: 'list', word, instances } };
  }
  if (manifest.config === undefined)
    throw new BerthError('archive', 'the manifest is of a kind that is not supported: it names no config');
  return {
    digest,
    content: {
      kind: 'image',
      image: {
        config: blobOf(fields(manifest.config, 'config')),
        layers: list(manifest.layers ?? [], 'layers').map((layer) => layerBlob(fields(layer, 'layers'))),
      },
    },
  };
}

/** Older variants that a machine runs too, the best first. */
const VARIANTS: Record<string, string[]> = {
  v8: ['v8', 'v7', 'v6', 'v5'],
  v7: ['v7', 'v6', 'v5'],
  v6: ['v6', 'v5'],
};

/** The digest (hex) of the image for a platform; undefined if there is none. */
export function instanceFor(
  instances: readonly Fields[],
  { os, architecture, variant }: Required<Pick<Platform, 'os' | 'architecture'>> & Pick<Platform, 'variant'>,
): string | undefined {
  const fitting = instances.flatMap((instance) => {
    const platform = fields(instance.platform ?? {}, 'platform');
    return platform.os === os && platform.architecture === architecture
      ? [{ instance, variant: platform.variant ?? '' }]
      : [];
  });
  const wanted =
    variant === undefined
      ? fitting.map((one) => String(one.variant))
      : [...(architecture === 'arm' ? (VARIANTS[variant] ?? [variant]) : [variant]), ''];
  const found = wanted.flatMap((one) => fitting.filter((other) => other.variant === one))[0];
  return found === undefined ? undefined : digestHex(found.instance.digest);
}
