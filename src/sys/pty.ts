/** Terminals: ioctl_tty(2). */
import { systemCall } from './libc.ts';

const TIOCSWINSZ = 0x5414;

const ioctl = systemCall('int ioctl(int, ulong, const void *)');

/** Throws an error with the code of ioctl(2): ENOTTY where the descriptor is no terminal. */
export function setWindowSize(fd: number, [columns, rows]: [columns: number, rows: number]): void {
  // struct winsize: rows, columns, and two fields that nobody uses.
  ioctl(fd, TIOCSWINSZ, Buffer.from(new Uint16Array([rows, columns, 0, 0]).buffer));
}
