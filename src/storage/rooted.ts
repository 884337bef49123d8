/**
 * A file tree that cannot be left: a container's root as its payload sees it, whatever the payload does meanwhile.
 *
 * Every step is one name, opened below a directory that is open already and never following a link
 * (`/proc/self/fd/N/NAME` with O_NOFOLLOW is openat(2)). Links are read and walked here, absolute ones from the tree's
 * root on, and `..` goes back along the directories that were passed. So no path, link or exchange of one for
 * another leads out; what is found is held by its descriptor and cannot become something else. O_PATH descriptors
 * open nothing: no FIFO hangs, no device wakes up. Used by readers too, so all of this is synchronous and short.
 */
import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
} from 'node:fs';
import { BerthError, isErrno } from '../model/errors.ts';
import type { IdMappings } from '../model/user-namespace/id-map.ts';
import { fromText, toBytes } from './byte-string.ts';

/** open(2): a descriptor for the place in the tree only. Node does not name it; the number is Linux's on amd64 and arm64. */
const O_PATH = 0o10000000;

/** What the kernel allows on one path (path_resolution(7)). */
const MAX_SYMLINKS = 40;

export interface TreeRoot {
  /** Absolute host path. */
  directory: string;
  /** What lies elsewhere on the host: absolute paths in the tree → absolute host paths. Byte strings. */
  mounts: ReadonlyMap<string, string>;
  /** Of the user namespace whose files these are; owners in archives are the namespace's own IDs. */
  ids?: IdMappings | undefined;
}

/** Something in a tree, held open by its O_PATH descriptor. Paths are byte strings. */
export interface Place extends Disposable {
  fd: number;
  /** Absolute in the tree, without links. */
  path: string;
  stat: BigIntStats;
}

/** Where a path leads. Of `place` and `missing` there is one. */
export interface Found extends Disposable {
  place?: Place;
  /** Nothing of that name, in a directory that is there. */
  missing?: { parent: Place; name: string };
}

/** Opens the tree's root. */
export function openRoot({ directory }: Pick<TreeRoot, 'directory'>): Place {
  return placeOf(openSync(directory, O_PATH | constants.O_DIRECTORY), '/');
}

/** Opens what is at a host path, a link itself, as the top of a tree. */
export function openTop(file: string): Place {
  return placeOf(openSync(file, O_PATH | constants.O_NOFOLLOW), '/');
}

/**
 * Follows a path from the root of the tree. Undefined when a directory on the way is missing; throws
 * BerthError('invalid') for too many links and for a way through something that is no directory.
 */
export function lookUp(tree: TreeRoot, path: string): Found | undefined {
  const stack = [openRoot(tree)];
  const top = (): Place => stack.at(-1) as Place;
  const back = (): void => stack.pop()?.[Symbol.dispose]();
  let pending = path.split('/');
  let links = 0;
  let found: Found | undefined;
  try {
    while (found === undefined) {
      const name = pending.shift();
      if (name === undefined) found = foundPlace(stack.pop() as Place);
      else if (!top().stat.isDirectory()) throw notDirectory(path);
      else if (name === '..' && stack.length > 1) back();
      else if (name !== '' && name !== '.' && name !== '..') {
        const next = openChild(tree, top(), name);
        if (next === undefined) {
          if (pending.some((part) => part !== '' && part !== '.')) return undefined;
          found = foundMissing({ parent: stack.pop() as Place, name });
        } else if (next.stat.isSymbolicLink()) {
          const target = linkTarget(top(), name);
          if (target === undefined) return undefined;
          links += 1;
          if (links > MAX_SYMLINKS)
            throw new BerthError('invalid', `${shown(path)}: too many levels of symbolic links`);
          if (target.startsWith('/')) while (stack.length > 1) back();
          pending = [...target.split('/'), ...pending];
        } else stack.push(next);
      }
    }
    return found;
  } finally {
    while (stack.length > 0) back();
  }
}

/** What has this name in the directory, a link being a link; undefined if nothing has. */
export function openChild(tree: TreeRoot, directory: Place, name: string): Place | undefined {
  const path = directory.path === '/' ? `/${name}` : `${directory.path}/${name}`;
  const source = tree.mounts.get(path);
  try {
    const fd =
      source === undefined
        ? openSync(childPath(directory, name), O_PATH | constants.O_NOFOLLOW)
        : openSync(toBytes(source), O_PATH);
    return placeOf(fd, path);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ENAMETOOLONG')) return undefined;
    throw error;
  }
}

/** A path by which system calls reach a name in an open directory. It is the caller's not to follow a link there. */
export function childPath(directory: Place, name: string): Buffer {
  return toBytes(`${ownPath(directory)}/${name}`);
}

/** A path by which system calls reach exactly what is open, and nothing that has taken its name. */
export function ownPath({ fd }: Place): string {
  return `/proc/self/fd/${fd}`;
}

/** `device:inode`: which file it is, under whatever name. */
export function inodeOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

/** The names in a directory, sorted by their bytes. */
export function namesIn(directory: Place): string[] {
  return readdirSync(ownPath(directory), 'latin1').sort();
}

/** The target of a link; undefined if it has none for us: it is gone, or became something else, or is another's /proc/self. */
export function linkTarget(parent: Place, name: string): string | undefined {
  try {
    // The kernel reads a link only by name: it is still the same one, or its target is the other one's, as harmless.
    return readlinkSync(childPath(parent, name), 'latin1');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EINVAL')) return undefined;
    throw error;
  }
}

/** The content of a regular file as it is now. */
export function* contentOf(file: Place, chunkSize = 65_536): Generator<Buffer> {
  const fd = openSync(ownPath(file), constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    for (;;) {
      const chunk = Buffer.allocUnsafe(chunkSize);
      const length = readSync(fd, chunk);
      if (length === 0) return;
      yield chunk.subarray(0, length);
    }
  } finally {
    closeSync(fd);
  }
}

/** The text of a small regular file of the tree; undefined if there is none. Throws 'invalid' beyond `limit` bytes. */
export function readTextIn(tree: TreeRoot, path: string, limit = 1 << 20): string | undefined {
  using found = lookUp(tree, fromText(path));
  const place = found?.place;
  if (place === undefined || !place.stat.isFile()) return undefined;
  const chunks: Buffer[] = [];
  let length = 0;
  for (const chunk of contentOf(place)) {
    length += chunk.length;
    if (length > limit) throw new BerthError('invalid', `${path} in the container is too long to be read`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function placeOf(fd: number, path: string): Place {
  return {
    fd,
    path,
    stat: fstatSync(fd, { bigint: true }),
    [Symbol.dispose]: () => closeSync(fd),
  };
}

function foundPlace(place: Place): Found {
  return { place, [Symbol.dispose]: () => place[Symbol.dispose]() };
}

function foundMissing(missing: NonNullable<Found['missing']>): Found {
  return { missing, [Symbol.dispose]: () => missing.parent[Symbol.dispose]() };
}

function notDirectory(path: string): BerthError {
  return new BerthError('invalid', `${shown(path)}: not a directory`);
}

function shown(path: string): string {
  return toBytes(path).toString();
}
