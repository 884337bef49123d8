/**
 * Between conmon's attach socket and this process's standard streams (conmon.md, "Attach socket"). A process of its own,
 * because what comes from the socket cannot be paused in Node: here it is written blockingly, so that a slow reader
 * slows conmon down instead of filling memory, while the process that talks to the person stays awake.
 */
import { writeSync } from 'node:fs';
import { SeqpacketSocket } from 'node-unix-socket';
import { isErrno } from '../model/errors.ts';

/** First byte of every packet that conmon sends. */
const STREAMS: Record<number, number> = { 2: 1, 3: 2 };

/** conmon reads no more of a packet. */
const MAX_PACKET = 32_768;

/** How long a reader that takes nothing is left alone before it is tried again; only for streams that never block. */
const RETRY_MS = 5;

export interface RelayOptions {
  /** Pass standard input on, and its end. */
  input: boolean;
  /** Called once conmon has accepted the connection: from then on no output is lost. */
  connected: () => void;
}

/**
 * Resolves with true when conmon has closed the connection and all output is written, with false when nobody reads any
 * more. Rejects when there is no connection.
 */
export function relay(bundle: string, { input, connected }: RelayOptions): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = new SeqpacketSocket();
    const finish = (complete: boolean): void => {
      socket.destroy();
      resolve(complete);
    };
    // An exception must not leave this function: the addon that calls it ends the process then.
    socket.on('data', (packet: Buffer) => {
      const fd = STREAMS[packet[0] ?? 0];
      if (fd !== undefined && !writeAll(fd, packet.subarray(1))) setImmediate(finish, false);
    });
    socket.on('end', () => finish(true));
    socket.on('error', () => finish(true)); // conmon has been killed
    try {
      // From there, because the whole path may be longer than the name of a socket can be (unix(7)).
      process.chdir(bundle);
      socket.connect('attach', () => {
        connected();
        if (input) pumpInput(socket);
      });
    } catch (error) {
      reject(error);
    }
  });
}

/** Writes all of it, waiting for the reader; false when there is none any more. */
function writeAll(fd: number, data: Buffer): boolean {
  for (let at = 0; at < data.length; ) {
    try {
      at += writeSync(fd, data, at);
    } catch (error) {
      if (!isErrno(error, 'EAGAIN')) return false;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
  return true;
}

/** Standard input in packets, the next one only when the last is on its way; its end closes the container's. */
function pumpInput(socket: SeqpacketSocket): void {
  const { stdin } = process;
  stdin.on('data', (chunk: Buffer) => {
    stdin.pause();
    const send = (at: number): void => {
      if (at >= chunk.length) {
        stdin.resume();
        return;
      }
      const length = Math.min(MAX_PACKET, chunk.length - at);
      socket.write(chunk, at, length, () => send(at + length));
    };
    send(0);
  });
  stdin.on('end', () => socket.end());
  stdin.on('error', () => socket.end());
}
