/**
 * A layer's tar without the contents of its files, so that exactly the same tar can be written again.
 *
 * A digest covers every byte of the tar: headers as their writer made them, their order, padding, whatever follows the
 * end. None of that can be told from the unpacked tree. So the bytes that are not contents of files are kept beside the
 * layer, compressed (`frame.zst`): a list of pieces, raw bytes or "here the content of that file".
 */
import { closeSync, createReadStream, linkSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { BerthError, isErrno } from '../../model/errors.ts';
import { toBytes } from '../byte-string.ts';
import { type Bytes, decompress } from './decompress.ts';
import type { TarWatcher } from './feed.ts';
import type { SparsePart } from './sparse-map.ts';

/** Names in a layer's directory. */
export const FRAME_FILE = 'frame.zst';
/** Contents that the layer's own later entries replaced: named by the number of their piece. */
const REPLACED = 'replaced';

/** Paths are byte strings. `parts`: the piece is these parts of the file, one after another, not its beginning. */
export type FramePiece = { raw: Buffer } | { path: string; size: number; parts?: readonly SparsePart[] };

/** One kind byte, then a length; the kinds. */
const RAW = 0;
const FILE = 1;
const SPARSE = 2;
const HEAD = 9;
/** Pieces are compressed together up to so many bytes, each time a zstd frame of its own. */
const BATCH = 64 * 1024;

/** Writes down one tar while it is unpacked. INVARIANT: bytes() is ahead of file(), and both go forward only. */
export interface FrameRecorder extends TarWatcher {
  /** The unpacker has come to a file's content: so many bytes at that offset, which will be found at `path`. */
  file(path: string, at: { offset: number; size: number; parts?: readonly SparsePart[] }): void;
  /** A file, or a directory with all that is in it, is about to be removed: content that the tar has is kept. */
  replaced(path: string, isDirectory: boolean): void;
  /** After the last byte. */
  finish(): void;
  /** Closes the file, however it went. */
  close(): void;
}

/** @param directory of the layer: `frame.zst` is written there; the files are unpacked in its `diff`. */
export function frameRecorder(directory: string): FrameRecorder {
  const fd = openSync(join(directory, FRAME_FILE), 'wx', 0o600);
  /** Number of the piece that is a path's content, for what is still in the tree. */
  const contents = new Map<string, number>();
  let pieces = 0;
  const batch = Buffer.allocUnsafeSlow(BATCH);
  let batched = 0;
  /** Bytes of the tar of which nobody has said yet what they are, from `position` on. */
  let pending: Buffer[] = [];
  let position = 0;
  /** Bytes still to come that are content. */
  let skip = 0;

  return {
    bytes(chunk) {
      const dropped = Math.min(skip, chunk.length);
      skip -= dropped;
      position += dropped;
      if (dropped < chunk.length) pending.push(chunk.subarray(dropped));
    },

    reached(offset) {
      if (offset > position) raw(take(offset - position));
      const last = pending.pop();
      // Its memory will be used again.
      if (last !== undefined) pending.push(Buffer.from(last));
    },

    file(path, { offset, size, parts }) {
      if (size === 0) return;
      raw(take(offset - position));
      contents.set(path, pieces);
      if (parts === undefined) put(FILE, encodeFile(path, size));
      else put(SPARSE, encodeSparse(path, parts));
      drop(size);
    },

    replaced(path, isDirectory) {
      const gone = isDirectory
        ? [...contents.keys()].filter((known) => known.startsWith(`${path}/`))
        : [path];
      for (const known of gone) {
        const piece = contents.get(known);
        if (piece === undefined) continue;
        contents.delete(known);
        mkdirSync(join(directory, REPLACED), { recursive: true, mode: 0o700 });
        linkSync(
          toBytes(`${Buffer.from(join(directory, 'diff')).toString('latin1')}/${known}`),
          join(directory, REPLACED, String(piece)),
        );
      }
    },

    finish() {
      raw(Buffer.concat(pending));
      pending = [];
      flush();
    },

    close: () => closeSync(fd),
  };

  function take(length: number): Buffer {
    const parts: Buffer[] = [];
    for (let left = length; left > 0; ) {
      const first = pending[0];
      if (first === undefined) throw new Error('the unpacker is ahead of the tar');
      const part = first.subarray(0, left);
      parts.push(part);
      if (part.length === first.length) pending.shift();
      else pending[0] = first.subarray(part.length);
      left -= part.length;
    }
    position += length;
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
  }

  /** What has not come yet is dropped when it comes. */
  function drop(length: number): void {
    const here = Math.min(
      length,
      pending.reduce((sum, chunk) => sum + chunk.length, 0),
    );
    take(here);
    skip = length - here;
  }

  function raw(bytes: Buffer): void {
    if (bytes.length > 0) put(RAW, bytes);
  }

  function put(kind: number, payload: Buffer): void {
    const length = HEAD + payload.length;
    if (batched + length > BATCH) flush();
    // A copy: the chunk that the payload is a part of must not be held.
    const room = length > BATCH ? Buffer.allocUnsafeSlow(length) : batch.subarray(batched, batched + length);
    room[0] = kind;
    writeLength(room, payload.length, 1);
    payload.copy(room, HEAD);
    if (length > BATCH) write(room);
    else batched += length;
    pieces += 1;
  }

  function flush(): void {
    if (batched > 0) write(batch.subarray(0, batched));
    batched = 0;
  }

  function write(bytes: Buffer): void {
    const compressed = zstdCompressSync(bytes);
    for (let written = 0; written < compressed.length; ) written += writeSync(fd, compressed, written);
  }
}

/**
 * The pieces of a layer's frame, with where each content is to be read. Throws BerthError('storage') if the layer has none,
 * which is so for one that was stored before frames were.
 */
export async function* framePieces(
  directory: string,
  hasReplaced: (piece: number) => boolean,
): AsyncGenerator<{ raw: Buffer } | { file: Buffer; parts: readonly SparsePart[] }> {
  const base = `${Buffer.from(join(directory, 'diff')).toString('latin1')}`;
  let piece = 0;
  for await (const each of decodeFrame(readFrame(directory))) {
    if ('raw' in each) yield each;
    else {
      const kept = hasReplaced(piece) ? join(directory, REPLACED, String(piece)) : undefined;
      yield {
        file: kept === undefined ? toBytes(`${base}/${each.path}`) : Buffer.from(kept),
        parts: each.parts ?? [{ offset: 0, length: each.size }],
      };
    }
    piece += 1;
  }
}

/** Name of the folder with contents that were replaced in the layer itself. */
export function replacedDirectory(directory: string): string {
  return join(directory, REPLACED);
}

async function* readFrame(directory: string): Bytes {
  try {
    yield* decompress(createReadStream(join(directory, FRAME_FILE)) as unknown as Bytes);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    throw new BerthError(
      'storage',
      'a layer of the image was stored by an older Berth, which did not keep what its tar looked like: load the image again',
      { cause: error },
    );
  }
}

/** Bytes into pieces, however they are cut. */
export async function* decodeFrame(source: AsyncIterable<Buffer>): AsyncGenerator<FramePiece> {
  let buffer: Buffer = Buffer.alloc(0);
  for await (const chunk of source) {
    buffer = buffer.length === 0 ? chunk : Buffer.concat([buffer, chunk]);
    for (;;) {
      const length = buffer.length < HEAD ? Number.POSITIVE_INFINITY : Number(buffer.readBigUInt64BE(1));
      if (buffer.length < HEAD + length) break;
      const payload = buffer.subarray(HEAD, HEAD + length);
      yield buffer[0] === RAW
        ? { raw: payload }
        : buffer[0] === FILE
          ? decodeFile(payload)
          : decodeSparse(payload);
      buffer = buffer.subarray(HEAD + length);
    }
  }
  if (buffer.length > 0) throw new BerthError('storage', 'the frame of a layer ends too early');
}

function encodeFile(path: string, size: number): Buffer {
  const piece = Buffer.allocUnsafe(8 + path.length);
  writeLength(piece, size, 0);
  piece.write(path, 8, 'latin1');
  return piece;
}

/** Eight bytes, big-endian; without a BigInt, of which there would be two for each file. */
function writeLength(target: Buffer, length: number, offset: number): void {
  target.writeUInt32BE(Math.floor(length / 2 ** 32), offset);
  target.writeUInt32BE(length % 2 ** 32, offset + 4);
}

function decodeFile(payload: Buffer): FramePiece {
  return { size: Number(payload.readBigUInt64BE()), path: payload.toString('latin1', 8) };
}

/** How many parts, of each its offset and length, then the path. */
function encodeSparse(path: string, parts: readonly SparsePart[]): Buffer {
  const head = Buffer.alloc(8 + 16 * parts.length);
  head.writeBigUInt64BE(BigInt(parts.length));
  parts.forEach(({ offset, length }, index) => {
    head.writeBigUInt64BE(BigInt(offset), 8 + 16 * index);
    head.writeBigUInt64BE(BigInt(length), 16 + 16 * index);
  });
  return Buffer.concat([head, toBytes(path)]);
}

function decodeSparse(payload: Buffer): FramePiece {
  const number = (at: number) => Number(payload.readBigUInt64BE(at));
  const end = 8 + 16 * number(0);
  const parts: SparsePart[] = [];
  for (let at = 8; at < end; at += 16) parts.push({ offset: number(at), length: number(at + 8) });
  const size = parts.reduce((sum, { length }) => sum + length, 0);
  return { path: payload.toString('latin1', end), size, parts };
}
