/**
 * The half-built tree of one layer, and all writing into it.
 *
 * INVARIANTS
 * - Only this process writes below `directory` (a staging directory of mode 0700).
 * - No symlink is ever followed: every parent of a path is checked to be a real directory before the path is used,
 *   and the last component is only touched by calls that do not follow (or is known to be no symlink).
 * - Whatever was at a path is gone before something else is made there, so nothing is written through an old hard link.
 * - Calls are synchronous: they take microseconds, a trip through the thread pool takes longer than the call.
 */
import {
  chmodSync,
  closeSync,
  fchmodSync,
  fchownSync,
  futimesSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  rmSync,
  type Stats,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '../model/errors.ts';
import { setFileTime, setPathTime } from '../sys/times.ts';
import { fromText, toBytes } from './byte-string.ts';
import { fileContent } from './file-content.ts';
import type { EntryOwner, LayerEntry } from './layer-entry.ts';
import { runOrFail } from './program.ts';
import type { ContentSink } from './tar/feed.ts';
import type { SparseMap } from './tar/sparse-map.ts';
import { xattrBatch } from './xattrs.ts';

/** `end`: it has its owner, mode and time. To be disposed of, however it went. */
export type LayerFile = ContentSink & Disposable;

/** Paths are byte strings relative to the layer's root; the root is ''. */
export interface LayerTree {
  /** Makes the parents and removes what is in the way, so that an entry can be made at `path`. */
  prepare(path: string, kind: LayerEntry['kind']): void;
  /** Hides `path` of the layers below. */
  whiteout(path: string): void;
  /** Hides everything that the layers below have in the directory `path`. */
  opaque(path: string): void;
  node(
    path: string,
    type: 'c' | 'b' | 'p',
    owner: EntryOwner,
    device?: { major: number; minor: number },
  ): void;
  symlink(path: string, target: string, owner: EntryOwner): void;
  /** A new file, which is open; needs no `prepare`. */
  file(path: string, owner: EntryOwner, sparse?: SparseMap): LayerFile;
  /** Owner, mode and time of something that is not a directory. */
  setOwner(path: string, owner: EntryOwner): void;
  /** A directory's time, set at the end because every new entry changes it. */
  rememberTime(path: string, owner: EntryOwner): void;
  addXattrs(path: string, attributes: readonly [string, string][]): void;
  /** Fails unless every parent of `path` is a directory of this layer. */
  requireRealParents(path: string): void;
  /** Is this known to be a directory of this layer? Not every one is known. */
  isKnownDirectory(path: string): boolean;
  /** Sets what has to come last. */
  finish(): { implicit: string[]; opaque: string[] };
}

/** @param onRemove is told of what is about to be removed again, a file or a directory with all that is in it. */
export function layerTree(
  directory: string,
  onRemove: (path: string, isDirectory: boolean) => void = () => {},
): LayerTree {
  const base = fromText(directory);
  const host = (path: string) => toBytes(path === '' ? base : `${base}/${path}`);
  const xattrs = xattrBatch(directory);
  /** Of directories. */
  const times = new Map<string, EntryOwner>();
  /** Directories seen or made: spares most of the looking. */
  const directories = new Set<string>(['']);
  const implicit = new Set<string>();
  const opaque = new Set<string>();
  let whiteoutNode: string | undefined;
  let whiteoutNodes = 0;

  return {
    prepare(path, kind) {
      makeParents(path);
      const old = lstat(path);
      if (kind === 'directory') implicit.delete(path);
      if (old === undefined || (old.isDirectory() && kind === 'directory')) return;
      remove(path, old);
      if (kind !== 'directory' || !isWhiteout(old)) return;
      // A whiteout and a directory of one name in one layer: the directory, without what lies below it.
      mkdirSync(host(path), { mode: 0o755 });
      setOpaque(path);
    },

    whiteout(path) {
      makeParents(path);
      const old = lstat(path);
      // A whiteout hides lower layers only, never its own (OCI image spec, layer.md, "Whiteouts").
      if (old?.isDirectory()) setOpaque(path);
      if (old === undefined) linkWhiteout(path);
    },

    opaque(path) {
      makeParents(path === '' ? '' : `${path}/x`);
      if (path !== '') setOpaque(path);
    },

    node(path, type, owner, device) {
      const numbers = device === undefined ? [] : [String(device.major), String(device.minor)];
      // Relative, so that no name can look like an option; Node passes argv as text, hence the temporary name.
      const temporary = join(directory, '..', 'node');
      makeNode([temporary, type, ...numbers]);
      linkSync(temporary, host(path));
      unlinkSync(temporary);
      setOwner(path, owner);
    },

    symlink(path, target, owner) {
      symlinkSync(toBytes(target), host(path));
      setOwner(path, owner);
    },

    file(path, owner, sparse) {
      makeParents(path);
      const fd = openNew(path);
      const content = fileContent(fd, sparse);
      return {
        write: content.write,
        end() {
          content.finish();
          setFileOwner(fd, owner);
        },
        [Symbol.dispose]: () => closeSync(fd),
      };
    },

    setOwner,
    isKnownDirectory: (path) => directories.has(path),
    rememberTime: (path, owner) => times.set(path, owner),
    addXattrs: (path, attributes) => xattrs.add(path, attributes),
    requireRealParents(path) {
      for (const parent of parentsOf(path)) {
        if (!directories.has(parent) && !lstat(parent)?.isDirectory())
          throw new Error('its parent is not a directory of this layer');
      }
    },

    finish() {
      if (whiteoutNode !== undefined) unlinkSync(whiteoutNode);
      xattrs.flush();
      for (const [path, owner] of times) setTime(path, owner);
      return { implicit: [...implicit], opaque: [...opaque] };
    },
  };

  function lstat(path: string): Stats | undefined {
    return lstatSync(host(path), { throwIfNoEntry: false });
  }

  function makeParents(path: string): void {
    if (directories.has(path.slice(0, Math.max(0, path.lastIndexOf('/'))))) return;
    for (const parent of parentsOf(path)) {
      if (directories.has(parent)) continue;
      const stat = lstat(parent);
      if (!stat?.isDirectory()) makeParent(parent, stat);
      directories.add(parent);
    }
  }

  function makeParent(path: string, old: Stats | undefined): void {
    if (old !== undefined && !isWhiteout(old)) throw new Error('one of its parents is not a directory');
    if (old !== undefined) remove(path, old);
    mkdirSync(host(path));
    // In a setgid directory it would have that one's group.
    lchownSync(host(path), 0, 0);
    chmodSync(host(path), 0o755);
    if (old === undefined) implicit.add(path);
    else setOpaque(path);
  }

  function remove(path: string, old: Stats): void {
    if (xattrs.concerns(path)) xattrs.flush();
    onRemove(path, old.isDirectory());
    if (!old.isDirectory()) {
      unlinkSync(host(path));
      return;
    }
    for (const known of [times, directories, implicit, opaque]) forget(known, path);
    rmSync(host(path), { recursive: true });
  }

  /** Mostly nothing is there: it is quicker to hear that something is than to look. */
  function openNew(path: string): number {
    try {
      return openSync(host(path), 'wx', 0o600);
    } catch (error) {
      const old = isErrno(error, 'EEXIST') ? lstat(path) : undefined;
      if (old === undefined) throw error;
      remove(path, old);
      return openSync(host(path), 'wx', 0o600);
    }
  }

  function setFileOwner(fd: number, owner: EntryOwner): void {
    fchownSync(fd, owner.uid, owner.gid);
    // After chown, which drops setuid and setgid.
    fchmodSync(fd, owner.mode);
    if (owner.exact === undefined) futimesSync(fd, owner.mtime / 1000, owner.mtime / 1000);
    else setFileTime(fd, owner.exact);
  }

  function setOwner(path: string, owner: EntryOwner): void {
    lchownSync(host(path), owner.uid, owner.gid);
    // After chown, which drops setuid and setgid. There are no modes of symlinks.
    const stat = lstatSync(host(path));
    if (!stat.isSymbolicLink()) chmodSync(host(path), owner.mode);
    // A directory's comes when nothing will change it any more.
    if (!stat.isDirectory()) setTime(path, owner);
  }

  function setTime(path: string, { mtime, exact }: EntryOwner): void {
    if (exact === undefined) lutimesSync(host(path), mtime / 1000, mtime / 1000);
    else setPathTime(host(path), exact);
  }

  function setOpaque(path: string): void {
    opaque.add(path);
    xattrs.add(path, [['trusted.overlay.opaque', 'y']]);
  }

  /** All whiteouts are hard links to one device node, as overlayfs itself does it: one mknod for any number. */
  function linkWhiteout(path: string): void {
    whiteoutNode ??= newWhiteoutNode();
    try {
      linkSync(whiteoutNode, host(path));
    } catch (error) {
      if (!isErrno(error, 'EMLINK')) throw error;
      unlinkSync(whiteoutNode);
      whiteoutNode = newWhiteoutNode();
      linkSync(whiteoutNode, host(path));
    }
  }

  function newWhiteoutNode(): string {
    whiteoutNodes += 1;
    const path = join(directory, '..', `whiteout-${whiteoutNodes}`);
    makeNode(['-m', '0', path, 'c', '0', '0']);
    return path;
  }
}

/** overlayfs' whiteout: a character device 0/0. */
export function isWhiteout(stat: Stats): boolean {
  return stat.isCharacterDevice() && stat.rdev === 0;
}

function makeNode(args: string[]): void {
  runOrFail('make a device node', 'mknod', args);
}

/** Drops a path and everything below it. */
function forget(known: Map<string, unknown> | Set<string>, path: string): void {
  for (const key of known.keys()) if (key === path || key.startsWith(`${path}/`)) known.delete(key);
}

/** 'a/b/c' → 'a', 'a/b' */
function parentsOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}
