/** Finds where one zstd frame ends and the next begins (RFC 8878, 3.1), without decompressing anything. */
import { BerthError } from '../../model/errors.ts';
import type { Bytes } from './decompress.ts';

const MAGIC = 0xfd2fb528;

/**
 * The frames of a zstd stream, one after another; skippable frames are left out. Each frame must be read to its end
 * before the next is asked for.
 */
export async function* zstdFrames(source: Bytes): AsyncGenerator<Bytes> {
  const reader = byteReader(source);
  try {
    while (!(await reader.atEnd())) {
      const start = await reader.read(4);
      const magic = start.readUInt32LE(0);
      if ((magic & 0xfffffff0) >>> 0 === 0x184d2a50)
        await reader.skip((await reader.read(4)).readUInt32LE(0));
      else if (magic === MAGIC) yield frame(reader, start);
      else throw new BerthError('archive', 'broken zstd data: something else follows a frame');
    }
  } finally {
    await reader.close();
  }
}

async function* frame(reader: ByteReader, magic: Buffer): Bytes {
  const descriptor = await reader.read(1);
  const flags = descriptor[0] ?? 0;
  const singleSegment = (flags & 0x20) !== 0;
  const dictionaryId = [0, 1, 2, 4][flags & 3] ?? 0;
  const contentSize = [singleSegment ? 1 : 0, 2, 4, 8][flags >> 6] ?? 0;
  yield Buffer.concat([
    magic,
    descriptor,
    await reader.read((singleSegment ? 0 : 1) + dictionaryId + contentSize),
  ]);
  for (let last = false; !last; ) {
    const header = await reader.read(3);
    const value = header.readUIntLE(0, 3);
    last = (value & 1) === 1;
    // A block that repeats one byte (type 1) has a size but only that byte.
    const length = ((value >> 1) & 3) === 1 ? 1 : value >> 3;
    yield Buffer.concat([header, await reader.read(length)]);
  }
  if ((flags & 4) !== 0) yield await reader.read(4);
}

interface ByteReader {
  atEnd(): Promise<boolean>;
  /** Exactly so many bytes. */
  read(length: number): Promise<Buffer>;
  skip(length: number): Promise<void>;
  close(): Promise<void>;
}

function byteReader(source: Bytes): ByteReader {
  const iterator = source[Symbol.asyncIterator]();
  let buffer: Buffer = Buffer.alloc(0);
  const fill = async (): Promise<boolean> => {
    const next = await iterator.next();
    if (!next.done) buffer = buffer.length === 0 ? next.value : Buffer.concat([buffer, next.value]);
    return !next.done;
  };
  const need = async (): Promise<void> => {
    if (!(await fill())) throw new BerthError('archive', 'broken zstd data: unexpected end');
  };
  return {
    async atEnd() {
      while (buffer.length === 0) if (!(await fill())) return true;
      return false;
    },
    async read(length) {
      while (buffer.length < length) await need();
      const bytes = buffer.subarray(0, length);
      buffer = buffer.subarray(length);
      return bytes;
    },
    async skip(length) {
      let left = length;
      while (left > 0) {
        if (buffer.length === 0) await need();
        const step = Math.min(left, buffer.length);
        buffer = buffer.subarray(step);
        left -= step;
      }
    },
    async close() {
      await iterator.return?.();
    },
  };
}
