/**
 * A tar into a directory of a live tree, which somebody hostile may be changing meanwhile (`cp` into a running container).
 *
 * Apart from unpack.ts, which builds a layer that nobody else sees and may use paths: here everything is reached
 * by descriptors (rooted.ts), no link is followed below the directory, new files are made exclusively, and owner,
 * mode, times and attributes are set on what is open, never on a name.
 */
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  futimesSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
} from 'node:fs';
import { Readable } from 'node:stream';
import { BerthError, isErrno, messageOf } from '../model/errors.ts';
import { toHost } from '../model/user-namespace/id-map.ts';
import { toBytes } from './byte-string.ts';
import { xattrsOfNamespace } from './file-capabilities.ts';
import { fileContent } from './file-content.ts';
import { entryTime, layerOwner, layerXattrs, type Owner, UNKNOWN_KIND } from './layer-entry.ts';
import { runOrFail } from './program.ts';
import { childPath, namesIn, openChild, ownPath, type Place, type TreeRoot } from './rooted.ts';
import { decompress } from './tar/decompress.ts';
import { byteExactExtract, type TarHeader } from './tar/reader.ts';
import { writeXattrs, type Xattrs } from './xattrs.ts';

export interface UnpackOptions {
  /** Whose everything shall be, instead of what the archive says. */
  owner?: { uid: number; gid: number };
  /** A directory may take the place of something else, and the other way round. */
  overwrite: boolean;
  /** An archive with nothing in it is one too. */
  mayBeEmpty?: boolean;
}

interface Unpacking {
  tree: TreeRoot;
  base: Place;
  options: UnpackOptions;
  /** What directories get when all is in them: a new entry changes the time, and a mode may forbid it. */
  directories: Map<string, { owner: Owner; xattrs: Xattrs }>;
}

type Entry = AsyncIterable<Buffer> & { header: TarHeader };

/**
 * Unpacks a tar, compressed or not, into the directory that is open. Files are replaced, directories are filled;
 * device nodes are left out. Throws BerthError('archive') for a broken archive, with Podman's words if it is none at all,
 * 'invalid' for what the tree does not allow, 'storage' for the disk. What was unpacked by then stays.
 */
export async function unpackTree(
  tree: TreeRoot,
  base: Place,
  { tar, ...options }: UnpackOptions & { tar: AsyncIterable<Uint8Array> },
): Promise<void> {
  const unpacking: Unpacking = { tree, base, options, directories: new Map() };
  const extractor = byteExactExtract();
  const source = Readable.from(decompress(tar as AsyncIterable<Buffer>), { objectMode: false });
  source.on('error', (error) => extractor.destroy(error));
  source.pipe(extractor as unknown as NodeJS.WritableStream);
  let path: string | undefined;
  try {
    for await (const entry of extractor as unknown as AsyncIterable<Entry>) {
      path = entry.header.name;
      await unpackEntry(unpacking, entry);
    }
    if (path === undefined && options.mayBeEmpty !== true) throw new Error('it is empty');
    finishDirectories(unpacking);
  } catch (error) {
    throw unpackError(error, path);
  } finally {
    source.destroy();
  }
}

async function unpackEntry(unpacking: Unpacking, entry: Entry): Promise<void> {
  const { header } = entry;
  const parts = insideParts(header.name);
  const name = parts.pop();
  // The directory itself is there already and stays as it is; what only a device driver can fill is left out.
  if (name === undefined || header.type?.endsWith('device')) return skip(entry);
  const archived = { ...layerOwner(header), mtime: entryTime(header) };
  const owner = ownerIn(unpacking.tree, { ...archived, ...unpacking.options.owner });
  using parent = openParent(unpacking, parts);
  const target: Target = { unpacking, parent, name, owner };
  switch (header.type) {
    case 'directory':
      makeDirectory(target, { path: [...parts, name].join('/'), xattrs: layerXattrs(header) });
      break;
    case 'file':
    case 'contiguous-file':
      return writeFile(target, entry, layerXattrs(header));
    case 'symlink':
      makeWay(target);
      symlinkSync(toBytes(header.linkname ?? ''), childPath(parent, name));
      setOwner(target);
      break;
    case 'link':
      makeLink(target, header.linkname ?? '');
      break;
    case 'fifo':
      makeWay(target);
      makeFifo(target);
      setOwner(target);
      break;
    default:
      throw new Error(UNKNOWN_KIND);
  }
  return skip(entry);
}

/** On the host; throws 'invalid' for whom the container cannot have. */
function ownerIn<T extends { uid: number; gid: number }>({ ids }: TreeRoot, owner: T): T {
  if (ids === undefined) return owner;
  const [uid, gid] = [toHost(ids.uids, owner.uid), toHost(ids.gids, owner.gid)];
  if (uid !== undefined && gid !== undefined) return { ...owner, uid, gid };
  const id = uid === undefined ? owner.uid : owner.gid;
  throw new BerthError('invalid', `container ID ${id} cannot be mapped to a host ID`);
}

async function skip(entry: Entry): Promise<void> {
  for await (const _ of entry);
}

interface Target {
  unpacking: Unpacking;
  parent: Place;
  name: string;
  owner: Owner;
}

/** Parts of a name below the directory: `..` cannot leave it, as for tar(1) and Podman. */
function insideParts(name: string): string[] {
  const parts: string[] = [];
  for (const part of name.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts;
}

/** Goes down real directories only, making those that are missing unless `make` says no. */
function openParent(
  { tree, base, options }: Unpacking,
  parts: readonly string[],
  { make = true } = {},
): Place {
  // A descriptor of its own, so that every parent can be closed alike.
  let place = openAgain(base);
  for (const part of parts) {
    const directory = place;
    try {
      let next = openChild(tree, directory, part);
      if (next === undefined && make) {
        mkdirSync(childPath(directory, part), { mode: 0o755 });
        next = openChild(tree, directory, part);
        const owner = options.owner ?? (tree.ids === undefined ? undefined : { uid: 0, gid: 0 });
        if (next !== undefined && owner !== undefined) {
          const { uid, gid } = ownerIn(tree, owner);
          chownSync(ownPath(next), uid, gid);
        }
      }
      if (next === undefined)
        throw make ? changed(directory, part) : new Error('a link to a file that the archive does not have');
      place = next;
    } finally {
      directory[Symbol.dispose]();
    }
    if (!place.stat.isDirectory()) {
      place[Symbol.dispose]();
      throw new BerthError('invalid', `${shown(place.path)}: not a directory`);
    }
  }
  return place;
}

function openAgain(place: Place): Place {
  const fd = openSync(ownPath(place), constants.O_RDONLY | constants.O_DIRECTORY);
  return { ...place, fd, [Symbol.dispose]: () => closeSync(fd) };
}

function makeDirectory(target: Target, { path, xattrs }: { path: string; xattrs: Xattrs }): void {
  const { unpacking, parent, name, owner } = target;
  using old = openChild(unpacking.tree, parent, name);
  if (old !== undefined && !old.stat.isDirectory()) {
    if (!unpacking.options.overwrite) throw exists(old, 'mkdir');
    removeTree(unpacking.tree, parent, name);
  }
  if (old === undefined || !old.stat.isDirectory()) mkdirSync(childPath(parent, name), { mode: 0o700 });
  unpacking.directories.set(path, { owner, xattrs });
}

async function writeFile(target: Target, entry: Entry, xattrs: Xattrs): Promise<void> {
  const { unpacking, parent, name, owner } = target;
  const mountPoint = makeWay(target);
  const flags = constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const fd =
    mountPoint === undefined
      ? openSync(childPath(parent, name), flags | constants.O_CREAT | constants.O_EXCL, 0o600)
      : openSync(ownPath(mountPoint), constants.O_WRONLY | constants.O_TRUNC);
  try {
    const content = fileContent(fd, entry.header.sparse);
    for await (const chunk of entry) content.write(chunk);
    content.finish();
    // A file that is mounted there belongs to somebody else: only its content changes.
    if (mountPoint !== undefined) return;
    fchownSync(fd, owner.uid, owner.gid);
    fchmodSync(fd, owner.mode); // after chown, which drops setuid and setgid
    writeXattrs({ fd }, xattrsOfNamespace(xattrs, unpacking.tree.ids));
    const time = fileTime(owner);
    futimesSync(fd, time, time);
  } finally {
    closeSync(fd);
    mountPoint?.[Symbol.dispose]();
  }
}

function makeLink(target: Target, linkName: string): void {
  const { unpacking, parent, name } = target;
  const parts = insideParts(linkName);
  const first = parts.pop();
  if (first === undefined) throw new Error('a link without a target');
  using firstParent = openParent(unpacking, parts, { make: false });
  makeWay(target);
  linkSync(childPath(firstParent, first), childPath(parent, name));
}

/** mknod(1) takes its name from the command line, which is text: hence the temporary one. */
function makeFifo({ parent, name }: Target): void {
  const temporary = `.berth-${process.pid}-fifo`;
  const cwd = `/proc/${process.pid}/fd/${parent.fd}`;
  runOrFail('make a fifo', 'mknod', ['-m', '600', `./${temporary}`, 'p'], { cwd });
  renameSync(childPath(parent, temporary), childPath(parent, name));
}

/** Owner, mode and times of what was just made, if it is still what it was made as. */
function setOwner({ unpacking, parent, name, owner }: Target): void {
  using place = openChild(unpacking.tree, parent, name);
  if (place === undefined || place.stat.isFile() || place.stat.isDirectory()) throw changed(parent, name);
  chownSync(ownPath(place), owner.uid, owner.gid);
  if (!place.stat.isSymbolicLink()) chmodSync(ownPath(place), owner.mode);
  const time = fileTime(owner);
  utimesSync(ownPath(place), time, time);
}

/** Node takes a negative number for the present; a Date it takes at its word. */
function fileTime({ mtime }: Owner): number | Date {
  return mtime < 0 ? new Date(mtime) : mtime / 1000;
}

/** Removes what has the name. A file that is a mount point cannot be removed: it is returned, to be written into. */
function makeWay({ unpacking: { tree, options }, parent, name }: Target): Place | undefined {
  const old = openChild(tree, parent, name);
  if (old === undefined) return undefined;
  try {
    if (old.stat.isDirectory() && !options.overwrite) throw exists(old, 'open');
    if (old.stat.isCharacterDevice() || old.stat.isBlockDevice())
      throw new BerthError('invalid', `${shown(old.path)} is a device`);
    if (old.stat.isFile() && tree.mounts.has(old.path)) return old;
    removeTree(tree, parent, name);
  } catch (error) {
    if (isErrno(error, 'EBUSY') && old.stat.isFile()) return old;
    old[Symbol.dispose]();
    throw error;
  }
  old[Symbol.dispose]();
  return undefined;
}

function removeTree(tree: TreeRoot, parent: Place, name: string): void {
  using place = openChild(tree, parent, name);
  if (place === undefined) return;
  if (!place.stat.isDirectory()) {
    unlinkSync(childPath(parent, name));
    return;
  }
  for (const child of namesIn(place)) removeTree(tree, place, child);
  rmdirSync(childPath(parent, name));
}

/** The deepest first: a directory may forbid its owner to look into it. */
function finishDirectories(unpacking: Unpacking): void {
  for (const [path, { owner, xattrs }] of [...unpacking.directories].reverse()) {
    using place = openParent(unpacking, path.split('/'));
    chownSync(ownPath(place), owner.uid, owner.gid);
    chmodSync(ownPath(place), owner.mode);
    writeXattrs(place, xattrsOfNamespace(xattrs, unpacking.tree.ids));
    const time = fileTime(owner);
    utimesSync(ownPath(place), time, time);
  }
}

function exists(old: Place, call: string): BerthError {
  return new BerthError(
    'invalid',
    `error creating ${JSON.stringify(shown(old.path))}: ${call} ${shown(old.path)}: file exists: use --overwrite to replace it`,
  );
}

function changed(parent: Place, name: string): BerthError {
  return new BerthError('invalid', `${shown(parent.path)}/${shown(name)} was changed while it was written`);
}

function shown(path: string): string {
  return toBytes(path).toString();
}

/** Without the path that Node adds: it is one by descriptor, which tells nobody anything. */
function reasonOf(error: unknown): string {
  return /^E[A-Z0-9]+: (.*?)(, \w+.*)?$/s.exec(messageOf(error))?.[1] ?? messageOf(error);
}

function unpackError(error: unknown, path: string | undefined): unknown {
  if (error instanceof BerthError) return error;
  const { code } = error as NodeJS.ErrnoException;
  // Nobody on the host but the container's own IDs can make a file there.
  if (code === 'EOVERFLOW')
    return new BerthError(
      'unsupported',
      `cannot write ${shown(path ?? '')} into a mount with the option idmap: copy it to the mount's source on the host`,
      { cause: error },
    );
  if (code?.startsWith('E') === true && !code.startsWith('ERR_'))
    return new BerthError('storage', `cannot write ${shown(path ?? '')}: ${reasonOf(error)}`, {
      cause: error,
    });
  if (path === undefined)
    return new BerthError('archive', 'source must be a (compressed) tar archive when copying from stdin', {
      cause: error,
    });
  return new BerthError('archive', `broken archive (at or after ${shown(path)}): ${messageOf(error)}`, {
    cause: error,
  });
}
