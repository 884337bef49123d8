/**
 * Standard output and standard error, written to blockingly: nothing waits in memory for a slow reader, and nothing is lost
 * when the process ends, which a stream of Node's or Bun's may do with what a pipe (64 KiB) has no room for.
 */
import { writeSync } from 'node:fs';
import { isErrno } from '../model/errors.ts';

export const STDOUT = 1;
export const STDERR = 2;

/** How long a reader that takes nothing is left alone before it is tried again; only for streams that never block. */
const RETRY_MS = 5;

/** Writes all of it, waiting for the reader. Throws what write(2) fails with: EPIPE when there is no reader any more. */
export function writeAll(fd: number, data: string | Uint8Array): void {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      if (!isErrno(error, 'EAGAIN')) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
}

/** Tells the person; whom nobody hears, nobody needs to tell. */
export function complain(text: string | Uint8Array): void {
  try {
    writeAll(STDERR, text);
  } catch {
    // EPIPE, or the disk of the log is full.
  }
}
