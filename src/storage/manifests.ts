/** Which images an archive holds: docker-archive (manifest.json) and OCI image layout (index.json). */
import { createHash } from 'node:crypto';
import { BerthError } from '../model/errors.ts';
import { digestHex, normaliseImageName } from '../model/image/image.ts';
import { type Archive, readText } from './archive.ts';

export interface ArchivedBlob {
  name: string;
  /** Declared sha256 of the file as it lies there, hex. */
  digest?: string;
  /** Declared length. */
  size?: number;
}

export interface ArchivedImage {
  config: ArchivedBlob;
  /** Lowest first. */
  layers: ArchivedBlob[];
  /** Full image names. */
  names: string[];
  /** sha256 hex of the manifest. */
  manifestDigest?: string;
}

export interface Platform {
  architecture: string;
  os: string;
}

/** @param platform what to take from an index of several platforms. */
export async function archivedImages(archive: Archive, platform: Platform): Promise<ArchivedImage[]> {
  // Docker 25 and later writes both; only manifest.json has the names as they were given.
  if (await archive.has('manifest.json')) {
    const json = await readText(archive, 'manifest.json');
    return Array.isArray(parse(json, 'manifest.json')) ? dockerImages(json) : [directoryImage(json)];
  }
  if (await archive.has('index.json')) return ociImages(archive, platform);
  throw new BerthError(
    'archive',
    'not an image archive: it has neither manifest.json (docker-archive) nor index.json (OCI)',
  );
}

export type Fields = Record<string, unknown>;

/** Each is parsed and looked at: a small file can name a million. */
const MAX_IMAGES = 1000;

function dockerImages(json: string): ArchivedImage[] {
  return imageList(parse(json, 'manifest.json'), 'manifest.json').map((item) => {
    const image = fields(item, 'manifest.json');
    const config = string(image.Config, 'Config');
    const digest = /(?:^|\/)([0-9a-f]{64})(?:\.json)?$/.exec(config)?.[1];
    return {
      config: { name: config, ...(digest === undefined ? {} : { digest }) },
      layers: list(image.Layers ?? [], 'Layers').map((layer) => ({ name: string(layer, 'Layers') })),
      names: list(image.RepoTags ?? [], 'RepoTags').map((tag) => normaliseImageName(string(tag, 'RepoTags'))),
    };
  });
}

/** A directory of skopeo's `dir:` transport: one manifest, and beside it the files, named by their digests. */
function directoryImage(json: string): ArchivedImage {
  const manifest = fields(parse(json, 'manifest.json'), 'manifest.json');
  const file = (descriptor: unknown): ArchivedBlob => {
    const blob = layerBlob(fields(descriptor, 'manifest.json'));
    return { ...blob, name: blob.digest ?? '' };
  };
  return {
    config: file(manifest.config),
    layers: list(manifest.layers, 'layers').map(file),
    names: [],
    manifestDigest: createHash('sha256').update(json).digest('hex'),
  };
}

async function ociImages(archive: Archive, platform: Platform): Promise<ArchivedImage[]> {
  const index = fields(parse(await readText(archive, 'index.json'), 'index.json'), 'index.json');
  const images: ArchivedImage[] = [];
  for (const item of imageList(index.manifests ?? [], 'manifests')) {
    const descriptor = fields(item, 'manifests');
    if (!isAttestation(descriptor)) images.push(await ociImage(archive, descriptor, { platform, depth: 0 }));
  }
  return images;
}

async function ociImage(
  archive: Archive,
  descriptor: Fields,
  context: { platform: Platform; depth: number },
): Promise<ArchivedImage> {
  const blob = blobOf(descriptor);
  const json = await readText(archive, blob.name);
  if (createHash('sha256').update(json).digest('hex') !== blob.digest)
    throw new BerthError('archive', `${blob.name} does not match its digest`);
  const manifest = fields(parse(json, blob.name), blob.name);
  const names = annotatedNames(descriptor);
  if (manifest.manifests !== undefined) {
    if (context.depth > 4) throw new BerthError('archive', 'an index of indexes of indexes');
    const chosen = choosePlatform(list(manifest.manifests, 'manifests'), context.platform);
    const image = await ociImage(archive, chosen, { ...context, depth: context.depth + 1 });
    return names.length > 0 ? { ...image, names } : image;
  }
  if (manifest.config === undefined) throw new BerthError('archive', `${blob.name} is not an image manifest`);
  return {
    config: blobOf(fields(manifest.config, 'config')),
    layers: list(manifest.layers ?? [], 'layers').map((layer) => layerBlob(fields(layer, 'layers'))),
    names,
    ...(blob.digest === undefined ? {} : { manifestDigest: blob.digest }),
  };
}

function choosePlatform(items: unknown[], wanted: Platform): Fields {
  const images = items.map((item) => fields(item, 'manifests')).filter((item) => !isAttestation(item));
  const fitting = images.find((item) => {
    const platform = fields(item.platform ?? {}, 'platform');
    return platform.architecture === wanted.architecture && platform.os === wanted.os;
  });
  const chosen = fitting ?? (images.length === 1 ? images[0] : undefined);
  if (chosen === undefined)
    throw new BerthError('archive', `the image has no variant for ${wanted.os}/${wanted.architecture}`);
  return chosen;
}

/** BuildKit stores provenance beside the image, as a manifest for the platform unknown/unknown. */
function isAttestation(descriptor: Fields): boolean {
  const annotations = fields(descriptor.annotations ?? {}, 'annotations');
  return annotations['vnd.docker.reference.type'] !== undefined;
}

/** containerd's annotation has the full name; the OCI one often only a tag or a short name. */
function annotatedNames(descriptor: Fields): string[] {
  const annotations = fields(descriptor.annotations ?? {}, 'annotations');
  const name = annotations['io.containerd.image.name'] ?? annotations['org.opencontainers.image.ref.name'];
  return name === undefined || name === '' ? [] : [normaliseImageName(string(name, 'annotations'))];
}

export function layerBlob(descriptor: Fields): ArchivedBlob {
  if (typeof descriptor.mediaType === 'string' && descriptor.mediaType.includes('encrypted')) {
    throw new BerthError('archive', 'the image has encrypted layers, which are not supported');
  }
  return blobOf(descriptor);
}

export function blobOf(descriptor: Fields): ArchivedBlob {
  const digest = digestHex(descriptor.digest);
  return {
    name: `blobs/sha256/${digest}`,
    digest,
    ...(typeof descriptor.size === 'number' ? { size: descriptor.size } : {}),
  };
}

export function parse(json: string, what: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new BerthError('archive', `${what} is not valid JSON`, { cause: error });
  }
}

export function fields(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(what);
  return value as Fields;
}

export function list(value: unknown, what: string): unknown[] {
  if (!Array.isArray(value)) throw malformed(what);
  return value;
}

function imageList(value: unknown, what: string): unknown[] {
  const items = list(value, what);
  if (items.length > MAX_IMAGES)
    throw new BerthError('archive', `the archive names ${items.length} images, more than ${MAX_IMAGES}`);
  return items;
}

function string(value: unknown, what: string): string {
  if (typeof value !== 'string') throw malformed(what);
  return value;
}

function malformed(what: string): BerthError {
  return new BerthError('archive', `broken archive: ${what} does not have the form it should have`);
}
