/** Waiting for several descriptors at once, with nothing else going on in this process: poll(2). */
import { systemCall } from './libc.ts';

const POLLIN = 0x1;
const POLLOUT = 0x4;
/** sizeof(struct pollfd): int fd, short events, short revents. */
const SIZE = 8;

const poll = systemCall('int poll(_Inout_ void *, uint64, int)');

export interface Interest {
  fd: number;
  read?: boolean;
  write?: boolean;
}

/** Blocks until something can be done with at least one of them, an end or an error included; one answer for each. */
export function waitFor(interests: readonly Interest[]): boolean[] {
  const fds = Buffer.alloc(SIZE * interests.length);
  for (const [i, { fd, read = false, write = false }] of interests.entries()) {
    // Of a negative one poll wants to know nothing, not even its end.
    fds.writeInt32LE(read || write ? fd : -1, i * SIZE);
    fds.writeInt16LE((read ? POLLIN : 0) | (write ? POLLOUT : 0), i * SIZE + 4);
  }
  poll(fds, interests.length, -1);
  return interests.map((_, i) => fds.readInt16LE(i * SIZE + 6) !== 0);
}
