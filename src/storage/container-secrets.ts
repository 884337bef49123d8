/** What one container has of secrets and credentials, as files to be mounted in it. */
import {
  chmodSync,
  chownSync,
  closeSync,
  copyFileSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  mkdirSync,
  openSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { SecretFile } from '../model/secret.ts';
import { syncDirectory } from '../sys/files.ts';
import { containerPaths, type StoragePaths } from './paths.ts';
import { mountCommand, unmountRootfs, withContext } from './rootfs.ts';

/** Of a file, whatever was asked for: a set-uid secret has no meaning. */
const MODE_BITS = 0o777;

/** Copies secrets into a container's own directory, where a power loss does not reach them any more. */
export function copySecrets(
  paths: StoragePaths,
  id: string,
  copies: readonly (SecretFile & { content: Uint8Array })[],
): void {
  const { root, secrets } = containerPaths(paths, id);
  mkdirSync(secrets, { mode: 0o700 });
  for (const [index, { content, uid, gid, mode }] of copies.entries()) {
    const fd = openSync(join(secrets, String(index)), 'wx', 0o600);
    try {
      writeFileSync(fd, content);
      fchownSync(fd, uid, gid);
      fchmodSync(fd, mode & MODE_BITS);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  }
  syncDirectory(secrets);
  syncDirectory(root);
}

export function secretCopy(paths: StoragePaths, id: string, index: number): string {
  return join(containerPaths(paths, id).secrets, String(index));
}

/**
 * Copies credentials from where systemd has put them, which only root can read and which cannot be written to. A ramfs,
 * because nothing of it ever reaches a disk, not even as swap, on any kernel. Returns where each is.
 *
 * Whoever has mounted the files keeps them when this mount goes.
 */
export async function mountCredentials(
  paths: StoragePaths,
  id: string,
  {
    directory,
    files,
    context,
  }: { directory: string; files: readonly SecretFile[]; context?: string | undefined },
): Promise<string[]> {
  const { credentials } = containerPaths(paths, id);
  await unmountRootfs(credentials);
  mkdirSync(credentials, { recursive: true, mode: 0o700 });
  const options = withContext('nosuid,nodev,noexec,mode=0700', context);
  await mountCommand(['-t', 'ramfs', '-o', options, '--', 'ramfs', credentials], '/');
  return files.map(({ name, uid, gid, mode }, index) => {
    const copy = join(credentials, String(index));
    copyFileSync(join(directory, name), copy);
    chownSync(copy, uid, gid);
    chmodSync(copy, mode & MODE_BITS);
    return copy;
  });
}

/** Not mounted is success. */
export async function unmountCredentials(paths: StoragePaths, id: string): Promise<void> {
  await unmountRootfs(containerPaths(paths, id).credentials);
}
