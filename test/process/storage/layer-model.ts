/**
 * What a layer's entries must become, in memory: nested maps, so that no path can lead anywhere else. It says which
 * layers are refused, and what the directory and the facts beside it look like otherwise (OCI image spec, layer.md).
 */

export type EntryKind = 'file' | 'directory' | 'symlink' | 'link' | 'fifo' | 'char' | 'block';

/** An entry as its author means it; how it is written down is layer-cases.ts's affair. Byte strings. */
export interface CaseEntry {
  kind: EntryKind;
  /** As it stands in the archive: perhaps absolute, with `.`, `..`, empty parts. */
  name: string;
  /** Of symlinks and links. */
  target: string;
  body: string;
  mode: number;
  uid: number;
  gid: number;
  /** Milliseconds. */
  mtime: number;
  device: [major: number, minor: number];
  xattrs: Record<string, string>;
}

export interface Inode {
  kind: Exclude<EntryKind, 'directory' | 'link'>;
  content: string;
  device: [major: number, minor: number] | undefined;
  meta: Meta;
  xattrs: Record<string, string>;
}

export interface Meta {
  mode: number;
  uid: number;
  gid: number;
  mtime: number;
}

export interface Directory {
  kind: 'directory';
  children: Map<string, Node>;
  /** Undefined: made up, because something lies in it. */
  meta: Meta | undefined;
  /** In this layer because something lies in it, and nothing of this name was hidden. */
  implicit: boolean;
  opaque: boolean;
  xattrs: Record<string, string>;
}

/** A leaf's inode is shared by its hard links. */
export type Node = Directory | { kind: 'leaf'; inode: Inode } | { kind: 'whiteout' };

export interface LayerModel {
  root: Directory;
  /** What the layer says of the root itself. */
  rootMeta: Meta | undefined;
}

/** The layer must be refused; the text is for a failing test's reader. */
export class Refused extends Error {}

const WHITEOUT = '.wh.';

export function modelLayer(entries: readonly CaseEntry[]): LayerModel {
  const model: LayerModel = { root: newDirectory(undefined), rootMeta: undefined };
  for (const entry of entries) addEntry(model, entry);
  return model;
}

function addEntry(model: LayerModel, entry: CaseEntry): void {
  const meta = metaOf(entry);
  const parts = partsOf(entry.name);
  const kind = entry.kind === 'file' && entry.name.endsWith('/') ? 'directory' : entry.kind;
  const base = parts.pop();
  if (base === undefined) {
    if (kind !== 'directory') throw new Refused('a root that is no directory');
    model.rootMeta = meta;
    return;
  }
  if (base === '.wh..wh..opq') {
    if (parts.length > 0) parentsIn(model.root, parts).opaque = true;
    return;
  }
  if (base.startsWith('.wh..wh.')) return;
  if (base.startsWith(WHITEOUT)) {
    whiteout(model, parts, base.slice(WHITEOUT.length));
    return;
  }
  if (kind === 'link') {
    link(model, { parts, base, entry, meta });
    return;
  }
  if (kind !== 'directory' && (kind === 'char' || kind === 'block')) checkDevice(entry.device);
  if (kind === 'symlink' && (entry.target === '' || entry.target.includes('\0')))
    throw new Refused('no target');
  const parent = parentsIn(model.root, parts);
  checkName(base);
  const old = parent.children.get(base);
  if (kind === 'directory') {
    const directory = old?.kind === 'directory' ? old : newDirectory(meta);
    if (old?.kind === 'whiteout') directory.opaque = true;
    directory.meta = meta;
    directory.implicit = false;
    parent.children.set(base, directory);
    setXattrs(directory, entry);
    return;
  }
  const inode: Inode = { kind, content: contentOf(entry), device: undefined, meta, xattrs: {} };
  if (kind === 'char' || kind === 'block') inode.device = entry.device;
  // overlayfs cannot tell it from a whiteout, nor can Podman.
  const isWhiteout = kind === 'char' && entry.device.join() === '0,0';
  parent.children.set(base, isWhiteout ? { kind: 'whiteout' } : { kind: 'leaf', inode });
  setXattrs(inode, entry);
}

function whiteout(model: LayerModel, parts: string[], name: string): void {
  if (name === '' || name === '.' || name === '..') throw new Refused('a whiteout of nothing');
  const parent = parentsIn(model.root, parts);
  checkName(name);
  const old = parent.children.get(name);
  if (old === undefined) parent.children.set(name, { kind: 'whiteout' });
  else if (old.kind === 'directory') old.opaque = true;
}

function link(
  model: LayerModel,
  { parts, base, entry, meta }: { parts: string[]; base: string; entry: CaseEntry; meta: Meta },
): void {
  if (entry.target === '') throw new Refused('no target');
  const target = partsOf(entry.target);
  const name = target.pop();
  if (name === undefined) throw new Refused('a hard link to the root');
  // Looked for as it is before the new name makes way, and again after: the name may have been in the target's way.
  if (directoryAt(model.root, target) === undefined) throw new Refused('a link through what is no directory');
  const parent = parentsIn(model.root, parts);
  checkName(base);
  parent.children.delete(base);
  const found = directoryAt(model.root, target)?.children.get(name);
  if (found === undefined) throw new Refused('a hard link to nothing');
  if (found.kind === 'directory') throw new Refused('a hard link to a directory');
  parent.children.set(base, found);
  if (found.kind === 'leaf') found.inode.meta = meta;
  setXattrs(found.kind === 'leaf' ? found.inode : { kind: 'char', xattrs: {} }, entry);
}

/** Made where they are missing. */
function parentsIn(root: Directory, parts: readonly string[]): Directory {
  let at = root;
  for (const part of parts) {
    checkName(part);
    const next = at.children.get(part);
    if (next?.kind === 'leaf') throw new Refused('a parent that is no directory');
    if (next?.kind === 'directory') at = next;
    else {
      const made = newDirectory(undefined);
      made.opaque = next !== undefined;
      made.implicit = next === undefined;
      at.children.set(part, made);
      at = made;
    }
  }
  return at;
}

function directoryAt(root: Directory, parts: readonly string[]): Directory | undefined {
  return parts.reduce<Directory | undefined>((at, part) => {
    const next = at?.children.get(part);
    return next?.kind === 'directory' ? next : undefined;
  }, root);
}

function newDirectory(meta: Meta | undefined): Directory {
  return { kind: 'directory', children: new Map(), meta, implicit: false, opaque: false, xattrs: {} };
}

function setXattrs(
  holder: { kind: string; xattrs: Record<string, string> },
  { xattrs }: Pick<CaseEntry, 'xattrs'>,
): void {
  for (const [name, value] of Object.entries(xattrs)) {
    if (name.startsWith('trusted.overlay.')) continue;
    if (name.startsWith('user.') && holder.kind !== 'file' && holder.kind !== 'directory')
      throw new Refused('user attributes are for files and directories (xattr(7))');
    holder.xattrs[name] = value;
  }
}

function contentOf(entry: CaseEntry): string {
  if (entry.kind === 'symlink') return entry.target;
  return entry.kind === 'file' ? entry.body : '';
}

function metaOf({ mode, uid, gid, mtime }: CaseEntry): Meta {
  for (const id of [uid, gid])
    if (!(id >= 0 && id <= 2 ** 32 - 2)) throw new Refused('an owner out of range');
  const holds = mtime >= 0 && mtime < 2 ** 34 * 1000;
  return { mode: mode & 0o7777, uid, gid, mtime: holds ? mtime : 0 };
}

function checkDevice([major, minor]: [number, number]): void {
  if (!(major >= 0 && major < 2 ** 12 && minor >= 0 && minor < 2 ** 20)) throw new Refused('no such device');
}

/** No file system of Linux takes more (path_resolution(7)). */
function checkName(name: string): void {
  if (name.length > 255) throw new Refused('a name that is too long');
}

function partsOf(name: string): string[] {
  if (name.includes('\0')) throw new Refused('a NUL byte');
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw new Refused('..');
  return parts;
}

/** What layers, lowest first, show together: overlayfs' rules, and a directory that has no entry has the metadata of the one below. */
export function mergeLayers(layers: readonly LayerModel[]): LayerModel {
  const topmostFirst = layers.toReversed();
  return {
    root: mergeDirectories(topmostFirst.map(({ root }) => root)),
    rootMeta: topmostFirst.find(({ rootMeta }) => rootMeta !== undefined)?.rootMeta,
  };
}

/** @param stack the same directory in several layers, topmost first, with nothing in between. */
function mergeDirectories(stack: readonly Directory[]): Directory {
  const merged = newDirectory(stack.find(({ implicit }) => !implicit)?.meta);
  const bottom = stack.findIndex(({ opaque }) => opaque);
  const visible = bottom < 0 ? stack : stack.slice(0, bottom + 1);
  for (const name of new Set(visible.flatMap(({ children }) => [...children.keys()]))) {
    const nodes = visible.flatMap(({ children }) => children.get(name) ?? []);
    const top = nodes[0];
    if (top?.kind === 'leaf') merged.children.set(name, top);
    if (top?.kind !== 'directory') continue;
    const end = nodes.findIndex(({ kind }) => kind !== 'directory');
    merged.children.set(name, mergeDirectories((end < 0 ? nodes : nodes.slice(0, end)) as Directory[]));
  }
  return merged;
}
