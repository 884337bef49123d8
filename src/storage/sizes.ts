/** What a container takes on disk, as Podman counts it. */
import { lstatSync, readdirSync } from 'node:fs';
import { isErrno } from '../model/errors.ts';
import { fromText, toBytes } from './byte-string.ts';
import { layerSize } from './layers.ts';
import { containerPaths, type StoragePaths } from './paths.ts';
import type { RootfsSource } from './rootfs.ts';

export interface ContainerSizes {
  /** Bytes of the files that the container wrote; with --rootfs of all files in that directory. */
  rw: number;
  /** The image's layers and `rw` together, which Podman calls the virtual size; 0 with --rootfs. */
  rootFs: number;
}

/** Sizes of one container. A container that was never started has written nothing. */
export function containerSizes(paths: StoragePaths, source: RootfsSource, id: string): ContainerSizes {
  if ('directory' in source && source.overlay !== true) return { rw: diskUsage(source.directory), rootFs: 0 };
  const rw = diskUsage(containerPaths(paths, id).upper);
  if ('directory' in source) return { rw, rootFs: 0 };
  return { rw, rootFs: rw + source.layers.reduce((sum, diffId) => sum + layerSize(paths, diffId), 0) };
}

/**
 * Bytes in everything below a directory that is no directory itself: lengths of files and of symlinks' targets, hard
 * links once. What vanishes meanwhile is not counted; a directory that is not there holds nothing.
 */
export function diskUsage(directory: string): number {
  const seen = new Set<string>();
  const pending = [fromText(directory)];
  let total = 0;
  for (let current = pending.pop(); current !== undefined; current = pending.pop()) {
    for (const name of namesIn(current)) {
      const path = `${current}/${name}`;
      const stat = lstatSync(toBytes(path), { throwIfNoEntry: false });
      if (stat === undefined) continue;
      if (stat.isDirectory()) pending.push(path);
      else if (stat.nlink === 1 || !seen.has(`${stat.dev}:${stat.ino}`)) {
        if (stat.nlink > 1) seen.add(`${stat.dev}:${stat.ino}`);
        total += stat.size;
      }
    }
  }
  return total;
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(toBytes(directory), 'latin1');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}
