/**
 * Directories shown with other owners (idmapped mounts, mount_setattr(2)): an image's layers are shared by all containers, and
 * a user namespace has IDs of its own.
 */
import { chmodSync, chownSync, lstatSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BerthError } from '../model/errors.ts';
import { hostOwner, type IdMappings, type IdRange } from '../model/user-namespace/id-map.ts';
import { mountAt } from '../sys/mountinfo.ts';
import { cleanEnvironment, run } from '../sys/spawn.ts';
import { containerPaths, type StoragePaths } from './paths.ts';
import { describeFailure } from './program.ts';

/**
 * Mounts a file or directory at a path, which is made, so that what belongs to `container` on the disk belongs to `host` there.
 * What is already shown there is left as it is. False if the kernel, the file system or mount(8) (before util-linux
 * 2.39) cannot do that, with `recursive` for all that is mounted below the source, too; BerthError('storage') for what else goes wrong.
 */
export async function mountIdmapped(
  source: string,
  target: string,
  { ids, recursive = false }: { ids: IdMappings; recursive?: boolean },
): Promise<boolean> {
  makeMountPoint(source, target);
  if (isShown(target)) return true;
  const option = `X-mount.idmap=${[...extents('u', ids.uids), ...extents('g', ids.gids)].join(' ')}`;
  const args = ['--make-rprivate', recursive ? '--rbind' : '--bind', '-o', option, '--', source, target];
  const result = await run('mount', args, { cwd: '/', env: { ...cleanEnvironment(), LC_ALL: 'C' } });
  if (result.code !== 0) {
    if (/ID-mapping|idmap/i.test(result.stderr)) return false;
    throw new BerthError('storage', `cannot mount ${source}: ${describeFailure(result)}`);
  }
  if (isShown(target)) return true;
  // An older mount(8) does not know the option, and leaves out what it does not know.
  await run('umount', ['--', target]);
  return false;
}

function isShown(target: string): boolean {
  return mountAt(target)?.options.includes('idmapped') === true;
}

/**
 * Lets the container's root, which is nobody on the host, pass through to the mount point of its root file system: the
 * runtime looks it up in the user namespace. Into the container's own directory it comes by its group, nobody else does.
 */
export function openTheWay(paths: StoragePaths, id: string, ids: IdMappings): void {
  const { root } = containerPaths(paths, id);
  chownSync(root, 0, hostOwner(ids, { uid: 0, gid: 0 }).gid);
  chmodSync(root, 0o710);
  for (const directory of [paths.containers, paths.root]) {
    const mode = statSync(directory).mode & 0o7777;
    if ((mode & 0o001) === 0) chmodSync(directory, mode | 0o011);
  }
  for (let above = dirname(paths.root); above !== '/'; above = dirname(above)) {
    if ((statSync(above).mode & 0o001) !== 0) continue;
    throw new BerthError(
      'storage',
      `${above} is closed to the container's root: for user namespaces, choose a --root in directories that everybody may pass (chmod o+x)`,
    );
  }
}

/** As mount(8) has it: `u:FIRST:SHOWN:COUNT`. */
function extents(kind: 'u' | 'g', ranges: readonly IdRange[]): string[] {
  return ranges.map(({ container, host, size }) => `${kind}:${container}:${host}:${size}`);
}

function makeMountPoint(source: string, target: string): void {
  if (lstatSync(target, { throwIfNoEntry: false }) !== undefined) return;
  if (statSync(source).isDirectory()) mkdirSync(target, { recursive: true, mode: 0o700 });
  else {
    mkdirSync(join(target, '..'), { recursive: true, mode: 0o700 });
    writeFileSync(target, '', { mode: 0o600 });
  }
}
