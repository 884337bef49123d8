/** What one entry of a layer's tar asks for (OCI image spec, layer.md), decided without touching a disk. */

import type { ExactTime } from '../sys/times.ts';
import { toText } from './byte-string.ts';
import type { TarHeader } from './tar/reader.ts';

export interface Owner {
  uid: number;
  gid: number;
  /** With setuid, setgid and sticky bits: 0o7777. */
  mode: number;
  /** Milliseconds since the epoch. */
  mtime: number;
}

/** What a layer's entry says. */
export interface EntryOwner extends Owner {
  /** Only where Owner's time is not exact. */
  exact?: ExactTime;
}

export type LayerEntry =
  | { kind: 'skip' }
  | { kind: 'root' }
  | { kind: 'whiteout'; path: string }
  | { kind: 'opaque'; path: string }
  | { kind: 'node'; path: string; type: 'c' | 'b'; major: number; minor: number }
  | { kind: 'fifo'; path: string }
  | { kind: 'file' | 'directory'; path: string }
  | { kind: 'symlink'; path: string; target: string }
  | { kind: 'link'; path: string; target: string };

const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';
/** aufs' own bookkeeping, found in old Docker images; never part of the image's content. */
const AUFS = '.wh..wh.';

const XATTR = 'SCHILY.xattr.';
/** State of the overlay file system that would be believed if it lay in a layer; only whiteouts may set it. */
const OVERLAY_STATE = 'trusted.overlay.';
/** SELinux's: of another host's policy it could not even be set. */
const LABEL = 'security.selinux';

const MAX_ID = 2 ** 32 - 2;

export const UNKNOWN_KIND = 'of a kind that is not supported (of a multi-volume archive?)';

/** Paths are byte strings relative to the layer, without `.` and empty components. Throws a plain Error saying what is wrong. */
export function layerEntry(header: TarHeader): LayerEntry {
  const path = insidePath(header.name, 'name');
  // The tars before POSIX had no kind for directories (tar(5)).
  const isOldDirectory = header.type === 'file' && header.name.endsWith('/');
  if (isOldDirectory && header.size > 0) throw new Error('a directory with content');
  const type = isOldDirectory ? 'directory' : header.type;
  if (type === null) throw new Error(UNKNOWN_KIND);
  if (path === '') {
    if (type !== 'directory') throw new Error('the root of a layer must be a directory');
    return { kind: 'root' };
  }
  const base = path.slice(path.lastIndexOf('/') + 1);
  const parent = path.slice(0, Math.max(0, path.length - base.length - 1));
  if (base === OPAQUE) return { kind: 'opaque', path: parent };
  if (base.startsWith(AUFS)) return { kind: 'skip' };
  if (base.startsWith(WHITEOUT)) return { kind: 'whiteout', path: whiteoutPath(parent, base) };
  switch (type) {
    case 'directory':
    case 'file':
      return { kind: type, path };
    case 'contiguous-file':
      return { kind: 'file', path };
    case 'symlink':
      return { kind: 'symlink', path, target: linkTarget(header) };
    case 'link':
      return { kind: 'link', path, target: insidePath(linkTarget(header), 'link target') };
    case 'fifo':
      return { kind: 'fifo', path };
    case 'character-device':
    case 'block-device':
      return {
        kind: 'node',
        path,
        type: type === 'block-device' ? 'b' : 'c',
        major: deviceNumber(header.devmajor, 12),
        minor: deviceNumber(header.devminor, 20),
      };
    default:
      throw new Error(`of the unsupported kind ${type}`);
  }
}

/** Owner, mode and time, PAX records first: they hold what the old fields cannot. */
export function layerOwner(header: TarHeader): EntryOwner {
  const exact = exactTime(header.pax?.mtime);
  return {
    uid: ownerId(header.pax?.uid, header.uid, 'uid'),
    gid: ownerId(header.pax?.gid, header.gid, 'gid'),
    mode: header.mode & 0o7777,
    mtime: boundedTime(entryTime(header)),
    ...(exact === undefined ? {} : { exact }),
  };
}

/** In milliseconds; before 1970 it is negative. */
export function entryTime({ pax, mtime }: TarHeader): number {
  return pax?.mtime === undefined ? mtime.getTime() : Number(pax.mtime) * 1000;
}

/** The time of a PAX record that has a fraction of a second (pax(1): decimal). */
function exactTime(text: string | undefined): ExactTime | undefined {
  const [, seconds = '', fraction = ''] = /^(\d+)\.(\d+)$/.exec(text ?? '') ?? [];
  const nanoseconds = Number(fraction.slice(0, 9).padEnd(9, '0'));
  if (nanoseconds === 0 || boundedTime(Number(seconds) * 1000) === 0) return undefined;
  return { seconds: Number(seconds), nanoseconds };
}

/** Extended attributes, as [name, value] byte strings; overlayfs' own are left out, and labels, which are the place's. */
export function layerXattrs(header: TarHeader): [string, string][] {
  return Object.entries(header.pax ?? {}).flatMap(([key, value]): [string, string][] => {
    const name = key.startsWith(XATTR) ? key.slice(XATTR.length) : '';
    return name === '' || name === LABEL || name.startsWith(OVERLAY_STATE) ? [] : [[name, value]];
  });
}

/** An absolute name means the same below the layer's root, as everywhere; `..` has no honest meaning. */
function insidePath(name: string, what: string): string {
  if (name.includes('\0')) throw new Error(`the ${what} contains a NUL byte`);
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw new Error(`the ${what} ${toText(name)} contains ".."`);
  return parts.join('/');
}

function linkTarget(header: TarHeader): string {
  const target = header.linkname;
  if (target === null || target === '') throw new Error('a link without a target');
  if (target.includes('\0')) throw new Error('the link target contains a NUL byte');
  return target;
}

function whiteoutPath(parent: string, base: string): string {
  const name = base.slice(WHITEOUT.length);
  if (name === '' || name === '.' || name === '..') throw new Error('a whiteout that names nothing');
  return parent === '' ? name : `${parent}/${name}`;
}

function ownerId(pax: string | undefined, field: number | null, what: string): number {
  const id = pax === undefined ? (field ?? Number.NaN) : /^[0-9]{1,10}$/.test(pax) ? Number(pax) : Number.NaN;
  if (!Number.isInteger(id) || id < 0 || id > MAX_ID)
    throw new Error(`${what} ${pax ?? field} is out of range`);
  return id;
}

/** Linux device numbers have 12 bits of major and 20 of minor. */
function deviceNumber(value: number, bits: number): number {
  if (!Number.isInteger(value) || value < 0 || value >= 2 ** bits)
    throw new Error(`device number ${value} is out of range`);
  return value;
}

/** A time that no file system can hold becomes the epoch, as image builders do it. */
function boundedTime(milliseconds: number): number {
  return milliseconds >= 0 && milliseconds < 2 ** 34 * 1000 ? milliseconds : 0;
}
