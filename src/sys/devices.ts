/** Device nodes of the host. */
import { lstatSync, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import path from 'node:path';
import type { DeviceNode } from '../model/device.ts';
import { isErrno } from '../model/errors.ts';

/**
 * What a container has of its own, or what must not be shared: terminals and the console, /dev/shm, message queues,
 * and what LXD mounts.
 */
const NOT_SHARED = ['pts', 'ptmx', 'console', 'shm', 'fd', 'mqueue', '.lxc', '.lxd-mounts'];

/**
 * The device that a path leads to, or all below that directory but terminals and their like, as they are now.
 * `path` is the path without links. Undefined if there is nothing; no nodes if there is something else.
 */
export function devicesAt(file: string): { path: string; nodes: DeviceNode[] } | undefined {
  try {
    const found = realpathSync(file);
    const stat = statSync(found);
    return { path: found, nodes: stat.isDirectory() ? devicesBelow(found) : nodeOf(found, stat) };
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

function devicesBelow(directory: string): DeviceNode[] {
  return readdirSync(directory)
    .filter((name) => !NOT_SHARED.includes(name))
    .toSorted()
    .flatMap((name) => devicesOf(path.join(directory, name)));
}

/** Links are left out: what they lead to is there by its own name, or not meant. */
function devicesOf(file: string): DeviceNode[] {
  // Not what the directory says of the entry: a device may be mounted over a plain file. And it may go at any moment.
  const stat = lstatSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return [];
  return stat.isDirectory() ? devicesBelow(file) : nodeOf(file, stat);
}

function nodeOf(file: string, stat: Stats): DeviceNode[] {
  if (!stat.isCharacterDevice() && !stat.isBlockDevice()) return [];
  return [
    {
      path: file,
      type: stat.isBlockDevice() ? 'b' : 'c',
      ...deviceNumbers(stat.rdev),
      fileMode: stat.mode,
      uid: stat.uid,
      gid: stat.gid,
    },
  ];
}

/** makedev(3): the kernel's 12 bits of major and 20 of minor, as glibc lays them out in 32. */
function deviceNumbers(rdev: number): { major: number; minor: number } {
  return { major: (rdev >>> 8) & 0xfff, minor: (rdev & 0xff) | ((rdev >>> 12) & 0xfff00) };
}
