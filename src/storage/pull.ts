/**
 * Images from registries and from what else skopeo reads, into the layer store.
 *
 * From a registry: the manifest and the config first, so that it is known which layers are here already. skopeo then copies
 * into an OCI layout in which those have a place-holder, an empty file under the blob's name: what it finds there it does not
 * fetch. Layers are unpacked in their order while it fetches the next ones, and each blob is deleted when it is unpacked. What the
 * layout says of the image is not used, because for a Docker manifest skopeo writes another one; the blobs are checked
 * against the manifest and config that the registry gave.
 */
import { mkdirSync, readFileSync, rmSync, truncateSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BerthError } from '../model/errors.ts';
import { imageArchitecture, parseImageConfig } from '../model/image/image.ts';
import type { Platform } from '../model/image/platform.ts';
import { type Place, repositoryOf } from '../model/image/pull.ts';
import { type Archive, openDirectory } from './archive.ts';
import { budget } from './budget.ts';
import { adoptImage } from './containers-storage.ts';
import { type Import, type ImportedImage, importArchive, importError, importImages } from './import.ts';
import { isComplete } from './layers.ts';
import type { ArchivedImage } from './manifests.ts';
import type { StoragePaths } from './paths.ts';
import { transferMeter } from './pull-meter.ts';
import { instanceFor, type Manifest, readManifest } from './registry-manifest.ts';
import { demandsSignatures } from './signature-policy.ts';
import { type SkopeoOptions, skopeo } from './skopeo.ts';
import { type Staging, withStaging } from './staging.ts';
import type { Bytes } from './tar/decompress.ts';

export interface PulledImage extends ImportedImage {
  /** sha256 hex of the list that the manifest is in. */
  listDigest?: string;
}

export type PullProgress =
  /** As skopeo says it, in Podman's words. */
  | { step: 'told'; line: string }
  /** Digests, hex, of all that the image consists of. */
  | { step: 'blobs'; layers: string[]; config: string }
  | { step: 'bytes'; done: number; total: number; layersDone: number; layers: number }
  /** All is there and verified. */
  | { step: 'writing' };

export interface PullOptions extends SkopeoOptions {
  /** Absent parts: this machine's. */
  platform?: Platform;
  /** The names that the image gets. */
  names: string[];
  /** As of ImportOptions: layers that were here must stay until the image is recorded. */
  hold(diffIds: readonly string[]): void;
  onProgress(progress: PullProgress): void;
  /** How many ms may pass between two reports of bytes; absent: there are none. */
  reportEveryMs?: number;
}

interface Pull {
  paths: StoragePaths;
  options: PullOptions;
  staging: Staging;
}

/**
 * Pulls what a place has: one image, or all of an archive that names none. Layers become visible only when everything was
 * verified. Errors: BerthError 'registry' for what skopeo could not do, and those of importArchive.
 */
export async function pullImages(
  paths: StoragePaths,
  place: Place,
  options: PullOptions,
): Promise<PulledImage[]> {
  if (place.transport === 'docker')
    return withStaging(paths, (staging) => fromRegistry({ paths, options, staging }, place.name)).catch(
      refused,
    );
  if (place.transport === 'containers-storage') {
    options.onProgress({ step: 'writing' });
    return [await adoptImage(paths, place.name, { hold: options.hold })];
  }
  const { transport, path, reference } = place;
  if (reference === '' && transport.endsWith('-archive')) return wholeArchive(paths, path, options);
  const source = `${transport}:${path}${reference === '' ? '' : `:${reference}`}`;
  return withStaging(paths, (staging) => wholeCopy({ paths, options, staging }, source)).catch(refused);
}

/** The digest (hex) of what a registry has under a name now. */
export async function registryDigest(name: string, options: SkopeoOptions): Promise<string> {
  return readManifest(await skopeo('inspect', ['--raw', `docker://${name}`], options)).digest;
}

/** All tags of a repository. */
export async function registryTags(repository: string, options: SkopeoOptions): Promise<string[]> {
  const output = await skopeo('list-tags', [`docker://${repository}`], options);
  return (JSON.parse(output.toString()) as { Tags: string[] }).Tags;
}

function refused(error: unknown): never {
  throw importError(error);
}

async function fromRegistry(pull: Pull, name: string): Promise<PulledImage[]> {
  const { options } = pull;
  const source = `docker://${name}`;
  const top = readManifest(await skopeo('inspect', ['--raw', source], options));
  assertDigest(source, top);
  const listDigest = top.content.kind === 'list' ? { listDigest: top.digest } : {};
  // A signature is for a name with its tag: skopeo has to see that, and the manifest it was made for.
  if (demandsSignatures())
    return (await wholeCopy(pull, source)).map((image) => ({ ...image, ...listDigest }));
  const { digest, image } = await chosenImage(top, name, pull);
  const exact = `docker://${repositoryOf(name)}@sha256:${digest}`;
  const config = await skopeo('inspect', ['--raw', '--config', exact], options);
  const layout = join(pull.staging.directory, 'layout');
  const archived = { ...image, names: options.names, manifestDigest: digest };
  // Everything is read from the place-holders' side by diff ids, which only the checked config may name.
  const { diffIds } = parseImageConfig(config.toString());
  options.hold(diffIds);
  const present = (index: number): boolean => isComplete(pull.paths, diffIds[index] ?? '');
  mkdirSync(join(layout, 'blobs/sha256'), { recursive: true, mode: 0o700 });
  image.layers.forEach((layer, index) => {
    if (present(index)) placeholder(join(layout, layer.name), layer.size ?? 0);
  });
  announce(options, image);
  const imported = await whileCopying(pull, { source: exact, layout, image }, (arriving) =>
    importImages(
      {
        ...importInto(pull, withConfig(arriving.archive, image.config.name, config)),
        whole: arriving.whole,
      },
      [archived],
    ),
  );
  return imported.map((one) => ({ ...one, ...listDigest, warnings: foreignTo(one, options.platform) }));
}

async function chosenImage(
  top: Manifest,
  name: string,
  { options }: Pull,
): Promise<{ digest: string; image: Pick<ArchivedImage, 'config' | 'layers'> }> {
  if (top.content.kind === 'image') return { digest: top.digest, image: top.content.image };
  const { word, instances } = top.content;
  const platform = wantedPlatform(options.platform);
  const digest = instanceFor(instances, platform);
  if (digest === undefined)
    throw new BerthError(
      'registry',
      `choosing an image from manifest list docker://${name}: no image found in ${word} for architecture "${platform.architecture}", variant "${platform.variant ?? ''}", OS "${platform.os}"`,
    );
  const exact = `docker://${repositoryOf(name)}@sha256:${digest}`;
  const chosen = readManifest(await skopeo('inspect', ['--raw', exact], options));
  assertDigest(exact, chosen, digest);
  if (chosen.content.kind !== 'image') throw new BerthError('archive', `docker://${name} is a list of lists`);
  return { digest, image: chosen.content.image };
}

/** What skopeo shows raw it has not compared with the name. */
function assertDigest(
  source: string,
  { digest }: Manifest,
  expected = /@sha256:(.*)$/.exec(source)?.[1],
): void {
  if (expected !== undefined && digest !== expected)
    throw new BerthError(
      'archive',
      `${source}: the registry gave a manifest that has another digest (${digest})`,
    );
}

interface Arriving {
  archive: Archive;
  /** Settles when skopeo has ended. */
  whole: Promise<unknown>;
}

/** Runs `work` while skopeo fills a layout; both end before this does. */
async function whileCopying<Result>(
  { options }: Pull,
  { source, layout, image }: { source: string; layout: string; image: Pick<ArchivedImage, 'layers'> },
  work: (arriving: Arriving) => Promise<Result>,
): Promise<Result> {
  const giveUp = new AbortController();
  const signal = AbortSignal.any([options.signal, giveUp.signal]);
  // Layers that are stored as they were packed keep their digests.
  const args = ['--dest-oci-accept-uncompressed-layers', '--remove-signatures', source, `oci:${layout}`];
  const copying = skopeo('copy', args, { ...options, signal });
  const meter = transferMeter(layout, image.layers, options);
  try {
    return await work({ archive: arrivingLayout(layout, copying), whole: copying });
  } catch (error) {
    giveUp.abort();
    throw error;
  } finally {
    await copying.catch(() => {});
    meter.end();
  }
}

/** A layout whose blobs come one by one: a name is opened when it is there. What was read is deleted. */
function arrivingLayout(layout: string, copying: Promise<unknown>): Archive {
  const directory = openDirectory(layout);
  const settled = copying.then(
    () => true,
    () => true,
  );
  return {
    ...directory,
    async open(name) {
      for (let last = false; ; ) {
        const news = nextChange(join(layout, 'blobs/sha256'));
        try {
          if (last) await copying;
          if (last || (await directory.has(name))) {
            const { size, content } = await directory.open(name);
            return { size, content: thenDeleted(content, join(layout, name)) };
          }
          last = (await Promise.race([news.happened, settled])) === true;
        } finally {
          news.end();
        }
      }
    },
  };
}

/** Begins to look before it returns, so that nothing is missed between a look and the wait. */
function nextChange(directory: string): { happened: Promise<false>; end(): void } {
  const watcher = watch(directory);
  const happened = new Promise<false>((resolve) => watcher.once('change', () => resolve(false)));
  return { happened, end: () => watcher.close() };
}

async function* thenDeleted(content: Bytes, file: string): Bytes {
  try {
    yield* content;
  } finally {
    rmSync(file, { force: true });
  }
}

function withConfig(archive: Archive, name: string, config: Buffer): Archive {
  return {
    ...archive,
    open: (asked) =>
      asked === name ? Promise.resolve({ size: config.length, content: once(config) }) : archive.open(asked),
  };
}

async function* once(bytes: Buffer): Bytes {
  yield bytes;
}

/** Everything of one image by one copy that changes nothing: `dir:` takes any manifest as it is. */
async function wholeCopy(pull: Pull, source: string): Promise<PulledImage[]> {
  const { options } = pull;
  const directory = join(pull.staging.directory, 'image');
  const { os, architecture, variant } = options.platform ?? {};
  await skopeo(
    'copy',
    [
      ...(os === undefined ? [] : [`--override-os=${os}`]),
      ...(architecture === undefined ? [] : [`--override-arch=${architecture}`]),
      ...(variant === undefined ? [] : [`--override-variant=${variant}`]),
      ...[source, `dir:${directory}`],
    ],
    { ...options, onLine: (line) => options.onProgress({ step: 'told', line }) },
  );
  const { digest, content } = readManifest(readFileSync(join(directory, 'manifest.json')));
  if (content.kind !== 'image') throw new BerthError('archive', `${source} holds a list of images`);
  const files = openDirectory(directory);
  // The same names without the folders.
  const flat = (name: string): string => name.replace(/^.*\//, '');
  const archive = {
    ...files,
    has: (name: string) => files.has(flat(name)),
    open: (name: string) => files.open(flat(name)),
  };
  const archived = { ...content.image, names: options.names, manifestDigest: digest };
  const job = importInto({ ...pull, options: { ...options, onProgress: () => {} } }, archive);
  const imported = await importImages(job, [archived]);
  return imported.map((image) => ({ ...image, warnings: foreignTo(image, options.platform) }));
}

/** An archive of which no image was named: all of them, under the names that it has for them. */
async function wholeArchive(paths: StoragePaths, path: string, options: PullOptions): Promise<PulledImage[]> {
  const imported = await importArchive(paths, { path }, { hold: options.hold });
  for (const { id, config } of imported)
    options.onProgress({ step: 'blobs', layers: config.diffIds, config: id });
  options.onProgress({ step: 'writing' });
  return imported.map((image) => ({ ...image, warnings: foreignTo(image, options.platform) }));
}

function importInto({ paths, staging, options }: Pull, archive: Archive): Import {
  return {
    paths,
    archive,
    staging,
    staged: new Map(),
    budget: budget({ directory: staging.directory }),
    options: {
      hold: options.hold,
      onProgress({ step }) {
        if (step === 'writing') options.onProgress({ step });
      },
    },
  };
}

function announce(options: PullOptions, { layers, config }: Pick<ArchivedImage, 'config' | 'layers'>): void {
  const digests = layers.map(({ digest }) => digest ?? '');
  options.onProgress({ step: 'blobs', layers: [...new Set(digests)], config: config.digest ?? '' });
}

/** skopeo fetches nothing that is there under the right name, and looks at no more than the name. */
function placeholder(file: string, size: number): void {
  writeFileSync(file, '');
  truncateSync(file, size);
}

type WantedPlatform = Required<Pick<Platform, 'os' | 'architecture'>> & Pick<Platform, 'variant'>;

function wantedPlatform({ os, architecture, variant }: Platform = {}): WantedPlatform {
  return {
    os: os ?? 'linux',
    architecture: architecture ?? imageArchitecture(process.arch),
    ...(variant === undefined ? {} : { variant }),
  };
}

/** As Podman says it of an image that is for something else than was asked for. */
function foreignTo({ config, warnings }: ImportedImage, asked: Platform | undefined): string[] {
  const { os, architecture, variant } = wantedPlatform(asked);
  if (config.os === '' || config.architecture === '') return warnings;
  if (config.os === os && config.architecture === architecture) return [];
  const expected = [os, architecture, variant].filter(Boolean).join('/');
  return [
    `image platform (${config.os}/${config.architecture}) does not match the expected platform (${expected})`,
  ];
}
