/** mount(2) and umount2(2), for what every start and every end does: a process less than mount(8). */
import { systemCall } from './libc.ts';

const MS_NODEV = 0x4;
const MS_PRIVATE = 0x40000;
const MNT_DETACH = 0x2;
const UMOUNT_NOFOLLOW = 0x8;

const mount = systemCall('int mount(const char *, const char *, const char *, ulong, const char *)');
const umount2 = systemCall('int umount2(const char *, int)');

/**
 * Mounts an overlay, nodev and private. What is mounted below a shared mount must not come back to the host through it.
 * @param options as in mount(8), at most a page; paths in them may be relative to `directory`
 * @throws an error with the code of mount(2)
 */
export function mountOverlayAt(mountPoint: string, options: string, directory: string): void {
  const before = process.cwd();
  // Nothing else runs meanwhile that could see it.
  process.chdir(directory);
  try {
    mount('overlay', mountPoint, 'overlay', MS_NODEV, options);
  } finally {
    process.chdir(before);
  }
  mount('none', mountPoint, null, MS_PRIVATE, null);
}

/** @param lazy detach what is busy: it goes away with its last user. @throws an error with the code of umount(2) */
export function unmount(mountPoint: string, { lazy = false } = {}): void {
  umount2(mountPoint, UMOUNT_NOFOLLOW | (lazy ? MNT_DETACH : 0));
}
