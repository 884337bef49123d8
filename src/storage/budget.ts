/** How much an import may unpack: a few kilobytes can become terabytes (a decompression bomb). */
import { statfsSync } from 'node:fs';
import { BerthError } from '../model/errors.ts';
import { humanSize } from '../model/size.ts';
import { type Bytes, decompress } from './tar/decompress.ts';

/**
 * Unless told otherwise, so many bytes and so many times what was read. Images are packed three to one, and gzip cannot do
 * better than a thousand to one; whoever has gigabytes of zeros in an image has to say so.
 */
const DEFAULT_BYTES = 2 ** 30;
const DEFAULT_RATIO = 200;

/** The database lies on the same file system, and running containers need it: an import leaves it this much. */
const RESERVE_BYTES = 64 * 2 ** 20;
const RESERVE_PART = 0.02;
/** How often the file system is asked, in bytes. */
const ASK_EVERY = 2 ** 20;

export interface BudgetOptions {
  /** Somewhere on the file system that is filled. */
  directory: string;
  /** Bytes; 0 for as many as there are. */
  maxBytes?: number;
}

/** Counts over all streams that it decompresses. */
export interface Budget {
  /** As `decompress`. BerthError('archive') when it becomes too much, 'storage' when the disk is nearly full. */
  decompress(source: Bytes): Bytes;
}

export function budget({ directory, maxBytes }: BudgetOptions): Budget {
  let read = 0;
  let written = 0;
  let askAt = ASK_EVERY;

  async function* counted(source: Bytes): Bytes {
    for await (const chunk of source) {
      read += chunk.length;
      yield chunk;
    }
  }

  function spend(bytes: number): void {
    written += bytes;
    const limit = maxBytes ?? DEFAULT_BYTES + DEFAULT_RATIO * read;
    if (limit > 0 && written > limit) throw tooMuch(limit, maxBytes === undefined ? read : undefined);
    if (written < askAt) return;
    askAt = written + ASK_EVERY;
    const { bavail, bsize, blocks } = statfsSync(directory);
    if (bavail * bsize < Math.min(RESERVE_BYTES, blocks * bsize * RESERVE_PART))
      throw new BerthError('storage', 'no space left for the image');
  }

  return {
    async *decompress(source) {
      for await (const chunk of decompress(counted(source))) {
        spend(chunk.length);
        yield chunk;
      }
    },
  };
}

function tooMuch(limit: number, read: number | undefined): BerthError {
  const why =
    read === undefined ? 'more than --max-size allows' : `and only ${humanSize(read)} were read for it`;
  return new BerthError(
    'archive',
    `the image unpacks to more than ${humanSize(limit)}, ${why}: load it with --max-size SIZE if that is right, or 0 for any size`,
  );
}
