/** What a container has changed, by its overlay's upper directory; what an image's top layer changed likewise. */
import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '../model/errors.ts';
import { run } from '../sys/spawn.ts';
import { fromText, toBytes } from './byte-string.ts';
import type { Owner } from './layer-entry.ts';
import { isWhiteout } from './layer-tree.ts';
import { readLayer } from './layers.ts';
import { containerPaths, layerDirectory, type StoragePaths } from './paths.ts';
import { inheritedDirectories } from './upper.ts';

export interface Change {
  /** Added, changed, deleted. */
  kind: 'A' | 'C' | 'D';
  /** Absolute in the container. */
  path: string;
}

/**
 * The paths that a container added, changed and deleted, sorted. A directory counts as changed if it was touched itself
 * or has changes in it; one that replaced another is changed, and what was in the old one is deleted.
 * @param layers diff ids, lowest first.
 */
export async function containerChanges(
  paths: StoragePaths,
  id: string,
  layers: readonly string[],
): Promise<Change[]> {
  const { upper } = containerPaths(paths, id);
  if (lstatSync(upper, { throwIfNoEntry: false }) === undefined) return [];
  const lowers = lowersOf(paths, layers);
  return changes({
    base: fromText(upper),
    opaque: await opaqueDirectories(upper),
    lowers,
    // Made with the container (upper.ts), not by it.
    given: inheritedDirectories(lowers.map(({ base, facts }) => ({ diff: base, facts }))),
  });
}

/** The same of an image's topmost layer against those below it. */
export function imageChanges(paths: StoragePaths, layers: readonly string[]): Change[] {
  const [top, ...lowers] = lowersOf(paths, layers);
  return top === undefined ? [] : changes({ ...top, lowers, given: new Map() });
}

/** Where the runtime puts mounts and links of its own into every container; Podman leaves out the same. */
const OWN_FILES: ReadonlySet<string> = new Set([
  ...['/dev', '/proc', '/sys', '/etc/hostname', '/etc/hosts', '/etc/mtab', '/etc/resolv.conf'],
  ...['/run', '/run/.containerenv', '/run/notify', '/run/secrets'],
]);

interface Layer {
  /** Byte string, as all paths here; those in the tree begin with a slash. */
  base: string;
  /** Directories that hide what is in them below. */
  opaque: ReadonlySet<string>;
}

interface Comparison extends Layer {
  /** Topmost first. */
  lowers: readonly Layer[];
  /** Directories with the metadata that they have without being changed. */
  given: ReadonlyMap<string, Owner>;
}

function lowersOf(paths: StoragePaths, layers: readonly string[]) {
  return layers.toReversed().map((diffId) => {
    const facts = readLayer(paths, diffId);
    return {
      base: fromText(join(layerDirectory(paths, diffId), 'diff')),
      opaque: new Set(facts.opaque.map((path) => `/${path}`)),
      facts,
    };
  });
}

function changes({ base, opaque, lowers, given }: Comparison): Change[] {
  const found: Change[] = [];
  const add = (kind: Change['kind'], path: string): number =>
    found.push({ kind, path: toBytes(path).toString() });
  const replaced = (path: string): void => {
    for (const name of mergedNames(lowers, path))
      if (statOf(`${base}${path}/${name}`) === undefined) add('D', `${path}/${name}`);
  };
  const walk = (directory: string): void => {
    for (const name of namesIn(`${base}${directory}`)) {
      const path = `${directory}/${name}`;
      const stat = statOf(`${base}${path}`);
      if (stat === undefined) continue; // gone while we looked
      const below = lookBelow(lowers, path);
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
  return found
    .filter(({ path }) => !OWN_FILES.has(path))
    .sort((a, b) => (a.path < b.path ? -1 : Number(a.path > b.path)));
}

/** What the layers below show at a path. */
function lookBelow(lowers: readonly Layer[], path: string): Stats | undefined {
  const parts = path.split('/').slice(1);
  const steps = parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`);
  for (const { base, opaque } of lowers) {
    for (const step of steps) {
      const stat = statOf(`${base}${step}`);
      if (stat === undefined) break;
      if (isWhiteout(stat)) return undefined;
      if (step === path) return stat;
      if (!stat.isDirectory()) return undefined;
    }
    if (steps.some((step) => step !== path && opaque.has(step))) return undefined;
  }
  return undefined;
}

/** The names that the layers below show in a directory. */
function mergedNames(lowers: readonly Layer[], path: string): string[] {
  const names = new Set(lowers.flatMap(({ base }) => namesIn(`${base}${path}`)));
  return [...names].filter((name) => lookBelow(lowers, `${path}/${name}`) !== undefined);
}

function isSame(stat: Stats, other: Stats | Owner | undefined): boolean {
  if (other === undefined || ('isDirectory' in other && !other.isDirectory())) return false;
  const otherTime = 'mtimeMs' in other ? other.mtimeMs : other.mtime;
  return (
    stat.uid === other.uid &&
    stat.gid === other.gid &&
    (stat.mode & 0o7777) === (other.mode & 0o7777) &&
    Math.abs(stat.mtimeMs - otherTime) < 1
  );
}

function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(toBytes(path), { throwIfNoEntry: false });
  } catch (error) {
    if (isErrno(error, 'ENOTDIR')) return undefined;
    throw error;
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(toBytes(directory), 'latin1');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}

/** Which directories have trusted.overlay.opaque=y: Node cannot read attributes, one getfattr can for all. */
async function opaqueDirectories(directory: string): Promise<Set<string>> {
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
