/** Images mounted to be looked at: their layers over each other, read-only, with nothing to write to. */
import { mkdirSync } from 'node:fs';
import { rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BerthError, isErrno } from '../model/errors.ts';
import { isMountPoint } from '../sys/mountinfo.ts';
import { hasLayer } from './layers.ts';
import type { StoragePaths } from './paths.ts';
import { lowerLinks, mountCommand, unmountRootfs } from './rootfs.ts';
import { prepareUpper } from './upper.ts';

/** @param directory of this image's own, on a file system that a boot empties. */
export function imageMountPoint(directory: string): string {
  return join(directory, 'merged');
}

/**
 * Mounts layers (diff ids, lowest first); what is mounted there is left as it is. Two callers at once are kept apart by the
 * image's lock. Errors: BerthError('storage').
 */
export async function mountImage(
  paths: StoragePaths,
  layers: readonly string[],
  directory: string,
): Promise<void> {
  const mountPoint = imageMountPoint(directory);
  mkdirSync(mountPoint, { recursive: true, mode: 0o700 });
  if (isMountPoint(mountPoint)) return;
  const missing = layers.find((diffId) => !hasLayer(paths, diffId));
  if (missing !== undefined)
    throw new BerthError('storage', `layer ${missing} is missing: load the image again`);
  const links = join(directory, 'lower');
  const lower = lowerLinks(paths, layers, links);
  // On top, so that directories have the metadata that a container sees; and overlayfs wants two of them at least.
  prepareUpper(paths, layers, { upper: join(directory, 'given') });
  mkdirSync(join(directory, 'none'), { recursive: true, mode: 0o700 });
  const lowerDirs = ['../given', ...lower, ...(lower.length === 0 ? ['../none'] : [])].join(':');
  await mountCommand(
    ['-t', 'overlay', '-o', `ro,nodev,lowerdir=${lowerDirs}`, '--', 'overlay', mountPoint],
    links,
  );
}

/** Unmounts the image and removes what the mount needed; not mounted is success. */
export async function unmountImage(directory: string): Promise<void> {
  await unmountRootfs(imageMountPoint(directory));
  await rm(directory, { recursive: true, force: true });
  await rmdir(dirname(directory)).catch((error: unknown) => {
    if (!isErrno(error, 'ENOTEMPTY', 'ENOENT')) throw error;
  });
}
