/** An exec session: a command in a container that conmon holds, so that it can outlive whoever asked for it. */
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { ContainerConfig } from '../model/config.ts';
import { BerthError } from '../model/errors.ts';
import type { ProcessRef } from '../model/state.ts';
import { addToCgroup } from '../sys/cgroup.ts';
import { readFileIfAny, writeFileAtomic } from '../sys/files.ts';
import { processRef } from '../sys/proc.ts';
import { sessionArgs } from './conmon-args.ts';
import { type ConmonReport, parseReport, runConmon } from './conmon-process.ts';
import { classifyRuntimeError, readLastLogError } from './errors.ts';
import { runtimePaths } from './paths.ts';

export interface SessionOptions {
  session: string;
  /** OCI process document, as JSON text. */
  process: string;
  terminal: boolean;
  /** Where conmon shall live. */
  cgroup: string;
  /** What conmon runs when the command has ended. */
  exitCommand: readonly string[];
  /** Called when conmon's socket is there, before the command begins. Absent: nobody is connected. */
  connect?: (() => Promise<void>) | undefined;
}

export interface StartedSession {
  /** conmon, which lives as long as the session. */
  monitor: ProcessRef | undefined;
  /** The command's exit code, for a caller that waits for it; -1 if conmon was killed. */
  exitCode: () => Promise<number>;
  /** For one that does not. */
  leave: () => void;
}

/** Makes the directory of a session. It lies in the container's bundle, and goes with it. */
export function makeSessionDirectory(runDir: string, id: string, session: string): string {
  const directory = sessionDirectory(runDir, id, session);
  mkdirSync(path.join(directory, 'persist'), { recursive: true, mode: 0o700 });
  return directory;
}

/**
 * Starts a command in a container under a conmon of its own. Throws the classified runtime error (125, 126, 127) when
 * it could not be run; nothing is left of it then but its directory.
 */
export async function startSession(
  config: ContainerConfig,
  runDir: string,
  options: SessionOptions,
): Promise<StartedSession> {
  const { session, terminal, exitCommand, cgroup, connect } = options;
  const directory = makeSessionDirectory(runDir, config.id, session);
  const spec = path.join(directory, 'process.json');
  writeFileAtomic(spec, options.process);
  const attached = connect !== undefined;
  const report = await runConmon({
    args: sessionArgs(config, runDir, { session, directory, spec, terminal, attached, exitCommand }),
    cwd: directory,
    place: (pid) => addToCgroup(cgroup, pid),
    connect,
  });
  const { data = -1, message } = parseReport(report.line);
  if (data <= 0) {
    report.leave();
    const logged = readLastLogError(path.join(directory, 'oci-log')) ?? message ?? report.stderr.trim();
    if (logged === '') throw new BerthError('runtime', 'conmon ended without running the command');
    throw classifyRuntimeError(config.runtime, logged);
  }
  return {
    monitor: processRef(Number(readFileIfAny(path.join(directory, 'conmon.pid')))),
    exitCode: () => exitCodeOf(report),
    leave: report.leave,
  };
}

async function exitCodeOf(report: ConmonReport): Promise<number> {
  const { data = -1 } = parseReport(await report.next());
  report.leave();
  return data;
}

/** The exit code that conmon has written, if the command has ended. */
export function sessionExit(runDir: string, id: string, session: string): number | undefined {
  const text = readFileIfAny(path.join(sessionDirectory(runDir, id, session), 'persist', 'exit'));
  return text === undefined ? undefined : Number(text.trim());
}

/** Removes the files of a session that has ended. */
export function removeSession(runDir: string, id: string, session: string): void {
  rmSync(sessionDirectory(runDir, id, session), { recursive: true, force: true });
}

function sessionDirectory(runDir: string, id: string, session: string): string {
  return path.join(runtimePaths(runDir, id).bundle, session);
}
