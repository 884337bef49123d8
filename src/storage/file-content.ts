/** The content of a tar's entry into a file, synchronously: into the page cache, faster than through the thread pool. */
import { ftruncateSync, writeSync } from 'node:fs';
import type { SparseMap } from './tar/sparse-map.ts';

export interface FileContent {
  /** The next bytes. Throws what the disk says. */
  write(chunk: Buffer): void;
  /** After the last byte. */
  finish(): void;
}

/**
 * Into an empty file that is open.
 * @param sparse where its bytes belong; the rest becomes holes.
 */
export function fileContent(fd: number, sparse: SparseMap | undefined): FileContent {
  if (sparse === undefined) return { write: (chunk) => writeFully(fd, chunk, null), finish: () => {} };
  let part = 0;
  /** Bytes of the part that are there. */
  let done = 0;
  return {
    write(chunk) {
      for (let rest = chunk; rest.length > 0; ) {
        const at = sparse.parts[part];
        if (at === undefined) throw new Error('more content than the map of the sparse file has');
        const bytes = rest.subarray(0, at.length - done);
        writeFully(fd, bytes, at.offset + done);
        rest = rest.subarray(bytes.length);
        done += bytes.length;
        if (done < at.length) return;
        part += 1;
        done = 0;
      }
    },
    finish: () => ftruncateSync(fd, sparse.size),
  };
}

function writeFully(fd: number, chunk: Buffer, position: number | null): void {
  for (let written = 0; written < chunk.length; )
    written += writeSync(fd, chunk, written, null, position === null ? null : position + written);
}
