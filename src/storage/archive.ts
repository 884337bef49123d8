/** An image archive as a set of named blobs, whatever it is: a tar (compressed or not), a stream, a directory. */
import {
  closeSync,
  createReadStream,
  createWriteStream,
  fstatSync,
  openSync,
  readSync,
  type Stats,
  statSync,
} from 'node:fs';
import { dirname, join, posix } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BerthError, isErrno, messageOf } from '../model/errors.ts';
import type { Budget } from './budget.ts';
import { toBytes } from './byte-string.ts';
import { type Bytes, detectCompression, MAGIC_LENGTH } from './tar/decompress.ts';
import { readTar } from './tar/feed.ts';
import { byteExactExtract, type TarHeader } from './tar/reader.ts';

export type ArchiveSource = { path: string } | { stream: Readable };

export interface Archive {
  has(name: string): boolean | Promise<boolean>;
  /** The memory of a chunk is used again for the next one. A BerthError('archive') if there is no such file. */
  open(name: string): Promise<{ size: number; content: Bytes }>;
  close(): Promise<void>;
}

/** An image archive has one file per layer and a few more; a tar of a million files is something else. */
const MAX_FILES = 100_000;
/** Manifests and configs are read into memory; registries and Podman take no larger ones either. */
const MAX_JSON = 4 * 1024 * 1024;
const MAX_LINKS = 8;
const CHUNK = 65_536;
const TURN_EVERY = 16 * CHUNK;

/**
 * Opens an archive. A plain tar file is read in place; a compressed one, and a stream, is first written to `spool`, because
 * the manifest that says what the files are may be the last of them.
 * @param spool.budget what it may be uncompressed.
 */
export async function openArchive(
  source: ArchiveSource,
  spool: { file: string; budget: Budget },
): Promise<Archive> {
  if ('stream' in source) return openTar(await spooled(source.stream, spool));
  const { path } = source;
  const kind = kindOf(path);
  if (kind.isDirectory()) return openDirectory(path);
  if (!kind.isFile() || isCompressed(path))
    return openTar(await spooled(createReadStream(path, { highWaterMark: CHUNK }), spool));
  return openTar(path);
}

/** A small file as text. */
export async function readText(archive: Archive, name: string): Promise<string> {
  const { size, content } = await archive.open(name);
  if (size > MAX_JSON)
    throw new BerthError('archive', `${name} has ${size} bytes, more than any manifest needs`);
  const chunks: Buffer[] = [];
  for await (const chunk of content) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}

async function spooled(stream: Readable, spool: { file: string; budget: Budget }): Promise<string> {
  await pipeline(spool.budget.decompress(stream), createWriteStream(spool.file, { mode: 0o600 }));
  return spool.file;
}

function kindOf(path: string): Stats {
  try {
    return statSync(path);
  } catch (error) {
    const reason = isErrno(error, 'ENOENT') ? 'no such file or directory' : messageOf(error);
    throw new BerthError('archive', `faccessat ${path}: ${reason}`, { cause: error });
  }
}

function isCompressed(path: string): boolean {
  const fd = openSync(path, 'r');
  try {
    const head = Buffer.alloc(MAGIC_LENGTH);
    return detectCompression(head.subarray(0, readSync(fd, head, 0, MAGIC_LENGTH, 0))) !== 'none';
  } finally {
    closeSync(fd);
  }
}

type IndexEntry = FileEntry | { target: string };
type FileEntry = { offset: number; size: number; isSparse: boolean };

async function openTar(path: string): Promise<Archive> {
  const index = await indexTar(path);
  const fd = openSync(path, 'r');
  return {
    has: (name) => index.has(name),
    async open(name) {
      const { offset, size, isSparse } = find(index, name);
      if (isSparse)
        throw new BerthError(
          'archive',
          `${JSON.stringify(name)} is stored as a sparse file: pack the archive without that`,
        );
      return { size, content: slice(fd, offset, size) };
    },
    close: async () => closeSync(fd),
  };
}

/** One pass over the headers. Of two entries with one name the later one counts, as when unpacking. */
async function indexTar(path: string): Promise<Map<string, IndexEntry>> {
  const index = new Map<string, IndexEntry>();
  const extractor = byteExactExtract({ direct: true });
  let end = 0;
  const contentEnd = () => end;
  extractor.on('entry', (entry, _stream, next) => {
    const header = entry as unknown as TarHeader;
    end = header.byteOffset + header.size;
    const name = fileName(header.name);
    if (header.type === 'symlink')
      index.set(name, { target: posix.join(dirname(name), fileName(header.linkname ?? '')) });
    else if (header.type === 'link') index.set(name, { target: fileName(header.linkname ?? '') });
    else if (header.type === 'file')
      index.set(name, {
        offset: header.byteOffset,
        size: header.size,
        isSparse: header.sparse !== undefined,
      });
    next(index.size > MAX_FILES ? new Error('too many files') : null);
  });
  try {
    const fd = openSync(path, 'r');
    try {
      await readTar(extractor, headersOf(fd, contentEnd));
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    // tar-stream advises to gunzip, which has been done by now.
    const reason = messageOf(error).replace(/ Maybe the tar .*$/, '');
    throw new BerthError('archive', `not an image archive, or a broken one: ${reason}`, {
      cause: error,
    });
  }
  return index;
}

/**
 * The bytes of a file, but for contents of entries: they are not looked at, so nothing is read of them.
 * @param contentEnd where the content of the last entry ends that came out of these bytes so far.
 */
async function* headersOf(fd: number, contentEnd: () => number): Bytes {
  const { size } = fstatSync(fd);
  const buffer = Buffer.alloc(CHUNK);
  for (let offset = 0; offset < size; ) {
    const skippable = Math.min(contentEnd(), size) - offset;
    const length = skippable > 0 ? Math.min(skippable, CHUNK) : readSync(fd, buffer, 0, CHUNK, offset);
    if (length === 0) return;
    offset += length;
    yield buffer.subarray(0, length);
  }
}

/** Docker used to write a layer that two images share once, and symlinks to it. */
function find(index: Map<string, IndexEntry>, name: string): FileEntry {
  let entry = index.get(name);
  for (let links = 0; entry !== undefined && 'target' in entry && links < MAX_LINKS; links++)
    entry = index.get(entry.target);
  if (entry === undefined || 'target' in entry) throw missing(name);
  return entry;
}

/**
 * Read synchronously: a trip through the thread pool takes longer than to copy a chunk out of the page cache. But timers and
 * signals must have their turn now and then, for one keeps the import's lock fresh.
 */
async function* slice(fd: number, offset: number, size: number): Bytes {
  const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK, size));
  let turnAt = TURN_EVERY;
  for (let done = 0; done < size; ) {
    const bytesRead = readSync(fd, buffer, 0, Math.min(buffer.length, size - done), offset + done);
    if (bytesRead === 0) throw new BerthError('archive', 'the archive became shorter while it was read');
    done += bytesRead;
    yield buffer.subarray(0, bytesRead);
    if (done >= turnAt) {
      turnAt = done + TURN_EVERY;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** Files by their names below a directory. */
export function openDirectory(path: string): Archive {
  const kindIn = (name: string) => statSync(join(path, name), { throwIfNoEntry: false });
  return {
    has: (name) => kindIn(name)?.isFile() ?? false,
    async open(name) {
      const fd = openFile(join(path, name), name);
      const kind = fstatSync(fd);
      if (!kind.isFile()) {
        closeSync(fd);
        throw new BerthError('archive', `${name} is not a file`);
      }
      return { size: kind.size, content: closing(slice(fd, 0, kind.size), fd) };
    },
    close: async () => {},
  };
}

function openFile(path: string, name: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw isErrno(error, 'ENOENT', 'ENOTDIR') ? missing(name) : error;
  }
}

async function* closing(content: Bytes, fd: number): Bytes {
  try {
    yield* content;
  } finally {
    closeSync(fd);
  }
}

function fileName(byteString: string): string {
  return posix.normalize(toBytes(byteString).toString()).replace(/^\/+/, '');
}

function missing(name: string): BerthError {
  return new BerthError('archive', `the archive has no file ${JSON.stringify(name)}`);
}
