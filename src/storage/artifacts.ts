/** Named blobs kept with a container: `containers/ID/artifacts/NAME`, mode 0740. They go with it. */
import {
  chmodSync,
  createReadStream,
  createWriteStream,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BerthError, isErrno, messageOf } from '../model/errors.ts';
import { syncDirectory } from '../sys/files.ts';
import { containerPaths, type StoragePaths } from './paths.ts';

const MODE = 0o740;
/** Of a file that is being written; no artifact's name begins so. */
const UNFINISHED = '.';

/** The artifacts of one container. Names have been checked (model/name.ts). */
export function artifactStore(paths: StoragePaths, id: string) {
  const directory = join(containerPaths(paths, id).root, 'artifacts');
  const missing = (name: string): BerthError =>
    new BerthError('invalid', `container ${id} has no artifact ${JSON.stringify(name)}`);

  return {
    /** Stores a blob in one step, in the place of an older one; it is on the disk when this resolves. */
    async add(name: string, content: AsyncIterable<Uint8Array>): Promise<void> {
      const unfinished = join(directory, `${UNFINISHED}${name}.${process.pid}`);
      try {
        makeDirectory(directory);
        await pipeline(Readable.from(content), createWriteStream(unfinished, { mode: 0o600, flush: true }));
        chmodSync(unfinished, MODE); // whatever the umask
        renameSync(unfinished, join(directory, name));
        syncDirectory(directory);
      } catch (error) {
        rmSync(unfinished, { force: true });
        throw new BerthError('storage', `cannot store artifact ${name}: ${messageOf(error)}`, {
          cause: error,
        });
      }
    },

    get(name: string): AsyncIterable<Uint8Array> {
      try {
        return createReadStream('', { fd: openSync(join(directory, name), 'r') });
      } catch (error) {
        throw isErrno(error, 'ENOENT') ? missing(name) : error;
      }
    },

    /** Sorted. */
    list(): string[] {
      try {
        return readdirSync(directory)
          .filter((name) => !name.startsWith(UNFINISHED))
          .sort();
      } catch (error) {
        if (isErrno(error, 'ENOENT')) return [];
        throw error;
      }
    },

    remove(name: string): void {
      try {
        rmSync(join(directory, name));
      } catch (error) {
        throw isErrno(error, 'ENOENT') ? missing(name) : error;
      }
    },
  };
}

/** Not with its parents: a container that was removed meanwhile must not come back as a directory. */
function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  }
}
