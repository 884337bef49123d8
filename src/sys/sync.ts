/** Having what was written on the disk. */
import { closeSync, openSync } from 'node:fs';
import { BerthError, messageOf } from '../model/errors.ts';
import { slowSystemCall } from './libc.ts';

const syncfs = slowSystemCall('int syncfs(int)');

/**
 * Resolves once everything written to the file system of a path has reached its disk, by whomever: syncfs(2), one call for a
 * tree of any size, where fsync(2) would be one for each file. It may take seconds, in which this process goes on.
 * @throws BerthError 'storage' when it has not, which the kernel says once
 */
export async function syncFileSystem(path: string): Promise<void> {
  try {
    const fd = openSync(path, 'r');
    try {
      await syncfs(fd);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw new BerthError('storage', `cannot write ${path} to disk: ${messageOf(error)}`, { cause: error });
  }
}
