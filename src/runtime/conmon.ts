/** Creating a container: conmon, which runs `RUNTIME create`, and the wait for the container's pid. */
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { ContainerConfig } from '../model/config.ts';
import { BerthError } from '../model/errors.ts';
import type { ProcessRef } from '../model/state.ts';
import { readFileIfAny } from '../sys/files.ts';
import { processRef } from '../sys/proc.ts';
import { conmonArgs } from './conmon-args.ts';
import { launchConmon, parseReport } from './conmon-process.ts';
import { classifyRuntimeError, readLastLogError } from './errors.ts';
import { type RuntimePaths, runtimeRoot } from './paths.ts';

export interface CreateOptions {
  config: ContainerConfig;
  paths: RuntimePaths;
  runDir: string;
  logFile: string;
  notifySocket?: string | undefined;
  /** Descriptors that conmon keeps open until the payload has ended. */
  heldFds?: readonly number[] | undefined;
  timeoutMs?: number | undefined;
}

export interface LaunchedMonitor {
  create(): Promise<{ payload: ProcessRef; conmon: ProcessRef }>;
  cancel(): void;
}

/**
 * Starts conmon, which then waits, so that it is ready when the bundle is. The caller must already be in the cgroup where
 * conmon shall live. `create` lets it run `RUNTIME create` and resolves with both processes once the container is created
 * (its payload is not started); it rejects with the runtime's own message, classified: nothing is left in the runtime then,
 * conmon ends by itself. `cancel` ends a conmon that was not let go.
 */
export function launchMonitor(options: CreateOptions): LaunchedMonitor {
  const { config, paths, runDir, logFile, notifySocket, heldFds, timeoutMs } = options;
  removeConmonFiles(paths);
  mkdirSync(paths.persistDir, { recursive: true, mode: 0o700 });
  mkdirSync(runtimeRoot(runDir, config.runtime), { recursive: true, mode: 0o700 });
  if (notifySocket !== undefined) mkdirSync(path.dirname(paths.notifySocket), { recursive: true });
  const conmon = launchConmon({
    args: conmonArgs(config, paths, { runDir, logFile, notifySocket }),
    cwd: paths.bundle,
    inheritStreams: config.logDriver === 'passthrough',
    heldFds,
    timeoutMs,
  });
  return {
    async create() {
      const { line, stderr, leave } = await conmon.proceed();
      leave();
      return processes(line, { config, paths, stderr });
    },
    cancel: conmon.cancel,
  };
}

function processes(
  line: string,
  { config, paths, stderr }: { config: ContainerConfig; paths: RuntimePaths; stderr: string },
): { payload: ProcessRef; conmon: ProcessRef } {
  const report = parseReport(line);
  const pid = report.data ?? -1;
  if (pid <= 0) {
    const logged = readLastLogError(paths.runtimeLog) ?? report.message;
    if (logged !== undefined) throw classifyRuntimeError(config.runtime, logged);
    throw new BerthError(
      'runtime',
      `conmon ended without creating the container: ${stderr.trim() || 'it said nothing'}`,
    );
  }
  const payload = processRef(pid);
  const conmon = processRef(Number(readFileIfAny(paths.conmonPidFile)));
  if (payload === undefined || conmon === undefined) {
    throw new BerthError(
      'runtime',
      `the container's ${payload === undefined ? 'first process' : 'conmon'} died while it was being created`,
    );
  }
  return { payload, conmon };
}

/** Removes what conmon left of the last run: after a SIGKILL its socket, fifos and files stay behind. */
export function removeConmonFiles(paths: RuntimePaths): void {
  for (const file of ['attach', 'ctl', 'winsz', 'notify/notify.sock'])
    rmSync(path.join(paths.bundle, file), { force: true });
  for (const file of [paths.pidFile, paths.conmonPidFile, paths.runtimeLog]) rmSync(file, { force: true });
  rmSync(paths.persistDir, { recursive: true, force: true });
}
