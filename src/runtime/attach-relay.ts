/**
 * Between conmon's attach socket and this process's standard streams (conmon.md, "Attach socket"). A process of its own,
 * because here all is done blockingly, so that a slow reader slows conmon down instead of filling memory, while the process
 * that talks to the person stays awake.
 */
import { readSync } from 'node:fs';
import { isErrno } from '../model/errors.ts';
import { STDERR, STDOUT, writeAll } from '../sys/output.ts';
import { waitFor } from '../sys/poll.ts';
import { connectPackets, endSending, receivePacket, sendPacket } from '../sys/unix-socket.ts';

/** First byte of every packet that conmon sends. */
const STREAMS: Record<number, number> = { 2: STDOUT, 3: STDERR };

/** conmon reads no more of a packet, and sends less. */
const MAX_PACKET = 32_768;

export interface RelayOptions {
  /** Pass standard input on, and its end. */
  input: boolean;
  /** A descriptor whose other end the owner of this process holds: when that is closed, all is over. */
  owner: number;
  /** Called once conmon has accepted the connection: from then on no output is lost. */
  connected: () => void;
}

/**
 * `complete`: conmon has closed the connection and all output is written. `unread`: nobody reads any more. `left`: the owner
 * has gone.
 */
export type RelayEnd = 'complete' | 'unread' | 'left';

/** Blocks until the end. Throws when there is no connection. */
export function relay(bundle: string, { input, owner, connected }: RelayOptions): RelayEnd {
  // From there, because the whole path may be longer than the name of a socket can be (unix(7)).
  process.chdir(bundle);
  const socket = connectPackets('attach');
  connected();
  const packet = Buffer.alloc(MAX_PACKET + 1);
  const typed = Buffer.alloc(MAX_PACKET);
  let reading = input;
  /** Read from standard input, and not yet sent. */
  let waiting = typed.subarray(0, 0);
  for (;;) {
    const [ended, received, sendable, readable] = waitFor([
      { fd: owner, read: true },
      { fd: socket, read: true },
      { fd: socket, write: waiting.length > 0 },
      { fd: 0, read: reading && waiting.length === 0 },
    ]);
    if (ended) return 'left';
    if (received) {
      const length = receivePacket(socket, packet);
      if (length === 0) return 'complete'; // also when conmon has been killed
      const fd = STREAMS[packet[0] ?? 0];
      if (fd !== undefined && !passOn(fd, packet.subarray(1, length))) return 'unread';
    }
    if (readable) {
      const length = readInput(typed);
      waiting = typed.subarray(0, length ?? 0);
      reading = length !== 0;
      if (!reading) endSending(socket);
    }
    if ((readable || sendable) && waiting.length > 0 && sendPacket(socket, waiting))
      waiting = typed.subarray(0, 0);
  }
}

/** What there is of standard input; 0 at its end, and when it cannot be read; undefined when another reader was first. */
function readInput(buffer: Buffer): number | undefined {
  try {
    return readSync(0, buffer);
  } catch (error) {
    return isErrno(error, 'EAGAIN') ? undefined : 0;
  }
}

/** False when nobody reads any more. */
function passOn(fd: number, output: Buffer): boolean {
  try {
    writeAll(fd, output);
    return true;
  } catch {
    return false;
  }
}
