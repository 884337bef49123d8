/** One run of conmon: its pipes, its environment, its cgroup, and what it reports (conmon.md, "Sync pipe"). */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { BerthError } from '../model/errors.ts';
import { started } from '../sys/spawn.ts';

export interface ConmonRun {
  args: string[];
  /** conmon's own files lie here. */
  cwd: string;
  /** The container gets this process's standard output and error (passthrough). */
  inheritStreams?: boolean;
  /** Left to it: it closes them before it writes the exit file (conmon.md, "Exit"). */
  heldFds?: readonly number[] | undefined;
  /** How long conmon may take until it reports. */
  timeoutMs?: number | undefined;
  /** Called with conmon's pid before it does anything: the moment to put it into a cgroup. */
  place?: (pid: number) => void;
  /** With --exec-attach: called when the attach socket is there; the command begins when this resolves. */
  connect?: (() => Promise<void>) | undefined;
}

export interface ConmonReport {
  /** The first report; '' if it ended without one. */
  line: string;
  /** What it said on standard error, if it ended without a report. */
  stderr: string;
  /** The next report, '' at the end of conmon; for a session, its exit code. Keeps this process alive until then. */
  next: () => Promise<string>;
  /** No further report is wanted. */
  leave: () => void;
}

/** conmon itself waits for the runtime; beyond this something is stuck (Podman's limit is the same). */
const REPORT_TIMEOUT_MS = 240_000;

/** A conmon that does nothing yet. */
export interface LaunchedConmon {
  /** Lets it begin; returns when its first process has ended, which leaves the second one behind. */
  proceed(): Promise<ConmonReport>;
  /** Ends it instead. */
  cancel(): void;
}

/** Runs conmon and returns when its first process has ended, which leaves the second one behind. */
export function runConmon(run: ConmonRun): Promise<ConmonReport> {
  return launchConmon(run).proceed();
}

/** Starts conmon, which takes some ms until it is ready to begin: the caller can do something else meanwhile. */
export function launchConmon(run: ConmonRun): LaunchedConmon {
  const { inheritStreams = false, connect, heldFds = [] } = run;
  const child = spawn(process.env.BERTH_CONMON ?? 'conmon', run.args, {
    cwd: run.cwd,
    stdio: [
      inheritStreams ? 'inherit' : 'ignore',
      inheritStreams ? 'inherit' : 'ignore',
      // With passthrough it becomes the payload's: a pipe of ours would break when this process ends.
      inheritStreams ? 'inherit' : 'pipe',
      // conmon tells the pid or the error; begins when a byte comes; tells that the attach socket is there.
      ...(['pipe', 'pipe', connect === undefined ? 'ignore' : 'pipe'] as const),
      ...heldFds,
    ],
    env: {
      PATH: process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin',
      _OCI_SYNCPIPE: '3',
      _OCI_STARTPIPE: '4',
      ...(connect === undefined ? {} : { _OCI_ATTACHPIPE: '5' }),
    },
  });
  // Listened to from the start: what it says, and its end, may come before it is let go.
  const up = started(child, 'conmon');
  const ends = { exited: once(child, 'exit'), closed: once(child, 'close') };
  for (const early of [up, ends.exited, ends.closed]) early.catch(() => {});
  const [, , , sync = null, start = null, attach = null] = (child.stdio ?? []) as (Socket | null)[];
  const reports = sync === null ? undefined : lineReader(sync);
  const stderr: Buffer[] = [];
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  start?.on('error', () => {}); // conmon that died at once is judged by what it says on the sync pipe
  const leave = (): void => {
    for (const stream of [start, attach, child.stderr]) stream?.destroy();
    child.unref();
  };
  return {
    async proceed() {
      await up;
      // With a process there are its pipes.
      const pipes = { sync, start, attach, reports } as Pipes;
      try {
        return await proceed({ child, ...ends, ...pipes, stderr }, run);
      } catch (error) {
        sync?.destroy();
        throw error;
      } finally {
        leave();
      }
    },
    cancel() {
      child.kill('SIGKILL');
      sync?.destroy();
      leave();
    },
  };
}

interface Pipes {
  sync: Socket;
  start: Socket;
  attach: Socket | null;
  reports: () => Promise<string>;
}

async function proceed(
  conmon: Pipes & {
    child: ChildProcess;
    exited: Promise<unknown>;
    closed: Promise<unknown>;
    stderr: readonly Buffer[];
  },
  { timeoutMs = REPORT_TIMEOUT_MS, connect, place }: ConmonRun,
): Promise<ConmonReport> {
  const { child, sync, start, attach, reports } = conmon;
  let timer: NodeJS.Timeout | undefined;
  const stuck = new Promise<never>((_, reject) => {
    // The conmon that hangs has long forked from the child, so that killing the child alone would not end the wait.
    timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new BerthError('runtime', `conmon has not created the container in ${timeoutMs / 1000} s`));
    }, timeoutMs);
  });
  const inTime = <T>(wait: Promise<T>): Promise<T> => Promise.race([wait, stuck]);
  try {
    if (child.pid !== undefined) place?.(child.pid);
    start.write('\0');
    // Without its word the socket is not there, and why is what the report says.
    if (connect !== undefined && attach !== null && (await inTime(lineReader(attach)())) !== '') {
      await connect();
      start.write('\0');
    }
    start.end();
    const line = await inTime(reports());
    await inTime(conmon.exited);
    // Without a report it has died, and why is what it said last.
    if (line === '') await inTime(conmon.closed);
    return {
      line,
      stderr: Buffer.concat(conmon.stderr).toString(),
      next: reports,
      leave: () => sync.destroy(),
    };
  } finally {
    clearTimeout(timer);
  }
}

/** `{"data": N, "message": TEXT}`; nothing if conmon said nothing. */
export function parseReport(line: string): { data?: number; message?: string } {
  if (line === '') return {};
  try {
    const { data, message } = JSON.parse(line) as { data?: unknown; message?: unknown };
    return {
      ...(Number.isSafeInteger(data) ? { data: Number(data) } : {}),
      ...(typeof message === 'string' ? { message } : {}),
    };
  } catch (error) {
    throw new BerthError(
      'runtime',
      `conmon said ${JSON.stringify(line.slice(0, 200))}, which is no report of its`,
      {
        cause: error,
      },
    );
  }
}

/** Reads line by line; '' when the pipe is closed. */
function lineReader(pipe: Socket): () => Promise<string> {
  let text = '';
  let closed = false;
  let heard = (): void => {};
  pipe.setEncoding('utf8');
  pipe.on('data', (chunk: string) => {
    text += chunk;
    heard();
  });
  for (const end of ['error', 'close']) {
    pipe.on(end, () => {
      closed = true;
      heard();
    });
  }
  return async () => {
    while (!text.includes('\n') && !closed) {
      await new Promise<void>((resolve) => {
        heard = resolve;
      });
    }
    const at = text.includes('\n') ? text.indexOf('\n') : text.length;
    const line = text.slice(0, at);
    text = text.slice(at + 1);
    return line;
  };
}
