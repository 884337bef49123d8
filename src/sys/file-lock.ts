/** Locks of flock(2), which belong to the open file: gone when it is closed, however that comes. */
import { systemCall } from './libc.ts';

const LOCK_EX = 2;

const flock = systemCall('int flock(int, int)');

/** Waits until nobody else has the file locked. */
export function lockFile(fd: number): void {
  flock(fd, LOCK_EX);
}
