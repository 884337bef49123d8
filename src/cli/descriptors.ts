/** What this command's own file descriptors are. */
import { readlinkSync } from 'node:fs';
import { isatty } from 'node:tty';
import { BerthError } from '../model/errors.ts';

export function isTerminal(fd: number): boolean {
  return isatty(fd);
}

/** Throws unless the caller has given this command `count` file descriptors from 3 on. */
export function assertDescriptors(count: number): void {
  for (let fd = 3; fd < 3 + count; fd++) {
    if (isGiven(fd)) continue;
    throw new BerthError(
      'invalid',
      `file descriptor ${fd} is not available - the preserve-fds option requires that file descriptors must be passed`,
    );
  }
}

/** Node's own are of kinds that no shell can give. */
function isGiven(fd: number): boolean {
  try {
    return !/^anon_inode:|\(deleted\)$/.test(readlinkSync(`/proc/self/fd/${fd}`));
  } catch {
    return false;
  }
}
