/** Waiting for descriptors, with nothing else going on in this process (poll(2)), and pipes to wait for. */
import { systemCall } from './libc.ts';

const POLLIN = 0x1;
const POLLOUT = 0x4;
/** sizeof(struct pollfd): int fd, short events, short revents. */
const SIZE = 8;

const poll = systemCall('int poll(_Inout_ void *, uint64, int)');

const pipe2 = systemCall('int pipe2(_Out_ void *, int)');
const O_CLOEXEC = 0o2000000;

export interface Interest {
  fd: number;
  read?: boolean;
  write?: boolean;
}

/** Both ends of pipe(2), closed in programs that this process becomes. */
export function makePipe(): { read: number; write: number } {
  const fds = Buffer.alloc(8);
  pipe2(fds, O_CLOEXEC);
  return { read: fds.readInt32LE(0), write: fds.readInt32LE(4) };
}

/**
 * Blocks until something can be done with at least one of them, an end or an error included, or `timeoutMs` are over; one
 * answer for each.
 */
export function waitFor(interests: readonly Interest[], timeoutMs = -1): boolean[] {
  const fds = Buffer.alloc(SIZE * interests.length);
  for (const [i, { fd, read = false, write = false }] of interests.entries()) {
    // Of a negative one poll wants to know nothing, not even its end.
    fds.writeInt32LE(read || write ? fd : -1, i * SIZE);
    fds.writeInt16LE((read ? POLLIN : 0) | (write ? POLLOUT : 0), i * SIZE + 4);
  }
  poll(fds, interests.length, timeoutMs);
  return interests.map((_, i) => fds.readInt16LE(i * SIZE + 6) !== 0);
}
