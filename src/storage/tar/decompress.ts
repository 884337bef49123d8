/** Decompression by what the first bytes say, never by a name or a media type. */
import { spawn } from 'node:child_process';
import { type Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { BerthError, messageOf } from '../../model/errors.ts';
import { cleanEnvironment, spawnError, started } from '../../sys/spawn.ts';
import { zstdFrames } from './zstd-frames.ts';

export type Bytes = AsyncIterable<Buffer>;
export type Compression = 'none' | 'gzip' | 'zstd' | 'xz' | 'bzip2';

/** Enough bytes for detectCompression. */
export const MAGIC_LENGTH = 6;

const CHUNK = 256 * 1024;

export function detectCompression(head: Buffer): Compression {
  if (head.subarray(0, 2).equals(Buffer.from([0x1f, 0x8b]))) return 'gzip';
  if (head.subarray(0, 6).equals(Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]))) return 'xz';
  if (head.subarray(0, 3).toString('latin1') === 'BZh') return 'bzip2';
  const magic = head.length < 4 ? 0 : head.readUInt32LE(0);
  // A zstd frame, or a skippable one before it (RFC 8878, 3.1).
  return magic === 0xfd2fb528 || (magic & 0xfffffff0) >>> 0 === 0x184d2a50 ? 'zstd' : 'none';
}

/**
 * The same bytes, uncompressed. The memory of a chunk may be used again when the next one is asked for, here as there: what is not
 * packed is passed on as it is.
 * Errors: BerthError('archive') for broken data, 'missing-program' for xz without xz.
 */
export async function* decompress(source: Bytes): Bytes {
  const { head, all } = await peek(source);
  const compression = detectCompression(head);
  try {
    yield* decoder(compression, all);
  } catch (error) {
    if (error instanceof BerthError || !isDataError(error)) throw error;
    throw new BerthError('archive', `broken ${compression} data: ${messageOf(error)}`, { cause: error });
  }
}

function decoder(compression: Compression, source: Bytes): Bytes {
  switch (compression) {
    case 'none':
      return source;
    case 'gzip':
      return through(copied(source), createGunzip({ chunkSize: CHUNK }));
    case 'zstd':
      return zstd(copied(source));
    case 'xz':
      return xz(copied(source));
    case 'bzip2':
      throw new BerthError('archive', 'compressed with bzip2, which is not supported: decompress it first');
  }
}

/** For streams, which read ahead. */
async function* copied(source: Bytes): Bytes {
  for await (const chunk of source) yield Buffer.from(chunk);
}

/** Node's decoder stops after the first frame; parallel and seekable compressors write many. */
async function* zstd(source: Bytes): Bytes {
  for await (const frame of zstdFrames(source))
    yield* through(frame, createZstdDecompress({ chunkSize: CHUNK }));
}

async function* xz(source: Bytes): Bytes {
  const child = spawn('xz', ['--decompress', '--stdout'], { env: cleanEnvironment() });
  await started(child, 'xz');
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', (error) => reject(spawnError('xz', error)));
    child.on('close', resolve);
  });
  const fed = pipeline(Readable.from(source, { objectMode: false }), child.stdin).then(
    () => undefined,
    (error: unknown) => error,
  );
  ended.catch(() => child.stdout.destroy());
  try {
    yield* child.stdout as Bytes;
    const code = await ended;
    if (code !== 0)
      throw new BerthError('archive', `broken xz data: ${said.trim() || `xz ended with ${code}`}`);
    const failure = await fed;
    if (failure !== undefined) throw failure;
  } finally {
    child.kill('SIGKILL');
  }
}

/** Errors of the source come out here, and a consumer that stops early stops the source. */
async function* through(source: Bytes, transform: Duplex): Bytes {
  const flow = pipeline(Readable.from(source, { objectMode: false }), transform);
  flow.catch(() => {}); // it is thrown by the iteration
  yield* transform as Bytes;
  await flow;
}

async function peek(source: Bytes): Promise<{ head: Buffer; all: Bytes }> {
  const iterator = source[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  let done = false;
  while (head.length < MAGIC_LENGTH && !done) {
    const next = await iterator.next();
    if (next.done) done = true;
    else head = Buffer.concat([head, next.value]);
  }
  async function* all(): Bytes {
    try {
      if (head.length > 0) yield head;
      while (!done) {
        const next = await iterator.next();
        if (next.done) break;
        yield next.value;
      }
    } finally {
      await iterator.return?.();
    }
  }
  return { head, all: all() };
}

function isDataError(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return (
    code.startsWith('Z_') ||
    code.startsWith('ZSTD_') ||
    code.startsWith('ERR_ZLIB') ||
    code === 'ERR_STREAM_PREMATURE_CLOSE'
  );
}
