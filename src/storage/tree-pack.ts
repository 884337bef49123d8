/** A tree, or a part of one, as a tar: what `export` writes and `cp` reads. The tree may change meanwhile. */
import type { BigIntStats } from 'node:fs';
import { BerthError } from '../model/errors.ts';
import { containerOwner } from '../model/user-namespace/id-map.ts';
import { xattrsInNamespace } from './file-capabilities.ts';
import { contentOf, inodeOf, linkTarget, namesIn, openChild, type Place, type TreeRoot } from './rooted.ts';
import { TAR_END, type TarEntry, tarHeader, tarPadding } from './tar/writer.ts';
import { readXattrs, type Xattrs } from './xattrs.ts';

export interface PackOptions {
  /** Device nodes too; they are left out otherwise. Sockets are never in a tar. */
  devices: boolean;
  /** Fractions of seconds, at the price of a pax header for nearly every entry. */
  exactTimes: boolean;
  /**
   * It is a layer: overlayfs' whiteouts become those of layers, and so do these directories, absolute in the tree, that hide
   * what is below them (OCI image spec, layer.md).
   */
  layer?: { opaque: ReadonlySet<string> };
  /** The directory (`device:inode`) that this tar is being unpacked into, where a copy would never end. */
  notInto?: string;
}

/** Headers and small files are handed on together. */
const CHUNK = 65_536;
/** Entries whose extended attributes are asked for at once; so many descriptors are open. */
const BATCH = 64;

/**
 * The tar of what is at `top`, depth first, names in order of their bytes. With a `name` the archive has an entry of that
 * name, without one only what lies in the directory. A hard link is one if both names are in the archive.
 * Memory: a few buffers, and a line for each file that has several names. A file that shrinks while it is read ends in zeros.
 */
export async function* packTree(
  tree: TreeRoot,
  top: Place,
  { name, ...options }: PackOptions & { name?: string },
): AsyncGenerator<Buffer> {
  let pending: Buffer[] = [];
  let length = 0;
  for (const buffer of entries({ tree, options, links: new Map() }, top, name)) {
    pending.push(buffer);
    length += buffer.length;
    if (length < CHUNK) continue;
    yield pending.length === 1 ? buffer : Buffer.concat(pending);
    pending = [];
    length = 0;
  }
  yield Buffer.concat([...pending, TAR_END]);
}

interface Packing {
  tree: TreeRoot;
  options: PackOptions;
  /** First name in the archive of files that have several: device:inode → path. */
  links: Map<string, string>;
}

function* entries(packing: Packing, top: Place, name: string | undefined): Generator<Buffer> {
  if (name === undefined) {
    yield* directoryContent(packing, top, '');
    return;
  }
  if (top.stat.isDirectory() || top.stat.isFile())
    yield* entry(packing, top, name, readXattrs([top]).get(top));
  else yield* entry(packing, top, name);
}

function* directoryContent(packing: Packing, directory: Place, prefix: string): Generator<Buffer> {
  const names = namesIn(directory);
  for (let at = 0; at < names.length; at += BATCH) {
    const batch = names.slice(at, at + BATCH);
    const xattrs = xattrsOf(packing.tree, directory, batch);
    for (const name of batch) {
      using place = openChild(packing.tree, directory, name);
      if (place === undefined) continue; // gone
      const path = `${prefix}${name}`;
      if (place.stat.isSymbolicLink()) yield* symlink(packing, place, path, linkTarget(directory, name));
      else yield* entry(packing, place, path, xattrs.get(inodeOf(place.stat)));
    }
  }
}

/** By inode: between this look and the entry itself another file may have taken the name. */
function xattrsOf(tree: TreeRoot, directory: Place, names: readonly string[]): Map<string, Xattrs> {
  const places: Place[] = [];
  try {
    for (const name of names) {
      const place = openChild(tree, directory, name);
      if (place !== undefined) places.push(place);
    }
    const asked = places.filter(({ stat }) => stat.isFile() || stat.isDirectory());
    return new Map([...readXattrs(asked)].map(([place, xattrs]) => [inodeOf(place.stat), xattrs]));
  } finally {
    for (const place of places) place[Symbol.dispose]();
  }
}

function* entry(packing: Packing, place: Place, path: string, xattrs: Xattrs = []): Generator<Buffer> {
  const { stat } = place;
  const type = typeOf(stat);
  const { layer } = packing.options;
  if (layer !== undefined && type === 'character-device' && stat.rdev === 0n) {
    yield emptyFile(path.replace(/[^/]*$/, '.wh.$&'), stat);
    return;
  }
  if (type === undefined || (type.endsWith('device') && !packing.options.devices)) return;
  const header = headerOf(packing, place, { path, type, xattrs });
  if (type === 'directory') {
    if (inodeOf(stat) === packing.options.notInto)
      throw new BerthError('invalid', 'cannot copy a directory into itself');
    yield tarHeader(header);
    if (layer?.opaque.has(`/${path}`)) yield emptyFile(`${path}/.wh..wh..opq`, stat);
    yield* directoryContent(packing, place, `${path}/`);
    return;
  }
  const first = earlierName(packing, stat, path);
  if (first !== undefined) {
    yield tarHeader({ ...header, type: 'link', linkTarget: first, xattrs: [] });
    return;
  }
  if (type !== 'file') {
    yield tarHeader(header);
    return;
  }
  const size = Number(stat.size);
  yield tarHeader({ ...header, size });
  yield* exactly(size, contentOf(place, 4 * CHUNK));
  yield tarPadding(size);
}

/** The sign for something that is not there; owned by root, of the time of what it stands for. */
function emptyFile(path: string, { mtimeNs }: BigIntStats): Buffer {
  const second = mtimeNs - (mtimeNs % 1_000_000_000n);
  return tarHeader({ path, type: 'file', mode: 0o600, uid: 0, gid: 0, size: 0, mtimeNs: second });
}

function* symlink(packing: Packing, place: Place, path: string, linkTarget?: string): Generator<Buffer> {
  if (linkTarget === undefined) return;
  const first = earlierName(packing, place.stat, path);
  const header = headerOf(packing, place, { path, type: 'symlink', xattrs: [] });
  yield tarHeader(
    first === undefined ? { ...header, linkTarget } : { ...header, type: 'link', linkTarget: first },
  );
}

function headerOf(
  { options, tree: { ids } }: Packing,
  { stat }: Place,
  what: Pick<TarEntry, 'path' | 'type' | 'xattrs'>,
): TarEntry {
  return {
    ...what,
    xattrs: xattrsInNamespace(what.xattrs ?? [], ids),
    mode: Number(stat.mode) & 0o7777,
    ...containerOwner(ids, { uid: Number(stat.uid), gid: Number(stat.gid) }),
    size: 0,
    mtimeNs: options.exactTimes ? stat.mtimeNs : stat.mtimeNs - (stat.mtimeNs % 1_000_000_000n),
    ...(what.type.endsWith('device') ? { device: deviceNumbers(stat.rdev) } : {}),
  };
}

function earlierName({ links }: Packing, stat: BigIntStats, path: string): string | undefined {
  if (stat.nlink === 1n) return undefined;
  const first = links.get(inodeOf(stat));
  if (first === undefined) links.set(inodeOf(stat), path);
  return first;
}

/** As many bytes as the header promises, whatever the file has become. */
function* exactly(size: number, content: Iterable<Buffer>): Generator<Buffer> {
  let left = size;
  for (const chunk of content) {
    if (left === 0) return;
    const part = chunk.length > left ? chunk.subarray(0, left) : chunk;
    left -= part.length;
    yield part;
  }
  for (; left > 0; left -= Math.min(left, CHUNK)) yield Buffer.alloc(Math.min(left, CHUNK));
}

function typeOf(stat: BigIntStats): TarEntry['type'] | undefined {
  if (stat.isDirectory()) return 'directory';
  if (stat.isFile()) return 'file';
  if (stat.isFIFO()) return 'fifo';
  if (stat.isCharacterDevice()) return 'character-device';
  return stat.isBlockDevice() ? 'block-device' : undefined;
}

/** The kernel's encoding of a device number in stat(2): makedev(3). */
function deviceNumbers(rdev: bigint): { major: number; minor: number } {
  return {
    major: Number(((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & ~0xfffn)),
    minor: Number((rdev & 0xffn) | ((rdev >> 12n) & ~0xffn)),
  };
}
