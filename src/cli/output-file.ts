/** A file that a command writes an archive into. */
import { createWriteStream, openSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BerthError, isErrno, messageOf } from '../model/errors.ts';

/** Before anything is mounted; errors as Podman words them, behind `lead`. */
export function openOutput(file: string, lead = ''): number {
  try {
    return openSync(file, 'w', 0o644);
  } catch (error) {
    const reason = /^[A-Z]+: (.*?), /.exec(messageOf(error))?.[1] ?? messageOf(error);
    const word = isErrno(error, 'EISDIR') ? 'is a directory' : reason;
    throw new BerthError('storage', `${lead}open ${file}: ${word}`, { cause: error });
  }
}

/** Writes all of it; a full disk is an answer. */
export async function writeTo(
  { file, fd }: { file: string; fd: number },
  tar: AsyncIterable<Uint8Array>,
): Promise<void> {
  try {
    await pipeline(Readable.from(tar), createWriteStream(file, { fd }));
  } catch (error) {
    if (!isErrno(error, 'ENOSPC', 'EDQUOT', 'EIO', 'EFBIG', 'EPIPE')) throw error;
    throw new BerthError('storage', `cannot write ${file}: ${messageOf(error)}`, { cause: error });
  }
}
