/** Loading images: from an archive into the layer store. What came in is returned; recording it is the caller's. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { BerthError, isErrno, messageOf } from '../model/errors.ts';
import {
  type ImageConfig,
  imageArchitecture,
  normaliseImageName,
  parseImageConfig,
} from '../model/image/image.ts';
import { type Archive, type ArchiveSource, openArchive, readText } from './archive.ts';
import { type Budget, budget } from './budget.ts';
import { isComplete, layerSize, publishLayers } from './layers.ts';
import { type ArchivedBlob, type ArchivedImage, archivedImages } from './manifests.ts';
import type { StoragePaths } from './paths.ts';
import { measure, stageLayer } from './stage-layer.ts';
import { type Staging, withStaging } from './staging.ts';

export interface ImportedImage {
  /** sha256 hex of the config blob. */
  id: string;
  /** Full names; empty if the archive has none. */
  names: string[];
  /** Lowest first. `created`: this import brought it. */
  layers: { diffId: string; sizeBytes: number; created: boolean }[];
  config: ImageConfig;
  configJson: string;
  /** sha256 hex of the manifest, for OCI archives. */
  digest?: string;
  /** For the person; the image has been imported all the same. */
  warnings: string[];
}

export type ImportProgress =
  | { step: 'reading' }
  | {
      step: 'layer';
      diffId: string;
      number: number;
      total: number;
      state: 'unpacking' | 'unpacked' | 'present';
    }
  | { step: 'writing' };

export interface ImportOptions {
  onProgress?: (progress: ImportProgress) => void;
  /**
   * Called with the diff ids of an image before any of them is looked for: from then on, none of them may be removed, though
   * no image has it yet.
   */
  hold?: (diffIds: readonly string[]) => void;
  /** Names to give instead of the archive's, which must hold one image then. */
  names?: string[];
  /** Bytes that the archive, and the layers in it, may have uncompressed; 0 for any number. See budget.ts for what holds else. */
  maxBytes?: number;
}

/**
 * Imports every image of an archive. All or nothing: layers become visible only after everything was verified.
 * Errors: BerthError('archive') for a broken or hostile archive, 'storage' for the disk, 'missing-program'.
 */
export async function importArchive(
  paths: StoragePaths,
  source: ArchiveSource,
  options: ImportOptions = {},
): Promise<ImportedImage[]> {
  return withStaging(paths, async (staging) => {
    options.onProgress?.({ step: 'reading' });
    const { directory } = staging;
    const { maxBytes } = options;
    const allowed = () => budget({ directory, ...(maxBytes === undefined ? {} : { maxBytes }) });
    try {
      const archive = await openArchive(source, { file: join(directory, 'archive.tar'), budget: allowed() });
      try {
        const archived = await archivedImages(archive, MACHINE);
        const job = { paths, archive, staging, options, staged: new Map(), budget: allowed() };
        return await importImages(job, archived);
      } finally {
        await archive.close();
      }
    } catch (error) {
      throw importError(error);
    }
  });
}

/** OVL_MAX_STACK of the kernel, also Podman's. */
const MAX_LAYERS = 500;

/** What an image of this machine is for. */
const MACHINE = { architecture: imageArchitecture(process.arch), os: 'linux' };

export interface Import {
  paths: StoragePaths;
  archive: Archive;
  staging: Staging;
  options: ImportOptions;
  /** Sizes of the layers unpacked by this import, by diff id. */
  staged: Map<string, number>;
  /** For all layers together. */
  budget: Budget;
  /** Awaited when all is unpacked and nothing is published yet: whoever fills the archive says that it is whole. */
  whole?: Promise<unknown>;
}

type CheckedImage = Omit<ImportedImage, 'layers'>;

/** The images that an archive is known to hold, all or none. Errors: see importArchive; what else is thrown, importError names. */
export async function importImages(job: Import, archived: ArchivedImage[]): Promise<ImportedImage[]> {
  if (archived.length === 0) throw new BerthError('archive', 'the archive holds no image');
  const names = job.options.names?.map((name) => normaliseImageName(name));
  if (names !== undefined && archived.length > 1) {
    throw new BerthError(
      'archive',
      `the archive holds ${archived.length} images, so they cannot all be given the same name`,
    );
  }
  const images: CheckedImage[] = [];
  for (const image of archived) {
    const checked = await checkImage(job.archive, image, MACHINE.architecture);
    images.push(names === undefined ? checked : { ...checked, names });
    job.options.hold?.(checked.config.diffIds);
    for (const [index, blob] of image.layers.entries()) {
      await importLayer(job, blob, {
        diffId: checked.config.diffIds[index] ?? '',
        number: index + 1,
        total: image.layers.length,
      });
    }
  }
  await job.whole;
  job.staging.assertOwned();
  job.options.onProgress?.({ step: 'writing' });
  const created = await publishLayers(job.paths, job.staging.directory, [...job.staged.keys()]);
  return images.map((image) => ({
    ...image,
    layers: image.config.diffIds.map((diffId) => ({
      diffId,
      sizeBytes: job.staged.get(diffId) ?? layerSize(job.paths, diffId),
      created: created.has(diffId),
    })),
  }));
}

async function checkImage(
  archive: Archive,
  image: ArchivedImage,
  architecture: string,
): Promise<CheckedImage> {
  const configJson = await readText(archive, image.config.name);
  const id = createHash('sha256').update(configJson).digest('hex');
  if (image.config.digest !== undefined && image.config.digest !== id) {
    throw new BerthError(
      'archive',
      `the image config ${image.config.name} does not match its digest (it has ${id})`,
    );
  }
  const config = parseImageConfig(configJson);
  if (config.diffIds.length !== image.layers.length) {
    throw new BerthError(
      'archive',
      `the image has ${image.layers.length} layers, its config names ${config.diffIds.length}`,
    );
  }
  if (new Set(config.diffIds).size > MAX_LAYERS)
    throw new BerthError(
      'archive',
      `the image has ${config.diffIds.length} layers, overlayfs takes no more than ${MAX_LAYERS}`,
    );
  if (config.os !== '' && config.os !== 'linux')
    throw new BerthError('archive', `the image is for ${config.os}, not for linux`);
  const foreign = config.architecture !== '' && config.architecture !== architecture;
  return {
    id,
    names: image.names,
    config,
    configJson,
    ...(image.manifestDigest === undefined ? {} : { digest: image.manifestDigest }),
    warnings: foreign ? [`the image is for ${config.architecture}, this machine is ${architecture}`] : [],
  };
}

async function importLayer(
  job: Import,
  blob: ArchivedBlob,
  layer: { diffId: string; number: number; total: number },
): Promise<void> {
  const { diffId } = layer;
  const report = (state: 'unpacking' | 'unpacked' | 'present') =>
    job.options.onProgress?.({ step: 'layer', ...layer, state });
  if (job.staged.has(diffId) || isComplete(job.paths, diffId)) return report('present');
  report('unpacking');
  const { size, content } = await job.archive.open(blob.name);
  if (blob.size !== undefined && blob.size !== size)
    throw new BerthError('archive', `${blob.name} has ${size} bytes, declared are ${blob.size}`);
  // Uncompressed layers of OCI archives would be hashed twice to the same end.
  const compressed = blob.digest === undefined || blob.digest === diffId ? undefined : measure(content);
  const staged = await stageLayer(
    join(job.staging.directory, diffId),
    job.budget.decompress(compressed?.bytes ?? content),
  );
  if (compressed !== undefined && compressed.digest() !== blob.digest)
    throw new BerthError('archive', `${blob.name} does not match its digest`);
  if (staged.diffId !== diffId)
    throw new BerthError(
      'archive',
      `layer ${blob.name} does not have the content that the image config promises (${diffId})`,
    );
  job.staged.set(diffId, staged.sizeBytes);
  report('unpacked');
}

/** What the system refused becomes an answer; a bug stays one. */
export function importError(error: unknown): unknown {
  if (error instanceof BerthError || (error as NodeJS.ErrnoException).code === undefined) return error;
  const full = isErrno(error, 'ENOSPC', 'EDQUOT');
  return new BerthError(
    'storage',
    full ? 'no space left for the image' : `cannot import the image: ${messageOf(error)}`,
    {
      cause: error,
    },
  );
}
