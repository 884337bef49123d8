/**
 * Images that Podman, Buildah or Skopeo keep on this host (containers/storage, driver overlay), used where they are: their
 * layers are unpacked the way overlayfs wants them, as Berth's are, so a layer of Berth's store may be a link to one of
 * theirs. Nothing of theirs is written to.
 *
 * Read here, as containers-storage(1) and its library lay it out below the graph root:
 *
 *     overlay-images/images.json   id, names, digest, layer (the topmost one), big-data-names
 *     overlay-images/ID/KEY        big data: the image's config under its own digest, the key in base64 behind "="
 *     overlay-layers/layers.json   id, parent, diff-digest and diff-size of the uncompressed tar
 *     overlay/LAYER/diff           the layer's files
 */
import { lstatSync, mkdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { BerthError, isErrno, messageOf } from '../model/errors.ts';
import { digestHex, type ImageConfig, normaliseImageName, parseImageConfig } from '../model/image/image.ts';
import { readFileIfAny } from '../sys/files.ts';
import type { ImportedImage, ImportOptions } from './import.ts';
import { hasLayer, publishLayers, writeLayerFacts } from './layers.ts';
import { opaqueDirectories } from './merged.ts';
import type { StoragePaths } from './paths.ts';
import { withStaging } from './staging.ts';

/** Where containers/storage keeps things unless its storage.conf says otherwise. */
const GRAPH_ROOT = '/var/lib/containers/storage';
/** The first one that is there counts: containers-storage.conf(5). */
const CONFIGS = ['/etc/containers/storage.conf', '/usr/share/containers/storage.conf'];

interface ForeignImage {
  id: string;
  names: string[];
  digest?: string;
  config: ImageConfig;
  configJson: string;
  /** Lowest first. */
  layers: { diffId: string; sizeBytes: number; directory: string }[];
}

/**
 * Makes an image of the host's containers/storage one of Berth's without copying it. By name or ID, as a person types it; it
 * keeps the name that it was found by. Throws 'no-such-image' if there is none, 'unsupported' for a storage or a layer of
 * another form.
 */
export async function adoptImage(
  paths: StoragePaths,
  text: string,
  { hold, graphRoot = configuredRoot() }: { hold: NonNullable<ImportOptions['hold']>; graphRoot?: string },
): Promise<ImportedImage> {
  const image = findImage(graphRoot, text);
  hold(image.layers.map(({ diffId }) => diffId));
  const adopted = await withStaging(paths, async (staging) => {
    const missing = image.layers.filter(({ diffId }) => !hasLayer(paths, diffId));
    for (const layer of missing) await stageLayer(join(staging.directory, layer.diffId), layer);
    staging.assertOwned();
    return publishLayers(
      paths,
      staging.directory,
      missing.map(({ diffId }) => diffId),
    );
  });
  const { layers, ...rest } = image;
  return {
    ...rest,
    layers: layers.map(({ diffId, sizeBytes }) => ({ diffId, sizeBytes, created: adopted.has(diffId) })),
    warnings: [],
  };
}

async function stageLayer(
  staged: string,
  { directory, sizeBytes }: ForeignImage['layers'][number],
): Promise<void> {
  mkdirSync(staged, { mode: 0o755 });
  symlinkSync(directory, join(staged, 'diff'));
  const { uid, gid, mode, mtimeMs } = statSync(directory);
  writeLayerFacts(staged, {
    version: 1,
    sizeBytes,
    root: { uid, gid, mode: mode & 0o7777, mtime: mtimeMs },
    implicit: [],
    opaque: [...(await opaqueDirectories(directory))].map((path) => path.slice(1)),
    foreign: directory,
  });
}

function configuredRoot(): string {
  const text = CONFIGS.map(readFileIfAny).find((found) => found !== undefined) ?? '';
  const value = (key: string): string | undefined =>
    new RegExp(`^\\s*${key}\\s*=\\s*"([^"]*)"`, 'm').exec(text)?.[1] || undefined;
  const driver = value('driver');
  if (driver !== undefined && driver !== 'overlay')
    throw new BerthError('unsupported', `containers/storage uses the driver ${driver} here, not overlay`);
  return value('graphroot') ?? GRAPH_ROOT;
}

interface ImageEntry {
  id: string;
  names?: string[];
  digest?: string;
  layer?: string;
}

interface LayerEntry {
  id: string;
  parent?: string;
  'diff-digest'?: string;
  'diff-size'?: number;
}

function findImage(graphRoot: string, text: string): ForeignImage {
  const images = readList<ImageEntry>(join(graphRoot, 'overlay-images/images.json'));
  const names = candidates(text);
  const prefix = text.replace(/^sha256:/, '');
  const found =
    images.find((image) => image.names?.some((name) => names.includes(name))) ??
    (/^[0-9a-f]{3,64}$/.test(prefix) ? only(images, prefix) : undefined);
  if (found === undefined)
    throw new BerthError('no-such-image', `containers-storage:${text}: image not known in ${graphRoot}`);
  const layers = chain(graphRoot, found);
  const configJson = readFileSync(
    join(graphRoot, 'overlay-images', found.id, bigDataName(`sha256:${found.id}`)),
    'utf8',
  );
  const config = parseImageConfig(configJson);
  if (config.diffIds.join() !== layers.map(({ diffId }) => diffId).join())
    throw unusable(found.id, 'its layers are not those that its config names');
  return {
    id: found.id,
    names: (found.names ?? []).filter((name) => names.includes(name)),
    ...(found.digest === undefined ? {} : { digest: digestHex(found.digest) }),
    config,
    configJson,
    layers,
  };
}

function only(images: readonly ImageEntry[], prefix: string): ImageEntry | undefined {
  const matching = images.filter(({ id }) => id.startsWith(prefix));
  if (matching.length > 1)
    throw new BerthError(
      'invalid',
      `more than one image has an ID beginning with ${prefix}: write more digits`,
    );
  return matching[0];
}

function candidates(text: string): string[] {
  try {
    return [normaliseImageName(text, 'localhost'), normaliseImageName(text, 'docker.io')];
  } catch {
    return []; // then it is an ID, or there is none
  }
}

/** The layers of an image, lowest first. */
function chain(graphRoot: string, image: ImageEntry): ForeignImage['layers'] {
  const all = new Map(
    readList<LayerEntry>(join(graphRoot, 'overlay-layers/layers.json')).map((layer) => [layer.id, layer]),
  );
  const layers: ForeignImage['layers'] = [];
  for (let id = image.layer ?? ''; id !== '' && layers.length <= all.size; id = all.get(id)?.parent ?? '') {
    const layer = all.get(id);
    const directory = join(graphRoot, 'overlay', id, 'diff');
    if (layer === undefined || lstatSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true)
      throw unusable(image.id, `its layer ${id} is missing`);
    if (!layer['diff-digest'])
      throw unusable(image.id, `its layer ${id} was pulled in part (zstd:chunked) and has no whole digest`);
    layers.unshift({
      diffId: digestHex(layer['diff-digest']),
      sizeBytes: layer['diff-size'] ?? 0,
      directory,
    });
  }
  return layers;
}

function unusable(id: string, why: string): BerthError {
  return new BerthError(
    'unsupported',
    `image ${id.slice(0, 12)} of containers/storage cannot be used in place: ${why}: copy it with podman save and berth load`,
  );
}

/** Simple names are file names as they are (big data of the storage library). */
function bigDataName(key: string): string {
  return /^[a-zA-Z0-9]+$/.test(key) ? key : `=${Buffer.from(key).toString('base64')}`;
}

/** The other tools replace these files whole. */
function readList<Entry>(file: string): Entry[] {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Entry[];
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw new BerthError('unsupported', `cannot read ${file}: ${messageOf(error)}`, { cause: error });
  }
}
