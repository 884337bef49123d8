/** A container's k8s-file log on disk: read whole, or followed while conmon writes it. */
import { closeSync, type FSWatcher, openSync, readFileSync, readSync, watch } from 'node:fs';
import { isErrno } from '../../model/errors.ts';
import { parseLogFile, selectPieces } from './k8s-file.ts';
import type { LogPiece, LogQuery } from './line.ts';

const NEWLINE = 0x0a;
const CHUNK = 256 * 1024;

/** The pieces of the whole file that the query asks for; none if the container was never started. */
export function readLogFile(file: string, query: LogQuery): LogPiece[] {
  return selectPieces(parseLogFile(contentOf(file)), query);
}

/**
 * Hands on what the query asks for, then what is appended, until `ended` resolves and all that was written by then is
 * read. Woken by the file's changes (inotify(7)).
 */
export async function followLogFile(
  file: string,
  query: LogQuery,
  onPiece: (piece: LogPiece) => void,
  ended: Promise<unknown>,
): Promise<void> {
  const content = contentOf(file);
  const whole = content.lastIndexOf(NEWLINE) + 1;
  selectPieces(parseLogFile(content.subarray(0, whole)), query).forEach(onPiece);

  const { tail: _read, ...later } = query;
  const fd = openSync(file, 'a+', 0o600);
  let watcher: FSWatcher | undefined;
  try {
    const next = reader(fd, whole);
    const handOn = (): void => selectPieces(parseLogFile(next()), later).forEach(onPiece);
    const failed = new Promise<never>((_, reject) => {
      watcher = watch(file, handOn);
      watcher.on('error', reject);
    });
    handOn();
    await Promise.race([ended, failed]);
    handOn();
  } finally {
    watcher?.close();
    closeSync(fd);
  }
}

/** Returns the whole lines that were appended since the last call. */
function reader(fd: number, from: number): () => Buffer {
  const buffer = Buffer.alloc(CHUNK);
  let position = from;
  let rest: Buffer = Buffer.alloc(0);
  return () => {
    const parts = [rest];
    for (let count = -1; count !== 0; position += count) {
      count = readSync(fd, buffer, 0, CHUNK, position);
      parts.push(Buffer.from(buffer.subarray(0, count)));
    }
    const appended = Buffer.concat(parts);
    const whole = appended.lastIndexOf(NEWLINE) + 1;
    rest = appended.subarray(whole);
    return appended.subarray(0, whole);
  };
}

function contentOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return Buffer.alloc(0);
    throw error;
  }
}
