/**
 * What a container has changed, by its overlay's upper directory; what an image's top layer changed likewise; and in what
 * two of them differ.
 */
import { constants, type Stats } from 'node:fs';
import type { IdMappings } from '../model/user-namespace/id-map.ts';
import { toBytes } from './byte-string.ts';
import type { Owner } from './layer-entry.ts';
import { isWhiteout } from './layer-tree.ts';
import {
  entriesOf,
  type ImageView,
  imageView,
  type Layer,
  lookAt,
  namesIn,
  statIn,
  statOf,
  upperLayer,
} from './merged.ts';
import type { StoragePaths } from './paths.ts';

export interface Change {
  /** Added, changed, deleted. */
  kind: 'A' | 'C' | 'D';
  /** Absolute in the container. */
  path: string;
}

/** A container, by its ID and its image's layers; without the ID an image. */
export interface Layered {
  id?: string;
  /** Diff ids, lowest first. */
  layers: readonly string[];
  /** Of the container's user namespace: what it wrote has other owners on the host. */
  ids?: IdMappings | undefined;
}

/**
 * The paths that a container added, changed and deleted, or an image's topmost layer; sorted. A directory counts as
 * changed if it was touched itself or has changes in it; one that replaced another is changed, and what was in the old
 * one is deleted.
 */
export async function changesOf(paths: StoragePaths, { id, layers, ids }: Layered): Promise<Change[]> {
  const image = imageView(paths, layers);
  if (id !== undefined) {
    const upper = await upperLayer(paths, id, ids);
    // What is given was made with the container (upper.ts), not by it.
    return upper === undefined ? [] : changesIn(upper, image.layers, image.given);
  }
  const [top, ...lowers] = image.layers;
  return top === undefined ? [] : changesIn(top, lowers, new Map());
}

/**
 * What makes `tree` of `base`, sorted. Of a directory that only `tree` has, all is added; of one that only `base` has,
 * itself is deleted.
 */
export async function changesBetween(paths: StoragePaths, tree: Layered, base: Layered): Promise<Change[]> {
  const [to, from] = [await viewOf(paths, tree), await viewOf(paths, base)];
  const found: Change[] = [];
  const walk = (directory: string): void => {
    const [after, before] = [entriesOf(to.layers, directory), entriesOf(from.layers, directory)];
    for (const [name, stat] of after) {
      const path = `${directory}/${name}`;
      const old = before.get(name);
      const count = found.length;
      if (stat.isDirectory()) walk(path);
      if (old === undefined) found.push({ kind: 'A', path });
      else if (found.length > count || !isEqual([stat, to], [old, from], path))
        found.push({ kind: 'C', path });
    }
    for (const name of before.keys())
      if (!after.has(name)) found.push({ kind: 'D', path: `${directory}/${name}` });
  };
  walk('');
  return presented(found);
}

const { S_IFMT } = constants;

/** Where the runtime puts mounts and links of its own into every container; Podman leaves out the same. */
const OWN_FILES: ReadonlySet<string> = new Set([
  ...['/dev', '/proc', '/sys', '/etc/hostname', '/etc/hosts', '/etc/mtab', '/etc/resolv.conf'],
  ...['/run', '/run/.containerenv', '/run/notify', '/run/secrets'],
]);

/** Paths as text, sorted, without the runtime's own. */
function presented(found: readonly Change[]): Change[] {
  return found
    .map(({ kind, path }) => ({ kind, path: toBytes(path).toString() }))
    .filter(({ path }) => !OWN_FILES.has(path))
    .sort((a, b) => (a.path < b.path ? -1 : Number(a.path > b.path)));
}

async function viewOf(paths: StoragePaths, { id, layers, ids }: Layered): Promise<ImageView> {
  const image = imageView(paths, layers);
  const upper = id === undefined ? undefined : await upperLayer(paths, id, ids);
  // The upper directory was made with what is given.
  return upper === undefined ? image : { layers: [upper, ...image.layers], given: new Map() };
}

/** @param lowers topmost first. @param given metadata that directories have without being changed. */
function changesIn(upper: Layer, lowers: readonly Layer[], given: ImageView['given']): Change[] {
  const { base, opaque } = upper;
  const found: Change[] = [];
  const add = (kind: Change['kind'], path: string): number => found.push({ kind, path });
  const replaced = (path: string): void => {
    for (const name of entriesOf(lowers, path).keys())
      if (statOf(`${base}${path}/${name}`) === undefined) add('D', `${path}/${name}`);
  };
  const walk = (directory: string): void => {
    for (const name of namesIn(`${base}${directory}`)) {
      const path = `${directory}/${name}`;
      const stat = statIn(upper, path);
      if (stat === undefined) continue; // gone while we looked
      const below = lookAt(lowers, path);
      if (isWhiteout(stat)) {
        if (below !== undefined) add('D', path);
        continue;
      }
      const before = found.length;
      if (stat.isDirectory()) {
        if (opaque.has(path) && below?.isDirectory()) replaced(path);
        walk(path);
      }
      const untouched =
        stat.isDirectory() && found.length === before && isSame(stat, given.get(path.slice(1)) ?? below);
      if (!untouched) add(below === undefined ? 'A' : 'C', path);
    }
  };
  walk('');
  return presented(found);
}

function isSame(stat: Stats, other: Stats | Owner | undefined): boolean {
  if (other === undefined || ('isDirectory' in other && !other.isDirectory())) return false;
  return hasSameMetadata(stat, other);
}

/** Are they of the same kind, with the same metadata, and for files of the same size or device number? */
function isEqual(one: [Stats, ImageView], other: [Stats, ImageView], path: string): boolean {
  const [a, b] = [one[0], other[0]];
  if ((a.mode & S_IFMT) !== (b.mode & S_IFMT)) return false;
  if (!a.isDirectory()) return hasSameMetadata(a, b) && a.size === b.size && a.rdev === b.rdev;
  const owner = ([stat, { given }]: [Stats, ImageView]) => given.get(path.slice(1)) ?? stat;
  return hasSameMetadata(owner(one), owner(other));
}

/** Owner, mode and time; that to the millisecond. */
function hasSameMetadata(one: Stats | Owner, other: Stats | Owner): boolean {
  const time = (of: Stats | Owner): number => ('mtimeMs' in of ? of.mtimeMs : of.mtime);
  return (
    one.uid === other.uid &&
    one.gid === other.gid &&
    (one.mode & 0o7777) === (other.mode & 0o7777) &&
    Math.abs(time(one) - time(other)) < 1
  );
}
