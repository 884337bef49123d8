/** sd_notify(3): one datagram to the socket that systemd named. */
import { BerthError, messageOf } from '../model/errors.ts';
import { sendDatagram } from '../sys/unix-socket.ts';

/**
 * Sends state lines (`READY=1` …) to NOTIFY_SOCKET; false when there is none, that is, when not started by systemd.
 * Resolves after the datagram is in systemd's queue. Throws BerthError 'unit'.
 */
export async function notify(
  lines: readonly string[],
  socketPath = process.env.NOTIFY_SOCKET,
): Promise<boolean> {
  if (socketPath === undefined || socketPath === '') return false;
  // systemd names an abstract socket with a leading '@' (sd_notify(3)); the kernel wants a zero byte.
  const address = socketPath.startsWith('@') ? `\0${socketPath.slice(1)}` : socketPath;
  try {
    sendDatagram(address, Buffer.from(lines.join('\n')));
    return true;
  } catch (error) {
    throw new BerthError('unit', `cannot tell systemd over ${socketPath}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
