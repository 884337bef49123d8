/**
 * Volumes on disk: `volumes/NAME/_data`. Who may do what when is decided by rows and locks (lifecycle); here every step can
 * be killed and done again.
 */
import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BerthError, isErrno } from '../model/errors.ts';
import { containerOwner, type IdMappings } from '../model/user-namespace/id-map.ts';
import { assertMayChown, mountArguments, type VolumeConfig } from '../model/volume/volume.ts';
import { syncDirectory, writeFileAtomic } from '../sys/files.ts';
import { resolveInRoot } from '../sys/inroot.ts';
import { mountAt } from '../sys/mountinfo.ts';
import { writeLabel } from '../sys/selinux.ts';
import { cleanEnvironment, run } from '../sys/spawn.ts';
import { syncFileSystem } from '../sys/sync.ts';
import { xattrsInNamespace } from './file-capabilities.ts';
import type { StoragePaths } from './paths.ts';
import { describeFailure } from './program.ts';
import { relabelTree } from './relabel.ts';
import { namesIn, openChild, openRoot, ownPath, type Place } from './rooted.ts';
import { unmountRootfs } from './rootfs.ts';
import { changeOwners } from './shifted-layers.ts';

/** What is on its way out begins so; no volume's name does. */
const REMOVED = '.removed-';

export interface Owner {
  uid: number;
  gid: number;
}

/** Where a volume's data lie. */
export function volumeData(paths: StoragePaths, name: string): string {
  return join(paths.volumes, name, '_data');
}

/** Makes a volume's directory, unless it is there, with a copy of what it is beside it. */
export function makeVolume(paths: StoragePaths, config: VolumeConfig): void {
  const data = volumeData(paths, config.name);
  if (existsSync(data)) return;
  const root = join(paths.volumes, config.name);
  mkdirSync(root, { recursive: true, mode: 0o700 });
  writeFileAtomic(join(root, 'volume.json'), `${JSON.stringify(config, null, 2)}\n`, { durable: true });
  const unfinished = join(root, `data-${randomUUID()}`);
  mkdirSync(unfinished);
  chmodSync(unfinished, 0o755);
  chownSync(unfinished, config.uid ?? 0, config.gid ?? 0);
  if (config.selinuxLabel !== undefined) writeLabel(unfinished, config.selinuxLabel);
  try {
    renameSync(unfinished, data);
    syncDirectory(root);
  } catch (error) {
    // Somebody else was faster, and there is something in it already.
    if (!isErrno(error, 'ENOTEMPTY', 'EEXIST')) throw error;
    rmSync(unfinished, { recursive: true, force: true });
  }
}

export function isVolumeMounted(paths: StoragePaths, name: string): boolean {
  return isMounted(volumeData(paths, name));
}

/** By the kernel's list: to look at a mount of a server that does not answer is to wait for it. */
function isMounted(data: string): boolean {
  return mountAt(data) !== undefined;
}

/** Mounts what the volume's options name; what is mounted is left so. Throws BerthError 126 with mount(8)'s words. */
export async function mountVolume(paths: StoragePaths, config: VolumeConfig): Promise<void> {
  const data = volumeData(paths, config.name);
  if (isMounted(data)) return;
  const env = { ...cleanEnvironment(), LC_ALL: 'C' };
  const result = await run('mount', [...mountArguments(config), data], { env });
  if (result.code !== 0)
    throw new BerthError(
      'command-not-invocable',
      `mounting volume ${config.name}: ${describeFailure(result)}`,
    );
}

/** Not mounted is success. */
export async function unmountVolume(paths: StoragePaths, name: string): Promise<void> {
  await unmountRootfs(volumeData(paths, name), isMounted);
}

/** Is nothing in it? */
export function isVolumeEmpty(paths: StoragePaths, name: string): boolean {
  return contentOf(volumeData(paths, name)).length === 0;
}

/**
 * Copies what is in a directory of a mounted root into an empty volume, with owners, modes, times, attributes, hard links
 * and devices; with `shown`, with
 * the owners that such an idmapped mount shows so. False, and nothing done, if there is no such directory, nothing in it, or something in the volume.
 *
 * The copy is made aside, brought to the disk, and only then moved in, name by name, never over one that is there. A caller that
 * was killed is made good by the next one: an unfinished copy is begun anew, a finished one moved in. When the
 * caller has recorded that it is done, finishCopyUp takes the rest away.
 */
export async function copyUp(
  paths: StoragePaths,
  { name, selinuxLabel }: VolumeConfig,
  { root, directory, shown }: { root: string; directory: string; shown?: IdMappings | undefined },
): Promise<boolean> {
  const data = volumeData(paths, name);
  const { directory: beside, ready } = staging(paths, name);
  if (!existsSync(ready)) {
    const source = directoryIn(root, directory);
    if (source === undefined || readdirSync(source).length === 0 || contentOf(data).length > 0) return false;
    await removeUnfinished(beside);
    const unfinished = join(beside, `${UNFINISHED}${randomUUID()}`);
    mkdirSync(unfinished, { mode: 0o700 });
    await runOrThrow(name, 'cp', ['--archive', '--no-target-directory', '--', source, unfinished]);
    if (shown !== undefined)
      await changeOwners(source, unfinished, {
        owner: (owner) => containerOwner(shown, owner),
        xattrs: (xattrs) => xattrsInNamespace(xattrs, shown),
      });
    // Else they would be those of the container whose files they were.
    if (selinuxLabel !== undefined) await relabelTree(unfinished, selinuxLabel);
    await syncFileSystem(unfinished);
    renameSync(unfinished, ready);
  }
  const { mtime, atime } = statSync(ready);
  for (const entry of readdirSync(ready, { encoding: 'buffer' })) {
    const target = Buffer.concat([Buffer.from(`${data}/`), entry]);
    if (lstatSync(target, { throwIfNoEntry: false }) === undefined)
      renameSync(Buffer.concat([Buffer.from(`${ready}/`), entry]), target);
  }
  // Owner, mode and attributes of the directory itself.
  await runOrThrow(name, 'cp', [
    '--archive',
    '--attributes-only',
    '--no-target-directory',
    '--',
    ready,
    data,
  ]);
  utimesSync(data, atime, mtime);
  syncDirectory(data);
  return true;
}

/** Has somebody who copied been killed before all was moved in, or before the rest was taken away? */
export function isCopyingUp(paths: StoragePaths, name: string): boolean {
  return existsSync(staging(paths, name).ready);
}

/** Removes what copyUp has left, whether it came to its end or not. */
export async function finishCopyUp(paths: StoragePaths, name: string): Promise<void> {
  const { directory, ready } = staging(paths, name);
  await removeUnfinished(directory);
  await rm(ready, { recursive: true, force: true });
}

/**
 * Gives a volume the owner, mode and times of the directory that it is mounted over; false, and to the user with it, if
 * there is none.
 */
export function adoptOwner(
  paths: StoragePaths,
  name: string,
  from: { root: string; directory: string; user: Owner; shown?: IdMappings | undefined },
): boolean {
  const { root, directory, user, shown } = from;
  const data = volumeData(paths, name);
  const source = directoryIn(root, directory);
  if (source === undefined) {
    chownSync(data, user.uid, user.gid);
    return false;
  }
  const stat = statSync(source);
  const { mode, mtime, atime } = stat;
  const { uid, gid } = containerOwner(shown, stat);
  chownSync(data, uid, gid);
  chmodSync(data, mode & 0o7777);
  utimesSync(data, atime, mtime);
  return true;
}

/**
 * A file, or everything in a directory, links themselves, becomes the user's; what is so already keeps its setuid bits.
 * Throws for what a host cannot do without, also where a link leads to it.
 */
export function chownTree(file: string, owner: Owner): void {
  const real = realpathSync(file);
  assertMayChown(real);
  if (!statSync(real).isDirectory()) {
    chownSync(real, owner.uid, owner.gid);
    return;
  }
  using top = openRoot({ directory: real });
  chownPlace(top, owner);
}

function chownPlace(place: Place, owner: Owner): void {
  if (Number(place.stat.uid) !== owner.uid || Number(place.stat.gid) !== owner.gid)
    chownSync(ownPath(place), owner.uid, owner.gid);
  if (!place.stat.isDirectory()) return;
  for (const name of namesIn(place)) {
    using child = openChild(NO_MOUNTS, place, name);
    if (child !== undefined) chownPlace(child, owner);
  }
}

const NO_MOUNTS = { directory: '', mounts: new Map<string, string>() };

/** Takes a volume's directory away in one step; what is returned brings it back. */
export function putVolumeAside(paths: StoragePaths, name: string): () => void {
  const root = join(paths.volumes, name);
  const aside = join(paths.volumes, `${REMOVED}${randomUUID()}`);
  try {
    renameSync(root, aside);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return () => {};
    throw error;
  }
  return () => renameSync(aside, root);
}

/** Removes what was put aside, by whomever. */
export async function sweepVolumes(paths: StoragePaths): Promise<void> {
  for (const name of existsSync(paths.volumes) ? readdirSync(paths.volumes) : [])
    if (name.startsWith(REMOVED)) await rm(join(paths.volumes, name), { recursive: true, force: true });
}

/** On the file system of the data, so that moving in is a rename. */
function staging(paths: StoragePaths, name: string): { directory: string; ready: string } {
  const data = volumeData(paths, name);
  const directory = isMounted(data) ? data : join(paths.volumes, name);
  return { directory, ready: join(directory, READY) };
}

const READY = '.berth-copy-up';
/** And something that no other copy has: one whose caller was killed may go on for a moment. */
const UNFINISHED = '.berth-copy-up-';

async function removeUnfinished(directory: string): Promise<void> {
  for (const entry of readdirSync(directory))
    if (entry.startsWith(UNFINISHED)) await rm(join(directory, entry), { recursive: true, force: true });
}

function contentOf(data: string): string[] {
  return readdirSync(data).filter((name) => name !== READY && !name.startsWith(UNFINISHED));
}

/** Host path of a directory of the mounted root, without following a link out of it. */
function directoryIn(root: string, directory: string): string | undefined {
  const { hostPath, type } = resolveInRoot(root, directory);
  return type === 'directory' ? hostPath : undefined;
}

async function runOrThrow(name: string, program: string, args: string[]): Promise<void> {
  const result = await run(program, args, { env: { ...cleanEnvironment(), LC_ALL: 'C' } });
  if (result.code !== 0)
    throw new BerthError('storage', `cannot copy into volume ${name}: ${describeFailure(result)}`);
}
