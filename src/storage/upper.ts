/**
 * A container's upper directory as it has to be before its first mount.
 *
 * The metadata of a merged directory is that of its topmost copy. Some builders (umoci, for one) pack `var/lib/x` without
 * entries for `var` and `var/lib`; the layer then has them with made-up metadata, and `tmp` would lose its 1777. Layers
 * are shared by different stacks, so the right metadata cannot be put into the layer: it goes into the upper.
 */
import {
  chmodSync,
  chownSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { hostOwner, type IdMappings } from '../model/user-namespace/id-map.ts';
import { fromText, toBytes } from './byte-string.ts';
import type { Owner } from './layer-entry.ts';
import { type LayerFacts, readLayer } from './layers.ts';
import { layerDirectory, type StoragePaths } from './paths.ts';

/** Podman's mode for a root directory; here only for images that have no entry for it. */
const DEFAULT_ROOT: Owner = { uid: 0, gid: 0, mode: 0o555, mtime: 0 };

interface Layer {
  diff: string;
  facts: LayerFacts;
}

/**
 * Makes `upper` unless it is there: owner and mode of `/` as the image says, and the directories whose metadata a layer
 * hides without meaning to. Appears in one step.
 * @param diffIds lowest layer first.
 * @param ids of the container's user namespace.
 */
export function prepareUpper(
  paths: StoragePaths,
  diffIds: readonly string[],
  { upper, ids }: { upper: string; ids?: IdMappings | undefined },
): void {
  if (lstatSync(upper, { throwIfNoEntry: false }) !== undefined) return;
  const topmostFirst = diffIds.toReversed().map((diffId) => ({
    diff: fromText(join(layerDirectory(paths, diffId), 'diff')),
    facts: readLayer(paths, diffId),
  }));
  makeUpper(upper, inheritedDirectories(topmostFirst), ids);
}

/** The same over a directory that is no layer: its root is like the directory, but the container's root has it, as with Podman. */
export function prepareUpperOf(
  directory: string,
  { upper, ids }: { upper: string; ids?: IdMappings | undefined },
): void {
  if (lstatSync(upper, { throwIfNoEntry: false }) !== undefined) return;
  const { mode, mtimeMs } = statSync(directory);
  makeUpper(upper, new Map([['', { uid: 0, gid: 0, mode: mode & 0o7777, mtime: mtimeMs }]]), ids);
}

function makeUpper(upper: string, wanted: ReadonlyMap<string, Owner>, ids: IdMappings | undefined): void {
  const unfinished = `${upper}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  for (const path of wanted.keys()) mkdirSync(at(unfinished, path), { recursive: true, mode: 0o700 });
  // Deepest first, because a new entry changes its parent's time.
  for (const [path, owner] of [...wanted].reverse())
    setOwner(at(unfinished, path), { ...owner, ...hostOwner(ids, owner) });
  renameSync(unfinished, upper);
}

/** Path → metadata, parents before children; the root ('') is always among them. */
export function inheritedDirectories(topmostFirst: readonly Layer[]): Map<string, Owner> {
  const root = topmostFirst.find(({ facts }) => facts.root !== undefined)?.facts.root ?? DEFAULT_ROOT;
  const wanted = new Map([['', root]]);
  const implicit = new Set(topmostFirst.flatMap(({ facts }) => facts.implicit));
  for (const path of [...implicit].sort()) {
    const parts = path.split('/');
    const chain = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
    const found = chain.map((step) => [step, mergedOwner(topmostFirst, step)] as const);
    if (found.at(-1)?.[1] === undefined) continue;
    for (const [step, owner] of found) {
      // In the upper it must exist for the sake of what lies in it, and look as it did without it.
      const shown = owner ?? topmostCopy(topmostFirst, step);
      if (shown !== undefined) wanted.set(step, shown);
    }
  }
  return wanted;
}

/** What the topmost layer that has an entry of its own for this directory says; undefined if none does or it is hidden. */
function mergedOwner(topmostFirst: readonly Layer[], path: string): Owner | undefined {
  for (const { diff, facts } of topmostFirst) {
    const owner = ownOwner(diff, path);
    if (owner === 'hidden') return undefined;
    if (owner !== undefined && !facts.implicit.includes(path)) return owner;
    if (facts.opaque.some((opaque) => path.startsWith(`${opaque}/`))) return undefined;
  }
  return undefined;
}

/** A directory for which no layer has an entry, as the topmost layer made it up. */
function topmostCopy(topmostFirst: readonly Layer[], path: string): Owner | undefined {
  for (const { diff } of topmostFirst) {
    const owner = ownOwner(diff, path);
    if (owner !== undefined) return owner === 'hidden' ? undefined : owner;
  }
  return undefined;
}

/** undefined: this layer has no such path; hidden: it has something else there, or above it. */
function ownOwner(diff: string, path: string): Owner | 'hidden' | undefined {
  let current = diff;
  let owner: Owner | undefined;
  for (const part of path.split('/')) {
    current = `${current}/${part}`;
    const stat = lstatSync(toBytes(current), { throwIfNoEntry: false });
    if (stat === undefined) return undefined;
    if (!stat.isDirectory()) return 'hidden';
    owner = { uid: stat.uid, gid: stat.gid, mode: stat.mode & 0o7777, mtime: stat.mtimeMs };
  }
  return owner;
}

function setOwner(path: Buffer, owner: Owner): void {
  chownSync(path, owner.uid, owner.gid);
  chmodSync(path, owner.mode);
  lutimesSync(path, owner.mtime / 1000, owner.mtime / 1000);
}

function at(directory: string, path: string): Buffer {
  return toBytes(path === '' ? fromText(directory) : `${fromText(directory)}/${path}`);
}
