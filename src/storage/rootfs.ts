/** A container's root file system: overlay of its image's layers and its own upper directory, or a directory as it is. */
import { mkdirSync, readlinkSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { BerthError, isErrno } from '../model/errors.ts';
import { mountAt, mountInfo } from '../sys/mountinfo.ts';
import { cleanEnvironment, run } from '../sys/spawn.ts';
import { assertLayer } from './layers.ts';
import { type ContainerPaths, containerPaths, layerDirectory, type StoragePaths } from './paths.ts';
import { describeFailure } from './program.ts';
import { prepareUpper } from './upper.ts';

/** Diff ids, lowest layer first; or a host directory to be used as it is. */
export type RootfsSource = { layers: readonly string[] } | { directory: string };

/**
 * Mounts a container's root file system at an absolute path, which is made if need be. Something already mounted there is
 * left as it is: two callers at once are kept apart by the container's lock, not here.
 * Errors: BerthError('storage') for a missing layer or directory and whatever mount(8) says.
 */
export async function mountRootfs(
  paths: StoragePaths,
  source: RootfsSource,
  target: { id: string; mountPoint: string },
): Promise<void> {
  const { id, mountPoint } = target;
  mkdirSync(mountPoint, { recursive: true, mode: 0o700 });
  if (mountAt(mountPoint) !== undefined) return;
  if ('directory' in source) await mountDirectory(source.directory, mountPoint);
  else await mountLayers(paths, source.layers, { ...containerPaths(paths, id), mountPoint });
}

/** Mounts a tmpfs for a /dev/shm that several containers use; one that is there is left as it is. */
export async function mountShm(directory: string, sizeBytes: number): Promise<void> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (mountAt(directory) !== undefined) return;
  const options = `nosuid,nodev,noexec,mode=1777,size=${sizeBytes}`;
  await mountCommand(['-t', 'tmpfs', '-o', options, '--', 'shm', directory], '/');
}

/**
 * Unmounts whatever is mounted at the path, until nothing is; nothing there is success. What is busy (a process of somebody
 * else has its working directory there) is detached: it goes away with its last user and is in nobody's way until then.
 */
export async function unmountRootfs(mountPoint: string): Promise<{ lazy: boolean }> {
  let lazy = false;
  while (mountAt(mountPoint) !== undefined) {
    const plain = await run('umount', ['--', mountPoint]);
    if (plain.code === 0 || mountAt(mountPoint) === undefined) continue;
    const detached = await run('umount', ['--lazy', '--', mountPoint]);
    if (detached.code !== 0)
      throw new BerthError('storage', `cannot unmount ${mountPoint}: ${describeFailure(detached)}`);
    lazy = true;
  }
  return { lazy };
}

/**
 * Removes everything a container has on disk; already gone is success. Refuses while something is mounted
 * below its directory, because removing would go on into the mount.
 */
export async function deleteContainerStorage(paths: StoragePaths, id: string): Promise<void> {
  const { root } = containerPaths(paths, id);
  const mounted = mountInfo().find(
    ({ mountPoint }) => mountPoint === root || mountPoint.startsWith(`${root}/`),
  );
  if (mounted !== undefined)
    throw new BerthError('storage', `cannot remove ${root}: ${mounted.mountPoint} is still mounted`);
  await rm(root, { recursive: true, force: true });
}

async function mountDirectory(directory: string, mountPoint: string): Promise<void> {
  const stat = statSync(directory, { throwIfNoEntry: false });
  if (!stat?.isDirectory())
    throw new BerthError('storage', `the root file system ${directory} is not a directory`);
  await mountCommand(['--bind', '--', directory, mountPoint], '/');
}

/**
 * Mounts an overlay of layers. Its directories are made where they are missing; `upper`, `work` and `lower` lie beside
 * each other under these names.
 */
export async function mountLayers(
  paths: StoragePaths,
  layers: readonly string[],
  target: Pick<ContainerPaths, 'lower' | 'upper' | 'work'> & { mountPoint: string },
): Promise<void> {
  for (const diffId of layers) assertLayer(paths, diffId);
  const lower = lowerLinks(paths, layers, target.lower);
  prepareUpper(paths, layers, target.upper);
  mkdirSync(target.work, { recursive: true, mode: 0o700 });
  // Relative to the working directory: mount(2) takes one page of options, and no character of a path needs escaping.
  const options = `lowerdir=${lower.join(':')},upperdir=../upper,workdir=../work`;
  await mountCommand(
    ['-t', 'overlay', '-o', `nodev,${options}`, '--', 'overlay', target.mountPoint],
    target.lower,
  );
}

/**
 * Symlinks named 0, 1, 2 … to the layers, topmost first, as overlayfs wants them; returns the names. overlayfs refuses a
 * directory given twice, and a layer that is there twice shows what its topmost place shows.
 */
export function lowerLinks(paths: StoragePaths, layers: readonly string[], directory: string): string[] {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const topmostFirst = [...new Set([...layers].reverse())];
  return topmostFirst.map((diffId, index) => {
    const name = String(index);
    link(relative(directory, join(layerDirectory(paths, diffId), 'diff')), join(directory, name));
    return name;
  });
}

/** Leaves a right link as it is and replaces any other. */
function link(target: string, path: string): void {
  try {
    if (readlinkSync(path) === target) return;
    rmSync(path);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
  symlinkSync(target, path);
}

/** mount(8) with a private mount; throws BerthError('storage') that begins with `cannot mount` and `what`. */
export async function mountCommand(
  args: string[],
  cwd: string,
  what = 'the root file system',
): Promise<void> {
  // util-linux 2.39 and later would use fsconfig(2), whose values end at 255 bytes.
  const env = { ...cleanEnvironment(), LIBMOUNT_FORCE_MOUNT2: 'always' };
  // Private: what the container mounts below a shared volume must not come back to the host through its root.
  const result = await run('mount', ['--make-private', ...args], { cwd, env });
  if (result.code !== 0) throw new BerthError('storage', `cannot mount ${what}: ${describeFailure(result)}`);
}
