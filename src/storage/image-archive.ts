/** Images out of the layer store: archives as streams and files, and directories. */
import { createHash } from 'node:crypto';
import { createWriteStream, mkdirSync, readFileSync, statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { BerthError, isErrno, systemReason } from '../model/errors.ts';
import {
  type Blob,
  DIRECTORY_VERSION,
  dockerArchiveManifest,
  dockerDirectoryManifest,
  type ImageFormat,
  OCI_LAYOUT,
  ociDescriptors,
  ociIndex,
  ociManifest,
  type SavedImage,
} from '../model/image/archive.ts';
import { writeFileAtomic } from '../sys/files.ts';
import type { StoragePaths } from './paths.ts';
import { measure } from './stage-layer.ts';
import { layerTar } from './tar/layer.ts';
import { TAR_END, tarHeader, tarPadding } from './tar/writer.ts';

/** A file of an archive, by its name in it. */
interface ArchiveFile {
  name: string;
  sizeBytes: number;
  content: () => AsyncIterable<Buffer> | Iterable<Buffer>;
}

/**
 * The bytes of an archive; a layer or config that several images share is in it once. Nothing is kept in memory, and
 * the layers are verified on the way: after an error what has been written is not an image.
 */
export async function* imageArchive(
  paths: StoragePaths,
  format: 'docker-archive' | 'oci-archive',
  images: readonly SavedImage[],
): AsyncGenerator<Buffer> {
  const files = format === 'docker-archive' ? dockerFiles(paths, images) : ociFiles(paths, images);
  for (const { name, sizeBytes, content } of new Map(files.map((file) => [file.name, file])).values()) {
    yield tarHeader({ path: name, type: 'file', mode: 0o444, uid: 0, gid: 0, size: sizeBytes, mtimeNs: 0n });
    yield* content();
    yield tarPadding(sizeBytes);
  }
  yield TAR_END;
}

function dockerFiles(paths: StoragePaths, images: readonly SavedImage[]): ArchiveFile[] {
  return [
    ...images.flatMap((image) => layerFiles(paths, image, (diffId) => `${diffId}.tar`)),
    ...images.map(({ id, document }) => textFile(`${id}.json`, document)),
    textFile('manifest.json', dockerArchiveManifest(images)),
  ];
}

function ociFiles(paths: StoragePaths, images: readonly SavedImage[]): ArchiveFile[] {
  const descriptors = images.flatMap((image) => ociDescriptors(image.names, blobOf(ociManifest(image))));
  return [
    ...images.flatMap((image) => ociBlobs(paths, image)),
    textFile('oci-layout', OCI_LAYOUT),
    textFile('index.json', ociIndex(descriptors)),
  ];
}

function ociBlobs(paths: StoragePaths, image: SavedImage): ArchiveFile[] {
  const manifest = ociManifest(image);
  return [
    ...layerFiles(paths, image, blobName),
    textFile(blobName(image.id), image.document),
    textFile(blobName(blobOf(manifest).digest), manifest),
  ];
}

function layerFiles(
  paths: StoragePaths,
  { layers }: SavedImage,
  nameOf: (diffId: string) => string,
): ArchiveFile[] {
  return layers.map(({ diffId, sizeBytes }) => ({
    name: nameOf(diffId),
    sizeBytes,
    content: () => layerTar(paths, diffId),
  }));
}

function textFile(name: string, text: string): ArchiveFile {
  const bytes = Buffer.from(text);
  return { name, sizeBytes: bytes.length, content: () => [bytes] };
}

function blobName(digest: string): string {
  return `blobs/sha256/${digest}`;
}

function blobOf(text: string): Blob {
  return { digest: createHash('sha256').update(text).digest('hex'), sizeBytes: Buffer.byteLength(text) };
}

/**
 * One image as a directory, which is made; an OCI layout that is there gets the image added. Every file appears whole, and
 * what says that there is an image comes last.
 */
export async function imageDirectory(
  paths: StoragePaths,
  directory: string,
  image: SavedImage,
  { format, compress }: { format: ImageFormat; compress: boolean },
): Promise<void> {
  try {
    mkdirSync(join(directory, format === 'oci-dir' ? 'blobs/sha256' : ''), { recursive: true });
    if (format === 'oci-dir') await ociDirectory(paths, directory, image);
    else await dockerDirectory(paths, directory, image, compress);
  } catch (error) {
    if (error instanceof BerthError || (error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new BerthError('storage', `cannot write ${directory}: ${systemReason(error)}`, { cause: error });
  }
}

async function ociDirectory(paths: StoragePaths, directory: string, image: SavedImage): Promise<void> {
  for (const file of ociBlobs(paths, image)) await writeWhole(join(directory, file.name), file);
  writeFileAtomic(join(directory, 'oci-layout'), OCI_LAYOUT, { mode: 0o644 });
  const added = ociDescriptors(image.names, blobOf(ociManifest(image)));
  const kept = indexed(join(directory, 'index.json')).filter(
    (one) => !added.some((other) => sameReference(one, other)),
  );
  writeFileAtomic(join(directory, 'index.json'), ociIndex([...kept, ...added]), { mode: 0o644 });
}

async function dockerDirectory(
  paths: StoragePaths,
  directory: string,
  image: SavedImage,
  compress: boolean,
): Promise<void> {
  const blobs: Blob[] = [];
  for (const file of layerFiles(paths, image, (diffId) => diffId))
    blobs.push(
      compress
        ? await writeGzipped(directory, file)
        : await writeWhole(join(directory, file.name), file).then(() => ({
            digest: file.name,
            sizeBytes: file.sizeBytes,
          })),
    );
  writeFileAtomic(join(directory, image.id), image.document, { mode: 0o644 });
  writeFileAtomic(join(directory, 'version'), DIRECTORY_VERSION, { mode: 0o644 });
  const manifest = dockerDirectoryManifest(image, blobs, { compressed: compress });
  writeFileAtomic(join(directory, 'manifest.json'), manifest, { mode: 0o644 });
}

/** Named by its digest: a whole one is there already, or none. */
async function writeWhole(path: string, { sizeBytes, content }: ArchiveFile): Promise<void> {
  if (statSync(path, { throwIfNoEntry: false })?.size === sizeBytes) return;
  const unfinished = `${path}.${process.pid}.tmp`;
  try {
    await pipeline(Readable.from(content(), { objectMode: false }), createWriteStream(unfinished));
    await rename(unfinished, path);
  } finally {
    await rm(unfinished, { force: true });
  }
}

async function writeGzipped(directory: string, { name, content }: ArchiveFile): Promise<Blob> {
  const unfinished = join(directory, `${name}.${process.pid}.tmp`);
  try {
    const gzip = createGzip();
    const measured = measure(gzip);
    await Promise.all([
      pipeline(Readable.from(content(), { objectMode: false }), gzip),
      pipeline(Readable.from(measured.bytes, { objectMode: false }), createWriteStream(unfinished)),
    ]);
    const digest = measured.digest();
    await rename(unfinished, join(directory, digest));
    return { digest, sizeBytes: measured.length() };
  } finally {
    await rm(unfinished, { force: true });
  }
}

/** What an index that is there names. */
function indexed(file: string): object[] {
  try {
    const { manifests } = JSON.parse(readFileSync(file, 'utf8')) as { manifests?: object[] };
    return manifests ?? [];
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw new BerthError('archive', `${file} is not the index of an OCI layout: choose another directory`, {
      cause: error,
    });
  }
}

interface Descriptor {
  digest?: unknown;
  annotations?: Record<string, unknown>;
}

function sameReference(one: Descriptor, other: Descriptor): boolean {
  const reference = ({ annotations }: Descriptor) => annotations?.['org.opencontainers.image.ref.name'];
  return reference(one) === reference(other) && (reference(one) !== undefined || one.digest === other.digest);
}
