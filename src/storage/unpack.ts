/**
 * One layer's tar → one directory that overlayfs can use.
 *
 * tar-fs walks the archive and writes files, directories and links; what it does not know is added around it through
 * the hooks it offers: `extract` (byte-exact headers), `ignore` (sees every entry first: checks it, makes way for
 * it, and makes itself what tar-fs cannot) and `fs` (the few calls tar-fs makes, none of which follows a symlink).
 * tar-fs alone would drop setuid, setgid and sticky bits, owners and times of symlinks, devices, fifos,
 * PAX owners and times, and xattrs; it would follow a symlink when a directory of the same name comes later, and look
 * at what a symlink points to.
 *
 * A file whose content is in memory already is made in `ignore` too: its streams through tar-fs took about 65 of 120 µs of
 * processor time (measured with 20 000 files). So tar-fs writes the files that are larger than a chunk or lie across two.
 */
import { closeSync, linkSync, lstatSync, mkdirSync, openSync, unlinkSync } from 'node:fs';
import { type Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as tarFs from 'tar-fs';
import { BerthError, isErrno, messageOf } from '../model/errors.ts';
import { fromText, toBytes, toText } from './byte-string.ts';
import { type FileContent, fileContent } from './file-content.ts';
import {
  type EntryOwner,
  type LayerEntry,
  layerEntry,
  layerOwner,
  layerXattrs,
  type Owner,
} from './layer-entry.ts';
import { type LayerTree, layerTree } from './layer-tree.ts';
import type { SparseMap } from './sparse-map.ts';
import type { FrameRecorder } from './tar-frame.ts';
import { byteExactExtract, type TarHeader } from './tar-reader.ts';

export interface UnpackedLayer {
  /** Owner, mode and time that the layer gives to the root directory, if it has an entry for it. */
  root?: Owner;
  /** Directories made only because something lies in them. Byte strings, relative, as are: */
  implicit: string[];
  /** Directories that hide the content of the layers below. */
  opaque: string[];
}

/**
 * Unpacks an uncompressed tar into `directory`, which must be empty, absolute and reachable by root alone; its parent
 * must be this import's own too (device nodes are made there first). On failure the directory is left half-filled for
 * the caller to remove. Errors: BerthError('archive') for what is wrong with the tar, 'storage' for the disk.
 * @param frame is told what of the tar is the content of which file.
 */
export async function unpackLayer(
  tar: Readable,
  directory: string,
  frame?: Pick<FrameRecorder, 'file' | 'replaced'>,
): Promise<UnpackedLayer> {
  const tree = layerTree(directory, (...removed) => frame?.replaced(...removed));
  const base = fromText(directory);
  const state: EntryState & { root: Owner | undefined } = {
    header: undefined,
    owner: undefined,
    path: undefined,
    root: undefined,
  };
  const extractor = byteExactExtract({ atOnce: true });

  /** tar-fs asks this for every entry before it does anything: true = tar-fs leaves it alone. */
  const admit = (_name: string, header: TarHeader): boolean => {
    try {
      state.header = header;
      const owner = layerOwner(header);
      state.owner = owner;
      const entry = layerEntry(header);
      if (entry.kind === 'root') {
        const { exact: _, ...root } = owner;
        state.root = root;
        return true;
      }
      const written = writtenHere(tree, entry, owner, header.content);
      if (entry.kind === 'file' || entry.kind === 'directory') {
        header.type = entry.kind;
        state.path = entry.path;
      }
      if (entry.kind === 'file') frame?.file(entry.path, { offset: header.byteOffset, ...contentOf(header) });
      if (!MARKERS.has(entry.kind)) tree.addXattrs((entry as { path: string }).path, layerXattrs(header));
      return written;
    } catch (error) {
      extractor.destroy(entryError(header, error));
      return true;
    }
  };

  const sink = tarFs.extract(base, {
    extract: extractor,
    fs: tarFsCalls(tree, base, state),
    ignore: admit,
    umask: 0,
    // They are stored as they are; nothing here ever follows one.
    validateSymlinks: false,
  } as unknown as tarFs.ExtractOptions);

  try {
    await pipeline(tar, sink);
    const facts = tree.finish();
    return state.root === undefined ? facts : { ...facts, root: state.root };
  } catch (error) {
    throw unpackError(error, state.header);
  }
}

/** What says something about other layers and is nothing itself. */
const MARKERS: ReadonlySet<LayerEntry['kind']> = new Set(['skip', 'whiteout', 'opaque']);

/** Makes way for the entry, and makes it if tar-fs cannot, or not as quickly. */
function writtenHere(
  tree: LayerTree,
  entry: Exclude<LayerEntry, { kind: 'root' }>,
  owner: EntryOwner,
  content: Buffer | undefined,
): boolean {
  switch (entry.kind) {
    case 'skip':
      return true;
    case 'whiteout':
      tree.whiteout(entry.path);
      return true;
    case 'opaque':
      tree.opaque(entry.path);
      return true;
    case 'node':
      tree.prepare(entry.path, entry.kind);
      tree.node(entry.path, entry.type, owner, entry);
      return true;
    case 'fifo':
      tree.prepare(entry.path, entry.kind);
      tree.node(entry.path, 'p', owner);
      return true;
    case 'symlink':
      // tar-fs would look at what it points to, through links that lead out of the layer.
      tree.prepare(entry.path, entry.kind);
      tree.symlink(entry.path, entry.target, owner);
      return true;
    case 'link':
      tree.requireRealParents(entry.target);
      tree.prepare(entry.path, entry.kind);
      return false;
    case 'file':
      if (content === undefined) tree.prepare(entry.path, entry.kind);
      else tree.file(entry.path, content, owner);
      return content !== undefined;
    default:
      tree.prepare(entry.path, entry.kind);
      return false;
  }
}

/** What of a file's content the tar has. */
function contentOf({ size, sparse }: TarHeader) {
  return sparse === undefined ? { size } : { size, parts: sparse.parts };
}

/** The entry that is being unpacked. */
interface EntryState {
  header: TarHeader | undefined;
  owner: EntryOwner | undefined;
  path: string | undefined;
}

/** As much of a Stats as tar-fs asks. */
const KNOWN_DIRECTORY = { isDirectory: () => true, isSymbolicLink: () => false };
const NOT_THERE = Object.assign(new Error('not there'), { code: 'ENOENT' });

type Callback = (error: unknown, value?: unknown) => void;

/**
 * The calls tar-fs 3.1 makes while extracting. Owner, mode and times all happen in `chmod`, its last call for an entry,
 * because it has cut the mode down to 0777 by then.
 */
function tarFsCalls(tree: LayerTree, base: string, state: EntryState) {
  const inside = (path: string) => path.slice(base.length + 1);
  const finishEntry = (path: string, done: Callback) => {
    answer(
      () => {
        const { owner } = state;
        // A file has it since it was closed.
        if (owner === undefined || state.header?.type === 'file') return;
        tree.setOwner(inside(path), owner);
        if (state.header?.type === 'directory') tree.rememberTime(inside(path), owner);
        // Deferred: many small entries of one chunk would otherwise be worked off in one deep recursion.
      },
      (error) => process.nextTick(done, error),
    );
  };
  // tar-fs looks at every parent of every entry.
  const stat = (path: string, done: Callback) =>
    tree.isKnownDirectory(inside(path))
      ? done(null, KNOWN_DIRECTORY)
      : answer(() => lstatSync(toBytes(path)), done);
  return {
    // And at the file that it is about to write: by now there is none.
    lstat: (path: string, done: Callback) =>
      state.header?.type === 'file' && inside(path) === state.path ? done(NOT_THERE) : stat(path, done),
    stat,
    // A hard link to a symlink is a link to the symlink itself; the parents have been checked.
    realpath: (path: string, done: Callback) => done(null, path),
    mkdir: (path: string, _options: unknown, done: Callback) =>
      answer(() => mkdirSync(toBytes(path), { mode: 0o700 }), done),
    unlink: (path: string, done: Callback) => answer(() => unlinkSync(toBytes(path)), done),
    link: (target: string, path: string, done: Callback) =>
      answer(() => linkSync(toBytes(target), toBytes(path)), done),
    utimes: (_path: string, _atime: Date, _mtime: Date, done: Callback) => done(null),
    chown: (_path: string, _uid: number, _gid: number, done: Callback) => done(null),
    chmod: (path: string, _mode: number, done: Callback) => finishEntry(path, done),
    createWriteStream: (path: string) => {
      const { owner, header } = state;
      const finish = (fd: number) => {
        if (owner !== undefined) tree.setFileOwner(inside(path), fd, owner);
      };
      return newFile(toBytes(path), { sparse: header?.sparse, finish });
    },
  };
}

/**
 * A file that must not exist yet.
 * @param finish called with the whole file, before it is closed.
 */
function newFile(
  path: Buffer,
  { sparse, finish }: { sparse: SparseMap | undefined; finish: (fd: number) => void },
): Writable {
  let fd = -1;
  let content: FileContent;
  return new Writable({
    construct: (done) => {
      answer(() => {
        fd = openSync(path, 'wx', 0o600);
        content = fileContent(fd, sparse);
      }, done);
    },
    write: (chunk: Buffer, _encoding, done) => answer(() => content.write(chunk), done),
    final: (done) =>
      answer(() => {
        content.finish();
        finish(fd);
      }, done),
    destroy: (error, done) => {
      if (fd >= 0) closeSync(fd);
      fd = -1;
      done(error);
    },
  });
}

function answer(call: () => unknown, done: (error: Error | null, value?: unknown) => void): void {
  let value: unknown;
  try {
    value = call();
  } catch (error) {
    done(error as Error);
    return;
  }
  done(null, value);
}

function entryError(header: TarHeader, error: unknown): Error {
  if (error instanceof BerthError) return error;
  return isDiskError(error)
    ? (error as Error)
    : new BerthError('archive', `layer entry ${toText(header.name)}: ${messageOf(error)}`, { cause: error });
}

function unpackError(error: unknown, header: TarHeader | undefined): BerthError {
  if (error instanceof BerthError) return error;
  if (isDiskError(error))
    return new BerthError('storage', `cannot unpack the layer: ${messageOf(error)}`, { cause: error });
  const where = header === undefined ? '' : ` (at or after entry ${toText(header.name)})`;
  return new BerthError('archive', `broken layer: ${messageOf(error)}${where}`, { cause: error });
}

function isDiskError(error: unknown): boolean {
  return isErrno(error, 'ENOSPC', 'EDQUOT', 'EIO', 'EROFS', 'EMFILE', 'ENFILE', 'ENOMEM');
}
