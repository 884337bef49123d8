/** Times of files to the nanosecond, utimensat(2): Node takes them as doubles, which are 0.2 µs apart today. */
import { systemCall } from './libc.ts';

/** After the epoch. */
export interface ExactTime {
  seconds: number;
  nanoseconds: number;
}

const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;

const futimens = systemCall('int futimens(int, const void *)');
const utimensat = systemCall('int utimensat(int, const void *, const void *, int)');

/** Two of struct timespec, for access and for modification. */
const times = new BigInt64Array(4);

/** Both times of an open file. @throws an error with the code of utimensat(2) */
export function setFileTime(fd: number, time: ExactTime): void {
  futimens(fd, timespecs(time));
}

/** Both times of what a path names, of a symlink its own. @throws an error with the code of utimensat(2) */
export function setPathTime(path: Buffer, time: ExactTime): void {
  utimensat(AT_FDCWD, Buffer.concat([path, Buffer.alloc(1)]), timespecs(time), AT_SYMLINK_NOFOLLOW);
}

function timespecs({ seconds, nanoseconds }: ExactTime): BigInt64Array {
  times[0] = times[2] = BigInt(seconds);
  times[1] = times[3] = BigInt(nanoseconds);
  return times;
}
