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
 * Files are made in `ignore` too: their streams through tar-fs took about 65 of 120 µs of processor time (measured with 20 000
 * files), and held on to their content, so that memory grew with it. So tar-fs makes directories and hard links.
 */
import { linkSync, lstatSync, mkdirSync, unlinkSync } from 'node:fs';
import * as tarFs from 'tar-fs';
import { BerthError, isErrno, messageOf } from '../model/errors.ts';
import { fromText, toBytes, toText } from './byte-string.ts';
import {
  type EntryOwner,
  type LayerEntry,
  layerEntry,
  layerOwner,
  layerXattrs,
  type Owner,
} from './layer-entry.ts';
import { type LayerFile, type LayerTree, layerTree } from './layer-tree.ts';
import { readTar } from './tar/feed.ts';
import type { FrameRecorder } from './tar/frame.ts';
import { byteExactExtract, type TarHeader } from './tar/reader.ts';

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
 * @param tar the memory of a chunk may be used again when the next one is asked for.
 * @param frame is told what of the tar is the content of which file.
 */
export async function unpackLayer(
  tar: AsyncIterable<Buffer>,
  directory: string,
  frame?: FrameRecorder,
): Promise<UnpackedLayer> {
  const tree = layerTree(directory, (...removed) => frame?.replaced(...removed));
  const base = fromText(directory);
  const state: EntryState & { root: Owner | undefined } = {
    header: undefined,
    owner: undefined,
    root: undefined,
  };
  const extractor = byteExactExtract({ direct: true });
  /** The file that is being written. */
  let file: LayerFile | undefined;
  const closeFile = () => {
    file?.[Symbol.dispose]();
    file = undefined;
  };
  /** What goes wrong with an entry ends everything. */
  const guarded = (header: TarHeader, call: () => void) => {
    try {
      call();
    } catch (error) {
      extractor.destroy(entryError(header, error));
    }
  };
  const writeFile = (path: string, header: TarHeader, owner: EntryOwner) => {
    const opened = tree.file(path, owner, header.sparse);
    file = opened;
    // Not before: what had the path until now may be content that the frame has to keep.
    frame?.file(path, { offset: header.byteOffset, ...contentOf(header) });
    const end = () => {
      opened.end();
      closeFile();
    };
    if (header.content !== undefined) {
      opened.write(header.content);
      end();
    } else {
      header.takeContent?.({
        write: (bytes) => guarded(header, () => opened.write(bytes)),
        end: () => guarded(header, end),
      });
    }
  };

  /** tar-fs asks this for every entry before it does anything: true = tar-fs leaves it alone. */
  const admit = (_name: string, header: TarHeader): boolean => {
    let isDone = true;
    guarded(header, () => {
      isDone = admitted(header);
    });
    return isDone;
  };
  const admitted = (header: TarHeader): boolean => {
    state.header = header;
    const owner = layerOwner(header);
    state.owner = owner;
    const entry = layerEntry(header);
    if (entry.kind === 'root') {
      const { exact: _, ...root } = owner;
      state.root = root;
      return true;
    }
    if (entry.kind === 'file') writeFile(entry.path, header, owner);
    const written = entry.kind === 'file' || writtenHere(tree, entry, owner);
    if (entry.kind === 'directory') header.type = entry.kind;
    if (!MARKERS.has(entry.kind)) tree.addXattrs((entry as { path: string }).path, layerXattrs(header));
    return written;
  };

  tarFs.extract(base, {
    extract: extractor,
    fs: tarFsCalls(tree, base, state),
    ignore: admit,
    umask: 0,
    // They are stored as they are; nothing here ever follows one.
    validateSymlinks: false,
  } as unknown as tarFs.ExtractOptions);

  try {
    await readTar(extractor, tar, frame);
    const facts = tree.finish();
    return state.root === undefined ? facts : { ...facts, root: state.root };
  } catch (error) {
    throw unpackError(error, state.header);
  } finally {
    closeFile();
  }
}

/** What says something about other layers and is nothing itself. */
const MARKERS: ReadonlySet<LayerEntry['kind']> = new Set(['skip', 'whiteout', 'opaque']);

/** Makes way for the entry, and makes it if tar-fs cannot. */
function writtenHere(
  tree: LayerTree,
  entry: Exclude<LayerEntry, { kind: 'root' | 'file' }>,
  owner: EntryOwner,
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
}

/** As much of a Stats as tar-fs asks. */
const KNOWN_DIRECTORY = { isDirectory: () => true, isSymbolicLink: () => false };

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
        if (owner === undefined) return;
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
    lstat: stat,
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
  };
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
