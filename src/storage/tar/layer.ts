/** A layer of the store as the tar that it came from, byte for byte. */
import { createHash } from 'node:crypto';
import { closeSync, constants, openSync, readdirSync, readSync } from 'node:fs';
import { BerthError, isErrno } from '../../model/errors.ts';
import { layerDirectory, type StoragePaths } from '../paths.ts';
import { framePieces, replacedDirectory } from './frame.ts';
import type { SparsePart } from './sparse-map.ts';

const CHUNK = 256 * 1024;

/**
 * The uncompressed tar of a layer. What is read is hashed on the way: if the store's files are not what they were, the
 * last chunk is followed by a BerthError('storage'), and whoever wrote them away must take that back.
 */
export async function* layerTar(paths: StoragePaths, diffId: string): AsyncGenerator<Buffer> {
  const directory = layerDirectory(paths, diffId);
  const replaced = new Set(namesIn(replacedDirectory(directory)));
  const hash = createHash('sha256');
  for await (const piece of framePieces(directory, (number) => replaced.has(String(number)))) {
    if ('raw' in piece) {
      hash.update(piece.raw);
      yield piece.raw;
      continue;
    }
    for (const chunk of contentOf(piece.file, piece.parts, diffId)) {
      hash.update(chunk);
      yield chunk;
    }
  }
  if (hash.digest('hex') !== diffId) throw changed(diffId);
}

function* contentOf(file: Buffer, parts: readonly SparsePart[], diffId: string): Generator<Buffer> {
  let fd: number;
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    throw isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP') ? changed(diffId) : error;
  }
  try {
    for (const { offset, length } of parts) {
      for (let done = 0; done < length; ) {
        const chunk = Buffer.allocUnsafe(Math.min(CHUNK, length - done));
        const read = readSync(fd, chunk, 0, chunk.length, offset + done);
        if (read === 0) throw changed(diffId);
        done += read;
        yield chunk.subarray(0, read);
      }
    }
  } finally {
    closeSync(fd);
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

function changed(diffId: string): BerthError {
  return new BerthError(
    'storage',
    `layer ${diffId} is not what it was when it was stored: remove its image and load it again`,
  );
}
