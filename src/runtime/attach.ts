/** This process's streams on those of a container or an exec session: conmon's attach socket, through berth-attach. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { detachFilter } from '../model/detach-keys.ts';
import { BerthError } from '../model/errors.ts';
import { catchSignals } from '../sys/signals.ts';
import { cleanEnvironment, spawnError } from '../sys/spawn.ts';
import { NO_READER } from './attach-exit.ts';
import { followSize, hasTerminal, makeRaw } from './terminal.ts';

export interface AttachRequest {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  /** What it is attached to has a terminal: the caller's becomes raw, its size is followed, keys can detach. */
  terminal: boolean;
  /** Bytes; none: nothing detaches. */
  detachKeys: readonly number[];
  /** Takes the signals that this process gets from now on, by name. False: it is for this process, which it ends. */
  onSignal: (signal: string) => boolean;
}

/**
 * With what it was attached to, and all output is written; by the detach keys; or because nobody reads the output
 * any more.
 */
export type AttachmentEnd = 'ended' | 'detached' | 'unread';

export interface Attachment {
  /** Resolves once conmon has accepted the connection; what comes from now on is not lost. */
  connect(): Promise<void>;
  ended: Promise<AttachmentEnd>;
  /** Ends it and puts the terminal back; harmless after the end. */
  close(): void;
}

export interface AttachTarget {
  /** Where conmon has its socket and its control fifo. */
  bundle: string;
  /** Path of berth-attach. */
  helper: string;
}

/** Prepares an attachment: what takes time, the start of the helper, is under way when this returns. */
export function attach({ bundle, helper }: AttachTarget, request: AttachRequest): Attachment {
  const typed = request.terminal && request.stdin && hasTerminal();
  const child = spawn(helper, [...(request.stdin ? ['--input'] : []), bundle], {
    stdio: [
      request.stdin ? (typed ? 'pipe' : 'inherit') : 'ignore',
      request.stdout ? 'inherit' : 'ignore',
      request.stderr ? 'inherit' : 'ignore',
      'pipe',
    ],
    env: cleanEnvironment(),
    // A session of its own: Ctrl-C is for this process, which hands it on; the output that follows is still wanted.
    detached: true,
  });
  child.on('error', () => {}); // heard by who waits for the end; Bun may tell it once more
  const owner = child.stdio[3] as Socket;
  owner.on('error', () => {}); // the helper has ended, which `ended` tells
  const undo: (() => void)[] = [
    catchSignals((signal) => {
      if (request.onSignal(signal)) return true;
      close();
      return false;
    }),
  ];
  const close = (): void => {
    for (const one of undo.splice(0).reverse()) one();
    owner.destroy();
  };
  let detached = false;
  const detach = (): void => {
    detached = true;
    close();
  };
  const ended = exitOf(child, helper).then((code): AttachmentEnd => {
    close();
    if (detached) return 'detached';
    return code === NO_READER ? 'unread' : 'ended';
  });
  ended.catch(() => {}); // heard by connect(), or by whoever waits for the end
  return {
    ended,
    close,
    async connect() {
      owner.write('\n');
      const answer = await Promise.race([firstLine(owner), ended.then(() => '')]);
      if (answer !== 'connected') {
        throw new BerthError(
          'state',
          `failed to connect to container's attach socket: ${answer || 'its helper has ended'}`,
        );
      }
      if (request.terminal && hasTerminal()) undo.push(followSize(bundle));
      if (typed) undo.push(makeRaw(), passKeys(child, request.detachKeys, detach));
    },
  };
}

/** What is typed goes to the helper, but for the keys that detach. */
function passKeys({ stdin }: ChildProcess, keys: readonly number[], detach: () => void): () => void {
  const filter = detachFilter(keys);
  const onData = (chunk: Buffer): void => {
    const { pass, detached } = filter(chunk);
    if (pass.length > 0) stdin?.write(pass);
    if (detached) detach();
  };
  stdin?.on('error', () => {}); // the container has ended
  process.stdin.on('data', onData);
  process.stdin.on('end', () => stdin?.end());
  process.stdin.resume();
  return () => process.stdin.off('data', onData);
}

async function exitOf(child: ChildProcess, helper: string): Promise<number | null> {
  try {
    return ((await once(child, 'exit')) as [number | null])[0];
  } catch (error) {
    throw spawnError(helper, error as NodeJS.ErrnoException);
  }
}

function firstLine(owner: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    owner.setEncoding('utf8');
    owner.on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')));
    });
    owner.on('close', () => resolve(text.trim()));
  });
}
