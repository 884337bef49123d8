/** What layers that lie over each other show together, read where they lie: nothing is mounted. */
import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '../model/errors.ts';
import { containerOwner, type IdMappings } from '../model/user-namespace/id-map.ts';
import { run } from '../sys/spawn.ts';
import { fromText, toBytes } from './byte-string.ts';
import type { Owner } from './layer-entry.ts';
import { isWhiteout } from './layer-tree.ts';
import { readLayer } from './layers.ts';
import { containerPaths, layerDirectory, type StoragePaths } from './paths.ts';
import { inheritedDirectories } from './upper.ts';

export interface Layer {
  /** Byte string, as all paths here; those in the tree begin with a slash. */
  base: string;
  /** Directories that hide what is in them below. */
  opaque: ReadonlySet<string>;
  /** Its files have owners of a user namespace. */
  ids?: IdMappings | undefined;
}

/** An image's layers. */
export interface ImageView {
  /** Topmost first. */
  layers: readonly Layer[];
  /** Directories, without a slash before, whose metadata is not that of their topmost copy (upper.ts). */
  given: ReadonlyMap<string, Owner>;
}

/** @param diffIds lowest layer first. */
export function imageView(paths: StoragePaths, diffIds: readonly string[]): ImageView {
  const layers = diffIds.toReversed().map((diffId) => {
    const facts = readLayer(paths, diffId);
    const opaque = new Set(facts.opaque.map((path) => `/${path}`));
    return { base: fromText(join(layerDirectory(paths, diffId), 'diff')), opaque, facts };
  });
  return { layers, given: inheritedDirectories(layers.map(({ base, facts }) => ({ diff: base, facts }))) };
}

/** A container's writable layer; undefined before its first mount. */
export async function upperLayer(
  paths: StoragePaths,
  id: string,
  ids?: IdMappings,
): Promise<Layer | undefined> {
  const { upper } = containerPaths(paths, id);
  if (lstatSync(upper, { throwIfNoEntry: false }) === undefined) return undefined;
  return { base: fromText(upper), opaque: await opaqueDirectories(upper), ids };
}

/** What layers, topmost first, show at a path. */
export function lookAt(layers: readonly Layer[], path: string): Stats | undefined {
  const parts = path.split('/').slice(1);
  const steps = parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`);
  for (const layer of layers) {
    const { opaque } = layer;
    for (const step of steps) {
      const stat = statIn(layer, step);
      if (stat === undefined) break;
      if (isWhiteout(stat)) return undefined;
      if (step === path) return stat;
      if (!stat.isDirectory()) return undefined;
    }
    if (steps.some((step) => step !== path && opaque.has(step))) return undefined;
  }
  return undefined;
}

/** What they show in a directory, by name. */
export function entriesOf(layers: readonly Layer[], directory: string): Map<string, Stats> {
  const names = new Set(layers.flatMap(({ base }) => namesIn(`${base}${directory}`)));
  return new Map(
    [...names].flatMap((name) => {
      const stat = lookAt(layers, `${directory}/${name}`);
      return stat === undefined ? [] : [[name, stat]];
    }),
  );
}

/** What a layer has at a path, with the owner that the container sees; undefined if there is nothing. */
export function statIn({ base, ids }: Layer, path: string): Stats | undefined {
  const stat = statOf(`${base}${path}`);
  return stat === undefined ? undefined : Object.assign(stat, containerOwner(ids, stat));
}

/** Undefined if there is none. */
export function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(toBytes(path), { throwIfNoEntry: false });
  } catch (error) {
    if (isErrno(error, 'ENOTDIR')) return undefined;
    throw error;
  }
}

/** Empty if there is no such directory. */
export function namesIn(directory: string): string[] {
  try {
    return readdirSync(toBytes(directory), 'latin1');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}

/** Which directories have trusted.overlay.opaque=y: Node cannot read attributes, one getfattr can for all. */
export async function opaqueDirectories(directory: string): Promise<Set<string>> {
  const { stdout } = await run(
    'getfattr',
    ['--recursive', '--physical', '--no-dereference', '--match=^trusted\\.overlay\\.opaque$', '--', '.'],
    { cwd: directory },
  );
  const paths = stdout.split('\n').flatMap((line) => /^# file: (.*)$/.exec(line)?.[1] ?? []);
  return new Set(paths.map((path) => `/${unquoted(path)}`));
}

/** getfattr(1) writes odd bytes of a path as a backslash and three octal digits. */
function unquoted(path: string): string {
  return fromText(path).replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
