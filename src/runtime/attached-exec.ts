/** The runtime's exec on the caller's own terminal or streams. */
import { type ChildProcess, spawn } from 'node:child_process';
import { complain, STDOUT, writeAll } from '../sys/output.ts';
import { cleanEnvironment, exitCodeOf, spawnError } from '../sys/spawn.ts';
import { readLastLogError } from './errors.ts';

export interface AttachedExec {
  /** The command gets a terminal of its own, which the runtime connects with the caller's. */
  terminal: boolean;
  /** Pass standard input on; else the command has none. A terminal always has it. */
  input: boolean;
  /** How many file descriptors to hand on, from 3 on. */
  preserveFds: readonly number[];
  /** The runtime's log, where it says why the command could not be run. */
  log: string;
}

/** Output may still come after the command has ended; what it left running may hold the pipes open for ever. */
const IDLE_MS = 200;

/**
 * The runtime complains on standard error as well as in its log; the first words on standard error are held back this
 * long, so that a complaint is not shown twice.
 */
const COMPLAINT_MS = 100;

/** By place from 3 on; what lies between two that are handed on leads nowhere. */
function handedOn(fds: readonly number[]): (number | 'ignore')[] {
  return Array.from({ length: Math.max(2, ...fds) - 2 }, (_, index) =>
    fds.includes(3 + index) ? 3 + index : 'ignore',
  );
}

/**
 * Runs the runtime and waits for the command. Without a terminal, pipes stand between the caller's streams and the
 * command: a runtime gives the streams it is started with to the command's user (fchown), and must never be able to do
 * so to a file of the caller's.
 */
export function execAttached(runtime: string, args: string[], options: AttachedExec): Promise<number> {
  const { terminal, input, log, preserveFds } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(runtime, args, {
      stdio: [
        terminal ? 'inherit' : input ? 'pipe' : 'ignore',
        terminal ? 'inherit' : 'pipe',
        'pipe',
        ...handedOn(preserveFds),
      ],
      env: cleanEnvironment(),
    });
    const unhook = forwardSignals(child);
    child.on('error', (error) => {
      unhook();
      reject(spawnError(runtime, error));
    });

    child.stdin?.on('error', () => {}); // the command has closed its input or is gone: no concern of ours
    if (child.stdin !== null) process.stdin.pipe(child.stdin);
    const heard = holdBack(child, log);
    // Blockingly: a slow reader of ours slows the command down.
    child.stdout?.on('data', (chunk: Buffer) => {
      try {
        writeAll(STDOUT, chunk);
      } catch {
        child.stdout?.destroy(); // nobody reads: the command hears of it as it would without us
      }
    });

    child.on('exit', (code, signal) => {
      unhook();
      let heardSince = false;
      const finish = (): void => {
        clearTimeout(idle);
        heard.flush();
        resolve(exitCodeOf(code, signal));
      };
      // Time may be up with output still waiting to be read, which happens between a timer and what setImmediate asks for.
      const idle = setTimeout(() => {
        heardSince = false;
        setImmediate(() => (heardSince ? idle.refresh() : finish()));
      }, IDLE_MS);
      for (const stream of [child.stdout, child.stderr]) {
        stream?.on('data', () => {
          heardSince = true;
          idle.refresh();
        });
      }
      child.on('close', finish);
    });
  });
}

/** Relays standard error, its first words a moment later, unless the log then has them. */
function holdBack({ stderr }: ChildProcess, log: string): { flush: () => void } {
  let held: Buffer[] | undefined = [];
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    if (held !== undefined && readLastLogError(log) === undefined) complain(Buffer.concat(held));
    held = undefined;
  };
  stderr?.on('data', (chunk: Buffer) => {
    if (held === undefined) {
      complain(chunk);
      return;
    }
    held.push(chunk);
    timer ??= setTimeout(flush, COMPLAINT_MS);
  });
  return { flush };
}

/** Signals that a terminal does not send to the whole group are passed on. */
function forwardSignals(child: ChildProcess): () => void {
  const signals: NodeJS.Signals[] = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'];
  const forward = (signal: NodeJS.Signals): void => {
    child.kill(signal);
  };
  for (const signal of signals) process.on(signal, forward);
  return () => {
    for (const signal of signals) process.off(signal, forward);
  };
}
