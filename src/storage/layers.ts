/** The layer store: every layer once, under its diff id, complete or not there at all. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { BerthError, isErrno } from '../model/errors.ts';
import { syncFileSystem } from '../sys/sync.ts';
import { clearAside, moveAside, removeAside } from './aside.ts';
import type { Owner } from './layer-entry.ts';
import { layerDirectory, type StoragePaths } from './paths.ts';
import { FRAME_FILE, replacedDirectory } from './tar/frame.ts';

/** `layer.json`, written before the layer is published. */
export interface LayerFacts {
  version: 1;
  /** Bytes of the uncompressed tar, which is what Podman shows as a layer's size. */
  sizeBytes: number;
  /** What the layer says about the root directory itself. */
  root?: Owner;
  /** Directories that the layer needs but has no entry for: their owner, mode and time are made up (see upper.ts). */
  implicit: string[];
  /** Directories that hide what the layers below have in them. Both are byte strings, relative. */
  opaque: string[];
  /** `diff` is a link to this directory, which another tool owns (containers-storage.ts). */
  foreign?: string;
}

const DIFF_ID = /^[0-9a-f]{64}$/;

/** Also false if its files are another tool's, which has removed them. */
export function hasLayer(paths: StoragePaths, diffId: string): boolean {
  return (
    statSync(join(layerDirectory(paths, diffId), 'diff'), { throwIfNoEntry: false })?.isDirectory() ?? false
  );
}

/** Throws, with what to do, for a layer whose files are not there. */
export function assertLayer(paths: StoragePaths, diffId: string): void {
  if (hasLayer(paths, diffId)) return;
  const { foreign } = readLayer(paths, diffId);
  throw new BerthError(
    'storage',
    `the files of layer ${diffId} are gone (${foreign}): another tool has removed the image from containers/storage: let it pull the image again`,
  );
}

/** Is the layer there, with the frame that `save` needs? One stored by an older Berth has none. */
export function isComplete(paths: StoragePaths, diffId: string): boolean {
  return existsSync(join(layerDirectory(paths, diffId), FRAME_FILE));
}

/** Diff ids of all layers, in no order. */
export function listLayers(paths: StoragePaths): string[] {
  try {
    return readdirSync(paths.layers).filter((name) => DIFF_ID.test(name));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

export function readLayer(paths: StoragePaths, diffId: string): LayerFacts {
  try {
    return JSON.parse(readFileSync(join(layerDirectory(paths, diffId), 'layer.json'), 'utf8'));
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    throw new BerthError('storage', `layer ${diffId} is missing: load its image again`, { cause: error });
  }
}

/** Bytes of the layer's uncompressed tar. */
export function layerSize(paths: StoragePaths, diffId: string): number {
  return readLayer(paths, diffId).sizeBytes;
}

/**
 * Takes layers away that no image and no container uses any more; already gone is success. Each vanishes in one step; the
 * returned function makes their room free, and that which was left by somebody who was killed before he did.
 */
export function removeLayers(paths: StoragePaths, diffIds: readonly string[]): () => Promise<void> {
  for (const diffId of diffIds) moveAside(paths, layerDirectory(paths, diffId));
  return () => clearAside(paths);
}

export function writeLayerFacts(directory: string, facts: LayerFacts): void {
  writeFileSync(join(directory, 'layer.json'), `${JSON.stringify(facts)}\n`, { mode: 0o600 });
}

/**
 * Moves finished layers from a staging directory into the store, after everything in them has reached the disk.
 * @param staged directories `<staging>/<diff id>`. Returns the diff ids that were not there already.
 */
export async function publishLayers(
  paths: StoragePaths,
  staging: string,
  diffIds: readonly string[],
): Promise<Set<string>> {
  if (diffIds.length === 0) return new Set();
  await syncFileSystem(staging);
  const published = new Set<string>();
  for (const diffId of diffIds)
    if (await publish(paths, join(staging, diffId), diffId)) published.add(diffId);
  const directory = openSync(paths.layers, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
  return published;
}

/** False if the layer is there, because another import was faster; it has the same content. */
async function publish(paths: StoragePaths, staged: string, diffId: string): Promise<boolean> {
  const target = layerDirectory(paths, diffId);
  for (;;) {
    try {
      renameSync(staged, target);
      return true;
    } catch (error) {
      if (!isErrno(error, 'ENOTEMPTY', 'EEXIST')) throw error;
      if (hasLayer(paths, diffId)) break;
      await removeAside(paths, target); // a link that leads nowhere any more
    }
  }
  // One of an older Berth gets what it lacks; the frame last, because it says that all is there.
  for (const path of [replacedDirectory, (directory: string) => join(directory, FRAME_FILE)]) {
    if (existsSync(path(staged)) && !existsSync(path(target))) renameSync(path(staged), path(target));
  }
  return false;
}
