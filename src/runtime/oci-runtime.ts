/** The OCI runtime's own verbs (crun(1), runc(8)): start, delete, exec. conmon does create. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { writeFileAtomic } from '../sys/files.ts';
import { processRef } from '../sys/proc.ts';
import { cleanEnvironment, exitCodeOf, type RunResult, runAtOnce, spawnError } from '../sys/spawn.ts';
import { execAttached } from './attached-exec.ts';
import { classifyRuntimeError, readLastLogError } from './errors.ts';
import { type RuntimePaths, runtimeRoot } from './paths.ts';

/** Which container of which runtime. */
export interface RuntimeTarget {
  id: string;
  /** Absolute path of the runtime. */
  runtime: string;
  runDir: string;
  paths: RuntimePaths;
}

/** Runtime calls that only touch the kernel are over in milliseconds; this ends one that hangs. */
const CALL_TIMEOUT_MS = 60_000;

/** Lets the created payload run; one that runs already is success: whoever started it was killed before saying so. */
export function startPayload(target: RuntimeTarget): void {
  const result = call(target, ['start', target.id]);
  if (result.code === 0) return;
  const failure = readLastLogError(target.paths.runtimeLog) ?? result.stderr;
  if (runsInRuntime(target)) return;
  throw classifyRuntimeError(target.runtime, failure);
}

function runsInRuntime(target: RuntimeTarget): boolean {
  const { code, stdout } = call(target, ['state', target.id]);
  return code === 0 && (JSON.parse(stdout) as { status?: unknown }).status === 'running';
}

/** Gives the container other limits; `resources` is linux.resources of the OCI spec, as JSON. */
export function updateInRuntime(target: RuntimeTarget, resources: string): void {
  const file = path.join(target.paths.bundle, `update-${process.pid}.json`);
  writeFileAtomic(file, resources);
  try {
    const result = call(target, ['update', `--resources=${file}`, target.id]);
    if (result.code !== 0)
      throw classifyRuntimeError(target.runtime, readLastLogError(target.paths.runtimeLog) ?? result.stderr);
  } finally {
    rmSync(file, { force: true });
  }
}

/** Forgets the container in the runtime, killing what is left of it; one that it does not know is success. */
export function deleteFromRuntime(target: RuntimeTarget): void {
  const result = call(target, ['delete', '--force', target.id]);
  if (result.code !== 0) throw classifyRuntimeError(target.runtime, result.stderr);
}

export interface ExecOptions {
  /** OCI process object, as JSON. */
  process: string;
  /** On the caller's terminal, on its streams (standard input only if asked), or into the result. */
  stdio: 'terminal' | 'streams' | 'output streams' | 'capture';
  /** Hands on these file descriptors of this process's, all from 3 on. */
  preserveFds?: readonly number[];
  /** Ends the command, with everything it started, after so many ms. Needs `cgroup`. */
  timeoutMs?: number;
  /** Bytes of output to keep when capturing; the rest is read and dropped. */
  maxOutput?: number;
  /** An existing cgroup below the container's own for the command: its name there, and what kills it all. */
  cgroup?: { name: string; kill: () => void };
}

export interface ExecResult {
  /** The command's exit code, 128 + n for a signal. */
  code: number;
  output: string;
  timedOut: boolean;
}

/**
 * Runs a command in the container and waits for it. No conmon, no session. Throws the classified runtime
 * error (125, 126, 127) when the command never ran.
 */
export async function execInContainer(target: RuntimeTarget, options: ExecOptions): Promise<ExecResult> {
  sweepExecFiles(target.paths.bundle);
  const unique = `${process.pid}-${process.hrtime.bigint()}`;
  const spec = path.join(target.paths.bundle, `exec-${unique}.json`);
  const log = path.join(target.paths.bundle, `exec-${unique}.log`);
  writeFileAtomic(spec, options.process);
  try {
    const { preserveFds = [] } = options;
    const cgroup = options.cgroup === undefined ? [] : ['--cgroup', options.cgroup.name];
    const args = [
      `--root=${rootOf(target)}`,
      '--log-format=json',
      `--log=${log}`,
      'exec',
      ...cgroup,
      ...(preserveFds.length === 0 ? [] : ['--preserve-fds', String(Math.max(...preserveFds) - 2)]),
      '--process',
      spec,
      target.id,
    ];
    const result =
      options.stdio === 'capture'
        ? await captured(target.runtime, args, options)
        : await attached(target.runtime, args, { stdio: options.stdio, log, preserveFds });
    const failure = result.code === 0 ? undefined : readLastLogError(log);
    // Both runtimes answer 255 (crun) or 255/1 (runc) and log an error when the command could not be run at all.
    if (failure !== undefined && !result.timedOut) throw classifyRuntimeError(target.runtime, failure);
    return result;
  } finally {
    for (const file of [spec, log]) rmSync(file, { force: true });
  }
}

/** Removes what execs that were killed have left beside the running container's files. */
function sweepExecFiles(bundle: string): void {
  for (const name of readdirSync(bundle)) {
    const pid = /^exec-(\d+)-\d+\./.exec(name)?.[1];
    if (pid !== undefined && processRef(Number(pid)) === undefined)
      rmSync(path.join(bundle, name), { force: true });
  }
}

async function attached(
  runtime: string,
  args: string[],
  { stdio, log, preserveFds }: { stdio: ExecOptions['stdio']; log: string; preserveFds: readonly number[] },
): Promise<ExecResult> {
  const how = { terminal: stdio === 'terminal', input: stdio === 'streams', log, preserveFds };
  return { code: await execAttached(runtime, args, how), output: '', timedOut: false };
}

/** How long output may still come after the runtime's exec has ended: a daemon left behind may hold the pipes open. */
const DRAIN_MS = 200;

/** Node counts timers in 31 bits and takes a longer one for 1 ms; 24 days are as good as for ever here. */
const MAX_TIMER_MS = 2 ** 31 - 1;

function captured(runtime: string, args: string[], options: ExecOptions): Promise<ExecResult> {
  return new Promise((resolve, reject) => {
    // Without a process there are no pipes either.
    const child: ChildProcess = spawn(runtime, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: cleanEnvironment(),
    });
    const chunks: Buffer[] = [];
    let kept = 0;
    const keep = (chunk: Buffer): void => {
      if (kept < (options.maxOutput ?? Number.POSITIVE_INFINITY)) chunks.push(chunk);
      kept += chunk.length;
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    let timedOut = false;
    const timers: NodeJS.Timeout[] = [];
    if (options.timeoutMs !== undefined) {
      timers.push(
        setTimeout(
          () => {
            timedOut = true;
            options.cgroup?.kill();
            child.kill('SIGKILL');
          },
          Math.min(options.timeoutMs, MAX_TIMER_MS),
        ),
      );
    }
    child.on('error', (error) => {
      timers.forEach(clearTimeout);
      reject(spawnError(runtime, error));
    });
    child.on('exit', (code, signal) => {
      const finish = (): void => {
        timers.forEach(clearTimeout);
        child.stdout?.destroy();
        child.stderr?.destroy();
        const output = Buffer.concat(chunks).toString();
        resolve({ code: timedOut ? -1 : exitCodeOf(code, signal), output, timedOut });
      };
      child.on('close', finish);
      // On a busy machine time may be up with output still waiting: what setImmediate asks for comes after reading.
      timers.push(setTimeout(() => setImmediate(finish), DRAIN_MS));
    });
  });
}

function call(target: RuntimeTarget, args: string[]): RunResult {
  return runAtOnce(target.runtime, [`--root=${rootOf(target)}`, ...args], { timeoutMs: CALL_TIMEOUT_MS });
}

function rootOf(target: RuntimeTarget): string {
  return runtimeRoot(target.runDir, target.runtime);
}
