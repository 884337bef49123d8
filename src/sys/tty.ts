/** Whether a descriptor is a terminal. */
import { fstatSync } from 'node:fs';
import { isatty } from 'node:tty';
import { isErrno } from '../model/errors.ts';

/** Major number of /dev/null and its like (null(4)). */
const MEMORY_DEVICES = 1;

/** isatty(3). For what is no character device, or is /dev/null, the module that knows need not be loaded, which takes 3 ms. */
export function isTerminal(fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    return stat.isCharacterDevice() && majorOf(stat.rdev) !== MEMORY_DEVICES && isatty(fd);
  } catch (error) {
    if (isErrno(error, 'EBADF')) return false;
    throw error;
  }
}

/** makedev(3), for numbers as small as those in use. */
function majorOf(device: number): number {
  return (device >> 8) & 0xfff;
}
