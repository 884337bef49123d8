/** sd_notify(3): one datagram to the socket that systemd named. */
import { DgramSocket } from 'node-unix-socket';
import { BerthError } from '../model/errors.ts';

/**
 * Sends state lines (`READY=1` …) to NOTIFY_SOCKET; resolves false when there is none, that is, when not
 * started by systemd. Resolves after the datagram is in systemd's queue.
 */
export function notify(lines: readonly string[], socketPath = process.env.NOTIFY_SOCKET): Promise<boolean> {
  if (socketPath === undefined || socketPath === '') return Promise.resolve(false);
  return new Promise((resolve, reject) => {
    const socket = new DgramSocket();
    const message = Buffer.from(lines.join('\n'));
    // systemd names an abstract socket with a leading '@' (sd_notify(3)); the kernel wants a zero byte.
    const address = socketPath.startsWith('@') ? `\0${socketPath.slice(1)}` : socketPath;
    socket.sendTo(message, 0, message.length, address, (error) => {
      socket.close();
      if (error === undefined || error === null) resolve(true);
      else
        reject(
          new BerthError('unit', `cannot tell systemd over ${socketPath}: ${error.message}`, {
            cause: error,
          }),
        );
    });
  });
}
