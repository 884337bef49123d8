/** Running a helper program and having its output, exit code and errors in one value. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { BerthError, isErrno } from '../model/errors.ts';

export interface RunOptions {
  input?: string | Uint8Array;
  cwd?: string;
  /** What the program is told as its own name; `file` unless told. */
  argv0?: string;
  /** The whole environment; this process's own without NOTIFY_SOCKET unless told. */
  env?: NodeJS.ProcessEnv;
  /** SIGKILL after so many ms; `timedOut` says so. */
  timeoutMs?: number;
}

export interface RunResult {
  /** 128 + n when a signal ended it. */
  code: number;
  stdout: string;
  stderr: string;
  timedOut: boolean;
}

/**
 * Runs a program to its end. Never throws for a non-zero exit; throws BerthError 'missing-program' when the
 * program is not there, and 'permission' when it may not be run.
 */
export function run(file: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: options.cwd,
      argv0: options.argv0,
      env: options.env ?? cleanEnvironment(),
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    let timedOut = false;
    const timer =
      options.timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            child.kill('SIGKILL');
          }, options.timeoutMs);
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(spawnError(file, error));
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({
        code: exitCodeOf(code, signal),
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
        timedOut,
      });
    });
    if (options.input !== undefined && child.stdin) {
      // A program that ends without reading its input is judged by its exit code, not by our EPIPE.
      child.stdin.on('error', () => {});
      child.stdin.end(options.input);
    }
  });
}

/**
 * The same for a program that is over in some ms and that nothing else waits beside: this process stands still meanwhile, which
 * spares it some ms. Takes no input.
 */
export function runAtOnce(
  file: string,
  args: readonly string[],
  { env = cleanEnvironment(), timeoutMs }: Pick<RunOptions, 'env' | 'timeoutMs'> = {},
): RunResult {
  const { error, status, signal, stdout, stderr } = spawnSync(file, args, {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    killSignal: 'SIGKILL',
    ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
  });
  const timedOut = isErrno(error, 'ETIMEDOUT');
  if (error !== undefined && !timedOut) throw spawnError(file, error);
  return { code: exitCodeOf(status, signal), stdout, stderr, timedOut };
}

/** This process's environment without what must not reach conmon, a runtime or a helper (see conmon's NOTIFY_SOCKET trap). */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const { NOTIFY_SOCKET: _, ...env } = process.env;
  return env;
}

/**
 * To be called right after a spawn: throws what spawnError makes of its failure. Then the child has no streams either (Bun),
 * and its error is told to who listens (Node and Bun, more than once).
 */
export async function started(child: ChildProcess, file: string): Promise<void> {
  const failed = new Promise<NodeJS.ErrnoException>((resolve) => child.on('error', resolve));
  if (child.pid === undefined) throw spawnError(file, await failed);
}

/** Turns the error event of a spawn into one that says what to install or mend. */
export function spawnError(file: string, error: NodeJS.ErrnoException): BerthError {
  if (error.code === 'ENOENT') {
    return new BerthError(
      'missing-program',
      `cannot run ${file}: no such program, install the package that has it`,
      { cause: error },
    );
  }
  return new BerthError('permission', `cannot run ${file}: ${error.message}`, { cause: error });
}

/** The exit code of an ended child as a shell has it: 128 + n when a signal ended it. */
export function exitCodeOf(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}
