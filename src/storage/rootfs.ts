/** A container's root file system: overlay of its image's layers and its own upper directory, or a directory as it is. */
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { BerthError, isErrno, messageOf } from '../model/errors.ts';
import { hostOwner, type IdMappings, shifting } from '../model/user-namespace/id-map.ts';
import { mountOverlayAt, unmount } from '../sys/mount.ts';
import { isMountPoint, mountsWithin } from '../sys/mountinfo.ts';
import { cleanEnvironment, run } from '../sys/spawn.ts';
import { mountIdmapped, openTheWay } from './idmap.ts';
import { assertLayer } from './layers.ts';
import { type ContainerPaths, containerPaths, layerDirectory, type StoragePaths } from './paths.ts';
import { describeFailure } from './program.ts';
import { shiftLayers } from './shifted-layers.ts';
import { prepareUpper, prepareUpperOf } from './upper.ts';

/**
 * Diff ids, lowest layer first; or a host directory to be used as it is, with an upper directory of the container's
 * over it, or with other owners.
 */
export type RootfsSource =
  | { layers: readonly string[] }
  | { directory: string; overlay?: boolean; shown?: IdMappings | undefined };

export interface RootfsTarget {
  id: string;
  mountPoint: string;
  /** Of the container's user namespace. */
  ids?: IdMappings | undefined;
  /** Option of mount(8) that gives an overlay a label of SELinux's. */
  context?: string | undefined;
}

/**
 * Mounts a container's root file system at an absolute path, which is made if need be. Something already mounted there is
 * left as it is: two callers at once are kept apart by the container's lock, not here.
 * Errors: BerthError('storage') for a missing layer or directory and whatever mount(2) says.
 */
export async function mountRootfs(
  paths: StoragePaths,
  source: RootfsSource,
  target: RootfsTarget,
): Promise<void> {
  const { id, mountPoint, ids } = target;
  mkdirSync(mountPoint, { recursive: true, mode: 0o700 });
  const shifted = shifting(ids);
  if (shifted !== undefined) openTheWay(paths, id, shifted);
  if (isMountPoint(mountPoint)) return;
  if ('layers' in source) await mountImage(paths, source.layers, target);
  else if (source.overlay === true) await mountOver(paths, source.directory, target);
  else await mountDirectory(source, mountPoint);
}

/** Everything that is mounted for a container but its root and what a run has of its own (run-mounts.ts). */
export async function unmountHelpers(paths: StoragePaths, id: string): Promise<void> {
  const { shm, mapped, foreign, idmap } = containerPaths(paths, id);
  for (const mountPoint of [shm, mapped, ...entriesOf(foreign), ...entriesOf(idmap)])
    await unmountRootfs(mountPoint);
}

/**
 * Mounts a source of a bind mount with other owners, at a path that is made.
 * Errors: BerthError('command-not-invocable') where that cannot be done.
 */
export async function mountSource(
  mount: { source: string; destination: string; recursive: boolean },
  mountPoint: string,
  ids: IdMappings,
): Promise<void> {
  if (await mountIdmapped(mount.source, mountPoint, { ids, recursive: mount.recursive })) return;
  throw new BerthError(
    'command-not-invocable',
    `cannot mount ${mount.source} on ${mount.destination} with the option idmap: its file system, this kernel or mount(8) does not support that`,
  );
}

/** Mounts a tmpfs for a /dev/shm that several containers use; one that is there is left as it is. */
export async function mountShm(
  directory: string,
  {
    sizeBytes,
    ids,
    context,
  }: { sizeBytes: number; ids: IdMappings | undefined; context?: string | undefined },
): Promise<void> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (isMountPoint(directory)) return;
  const { uid, gid } = hostOwner(ids, { uid: 0, gid: 0 });
  const options = `nosuid,nodev,noexec,mode=1777,size=${sizeBytes},uid=${uid},gid=${gid}`;
  await mountCommand(['-t', 'tmpfs', '-o', withContext(options, context), '--', 'shm', directory], '/');
}

/**
 * Unmounts whatever is mounted at the path, until nothing is; nothing there is success. What is busy (a process of somebody
 * else has its working directory there) is detached: it goes away with its last user and is in nobody's way until then.
 */
export async function unmountRootfs(
  mountPoint: string,
  isMounted: (mountPoint: string) => boolean = isMountPoint,
): Promise<{ lazy: boolean }> {
  let lazy = false;
  while (isMounted(mountPoint)) {
    try {
      unmount(mountPoint, { lazy });
    } catch (error) {
      if (!isMounted(mountPoint)) continue;
      if (lazy)
        throw new BerthError('storage', `cannot unmount ${mountPoint}: ${messageOf(error)}`, {
          cause: error,
        });
      lazy = true;
    }
  }
  return { lazy };
}

/**
 * Removes everything a container has on disk; already gone is success. Refuses while something is mounted
 * below its directory, because removing would go on into the mount.
 */
export async function deleteContainerStorage(paths: StoragePaths, id: string): Promise<void> {
  const { root } = containerPaths(paths, id);
  const [mounted] = mountsWithin(root);
  if (mounted !== undefined)
    throw new BerthError('storage', `cannot remove ${root}: ${mounted.mountPoint} is still mounted`);
  await rm(root, { recursive: true, force: true });
}

async function mountDirectory(
  { directory, shown }: { directory: string; shown?: IdMappings | undefined },
  mountPoint: string,
): Promise<void> {
  requireDirectory(directory);
  if (shown === undefined) await mountCommand(['--bind', '--', directory, mountPoint], '/');
  else await mountSource({ source: directory, destination: '/', recursive: false }, mountPoint, shown);
}

function requireDirectory(directory: string): void {
  const stat = statSync(directory, { throwIfNoEntry: false });
  if (!stat?.isDirectory())
    throw new BerthError('storage', `the root file system ${directory} is not a directory`);
}

async function mountOver(paths: StoragePaths, directory: string, target: RootfsTarget): Promise<void> {
  requireDirectory(directory);
  const container = containerPaths(paths, target.id);
  prepareUpperOf(directory, { upper: container.upper, ids: shifting(target.ids) });
  const { mountPoint, context } = target;
  await mountOverlay([directory], { ...container, mountPoint, context });
}

async function mountImage(
  paths: StoragePaths,
  layers: readonly string[],
  { id, mountPoint, ids: all, context }: RootfsTarget,
): Promise<void> {
  const container = containerPaths(paths, id);
  const ids = shifting(all);
  const target = { ...container, mountPoint, context };
  if (ids === undefined) return mountLayers(paths, layers, target);
  for (const diffId of layers) assertLayer(paths, diffId);
  prepareUpper(paths, layers, { upper: container.upper, ids });
  try {
    const shown = await showLayers(paths, layers, { container, ids });
    if (shown !== undefined) return await mountOverlay(shown, target);
  } finally {
    // The overlay has mounts of its own of what lies in there.
    for (const place of [container.mapped, ...entriesOf(container.foreign)]) await unmountRootfs(place);
  }
  await shiftLayers(paths, layers, { directory: container.shifted, ids });
  await mountOverlay(
    topmostFirst(layers).map((diffId) => join(container.shifted, diffId, 'diff')),
    target,
  );
}

/** The layers' directories with the container's owners, for the time until they are unmounted; undefined if that cannot be. */
async function showLayers(
  paths: StoragePaths,
  layers: readonly string[],
  { container, ids }: { container: ContainerPaths; ids: IdMappings },
): Promise<string[] | undefined> {
  if (!(await mountIdmapped(paths.layers, container.mapped, { ids }))) return undefined;
  const shown: string[] = [];
  for (const diffId of topmostFirst(layers)) {
    const diff = layerFiles(paths, diffId);
    // Another tool's lies elsewhere.
    const isForeign = lstatSync(diff).isSymbolicLink();
    const place = isForeign ? join(container.foreign, diffId) : join(container.mapped, diffId, 'diff');
    if (isForeign && !(await mountIdmapped(realpathSync(diff), place, { ids }))) return undefined;
    shown.push(place);
  }
  return shown;
}

type OverlayPlaces = Pick<ContainerPaths, 'lower' | 'upper' | 'work'> &
  Pick<RootfsTarget, 'mountPoint' | 'context'>;

/**
 * Mounts an overlay of layers. Its directories are made where they are missing; `upper`, `work` and `lower` lie beside
 * each other under these names.
 */
export async function mountLayers(
  paths: StoragePaths,
  layers: readonly string[],
  target: OverlayPlaces,
): Promise<void> {
  for (const diffId of layers) assertLayer(paths, diffId);
  prepareUpper(paths, layers, { upper: target.upper });
  await mountOverlay(
    topmostFirst(layers).map((diffId) => layerFiles(paths, diffId)),
    target,
  );
}

/** @param lowers absolute paths, topmost first. */
async function mountOverlay(lowers: readonly string[], target: OverlayPlaces): Promise<void> {
  const lower = linkAll(lowers, target.lower);
  mkdirSync(target.work, { recursive: true, mode: 0o700 });
  // Relative to the working directory: mount(2) takes one page of options, and no character of a path needs escaping.
  const options = `lowerdir=${lower.join(':')},upperdir=../upper,workdir=../work`;
  try {
    mountOverlayAt(target.mountPoint, withContext(options, target.context), target.lower);
  } catch (error) {
    throw new BerthError('storage', `cannot mount the root file system: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/**
 * Symlinks named 0, 1, 2 … to the layers, topmost first, as overlayfs wants them; returns the names. overlayfs refuses a
 * directory given twice, and a layer that is there twice shows what its topmost place shows.
 */
export function lowerLinks(paths: StoragePaths, layers: readonly string[], directory: string): string[] {
  return linkAll(
    topmostFirst(layers).map((diffId) => layerFiles(paths, diffId)),
    directory,
  );
}

function topmostFirst(layers: readonly string[]): string[] {
  return [...new Set([...layers].reverse())];
}

function layerFiles(paths: StoragePaths, diffId: string): string {
  return join(layerDirectory(paths, diffId), 'diff');
}

function linkAll(lowers: readonly string[], directory: string): string[] {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return lowers.map((lower, index) => {
    const name = String(index);
    link(relative(directory, lower), join(directory, name));
    return name;
  });
}

function entriesOf(directory: string): string[] {
  try {
    return readdirSync(directory).map((name) => join(directory, name));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
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

/** Options of a mount with the one that labels it, if there is one. */
export function withContext(options: string, context: string | undefined): string {
  return context === undefined ? options : `${options},${context}`;
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
