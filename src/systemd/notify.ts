/** sd_notify(3): datagrams to the socket that systemd named. */
import { closeSync } from 'node:fs';
import { BerthError, messageOf } from '../model/errors.ts';
import { makePipe, waitFor } from '../sys/poll.ts';
import { sendDatagram, sendDescriptor } from '../sys/unix-socket.ts';

/**
 * Sends state lines (`READY=1` …) to NOTIFY_SOCKET; false when there is none, that is, when not started by systemd.
 * Resolves after the datagram is in systemd's queue. Throws BerthError 'unit'.
 */
export async function notify(
  lines: readonly string[],
  socketPath = process.env.NOTIFY_SOCKET,
): Promise<boolean> {
  return telling(socketPath, (address) => sendDatagram(address, Buffer.from(lines.join('\n'))));
}

/**
 * Waits until systemd has taken in all that this process has sent, blocking it, at most `timeoutMs` (sd_notify_barrier(3)):
 * systemd looks up whose word it is when it reads it, and does not know it of a process that has ended by then. False when
 * it did not in that time, or when there is no NOTIFY_SOCKET.
 */
export function notifyBarrier(timeoutMs = 5000, socketPath = process.env.NOTIFY_SOCKET): boolean {
  const { read, write } = makePipe();
  try {
    let sent: boolean;
    try {
      sent = telling(socketPath, (address) => sendDescriptor(address, Buffer.from('BARRIER=1'), write));
    } finally {
      closeSync(write);
    }
    // systemd closes the end that it was given; with this process's own closed too, the other one has its end.
    return sent && waitFor([{ fd: read, read: true }], timeoutMs)[0] === true;
  } finally {
    closeSync(read);
  }
}

function telling(socketPath: string | undefined, send: (address: string) => void): boolean {
  if (socketPath === undefined || socketPath === '') return false;
  try {
    // systemd names an abstract socket with a leading '@' (sd_notify(3)); the kernel wants a zero byte.
    send(socketPath.startsWith('@') ? `\0${socketPath.slice(1)}` : socketPath);
    return true;
  } catch (error) {
    throw new BerthError('unit', `cannot tell systemd over ${socketPath}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
