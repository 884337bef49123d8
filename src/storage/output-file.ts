/** A file that somebody else will read: whole under its name, or not at all. */
import { closeSync, constants, openSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { BerthError, isErrno, systemReason } from '../model/errors.ts';
import { run } from '../sys/spawn.ts';
import { describeFailure } from './program.ts';

/** open(2): a file without a name, which vanishes with its last descriptor. Node does not name the flag. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/**
 * Writes a file. One that is not there gets its name when it is complete, so that a writer that is killed leaves nothing;
 * an empty one, a device or a FIFO is written in place. Throws BerthError('storage') with Podman's words for a file
 * that cannot be written.
 */
export async function writeOutput(file: string, content: AsyncIterable<Buffer>): Promise<void> {
  const isThere = statSync(file, { throwIfNoEntry: false }) !== undefined;
  const nameless = isThere ? undefined : openNameless(dirname(file));
  const fd = nameless ?? openNamed(file);
  try {
    for await (const chunk of content)
      for (let written = 0; written < chunk.length; ) written += writeSync(fd, chunk, written);
    if (nameless !== undefined) await giveName(nameless, file);
  } catch (error) {
    if (!isErrno(error, 'ENOSPC', 'EDQUOT', 'EIO', 'EFBIG', 'EPIPE')) throw error;
    throw new BerthError('storage', `cannot write ${file}: ${systemReason(error)}`, { cause: error });
  } finally {
    closeSync(fd);
  }
}

/** Undefined where the file system has no such files. */
function openNameless(directory: string): number | undefined {
  try {
    return openSync(directory, O_TMPFILE | constants.O_WRONLY, 0o644);
  } catch (error) {
    if (isErrno(error, 'EOPNOTSUPP', 'EISDIR', 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

function openNamed(file: string): number {
  try {
    return openSync(file, 'w', 0o644);
  } catch (error) {
    throw new BerthError(
      'storage',
      `opening file ${JSON.stringify(file)}: open ${file}: ${systemReason(error).replace(/^.*: /s, '')}`,
      { cause: error },
    );
  }
}

/** linkat(2) from /proc, following the link there, which Node's link does not. */
async function giveName(fd: number, file: string): Promise<void> {
  const result = await run('ln', ['--logical', '--', `/proc/${process.pid}/fd/${fd}`, file]);
  if (result.code !== 0) throw new BerthError('storage', `cannot write ${file}: ${describeFailure(result)}`);
}
