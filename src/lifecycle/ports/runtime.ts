/** What the lifecycle needs of conmon and the OCI runtime; see ports.ts. */
import type { ContainerConfig } from '../../model/config.ts';
import type { SteadyOutcome, SteadyResults } from '../../model/health/steady.ts';
import type { ProcessRef } from '../../model/state.ts';

export interface RuntimeFiles {
  bundle: string;
  spec: string;
  /** Written by the runtime's create when it has succeeded. */
  pidFile: string;
  /** conmon's, if it passes notifications on. */
  notifySocket: string;
  /** The hooks that are to run after the runtime's delete; lifecycle/hooks.ts. */
  poststopHooks: string;
  /** There while checks pass by that nothing follows from; lifecycle/steady.ts. */
  steady: string;
  /** Of a stop whose cleanup is done; lifecycle/early-cleanup.ts. */
  endReceipt: string;
  exitFile: string;
  oomFile: string;
}

/** A conmon that waits. */
export interface LaunchedMonitor {
  /** Creates the container, whose bundle is whole, without starting its payload. */
  create(): Promise<{ payload: ProcessRef; conmon: ProcessRef }>;
  /** Ends it, if it has not been told to create the container. */
  cancel(): void;
}

/** conmon and the OCI runtime. */
export interface Runtime {
  files(id: string): RuntimeFiles;
  /**
   * Starts the container's conmon, which then waits; the caller is in the cgroup where it shall live, and the bundle's directory
   * is there. What comes to `notifySocket` of the files is passed on by conmon to the one given here. `heldFds` are conmon's
   * until the payload has ended.
   */
  launch(
    config: ContainerConfig,
    options: { notifySocket?: string; heldFds?: readonly number[] },
  ): LaunchedMonitor;
  start(config: ContainerConfig): Promise<void>;
  /** Other limits for a container that exists in the runtime: linux.resources of the OCI spec, as JSON text. */
  update(config: ContainerConfig, resources: string): Promise<void>;
  /** Forgets the container, killing what is left; unknown is success. */
  delete(config: ContainerConfig): Promise<void>;
  /** Prepares this process's streams for those of the container. */
  attach(config: ContainerConfig, request: AttachRequest): Attachment;
  exec(config: ContainerConfig, options: ExecRequest): Promise<ExecResult>;
  /** Lets checks by which nothing follows from pass without Berth; there must be no such time yet. */
  beginSteady(config: ContainerConfig, rule: SteadyRule): void;
  /** Ends that, with what was found; undefined if it had not begun. */
  endSteady(config: ContainerConfig): SteadyResults | undefined;
  /** What was found until now. */
  steadyResults(config: ContainerConfig): SteadyResults | undefined;
  /** Starts a command under a conmon of its own; streams are connected before it begins, if asked for. */
  startSession(config: ContainerConfig, options: SessionRequest): Promise<StartedSession>;
  /** The exit code of a session's command that has ended. */
  sessionExit(id: string, session: string): number | undefined;
  removeSession(id: string, session: string): void;
}

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

export interface Attachment {
  /** Resolves once conmon has accepted the connection; what comes from now on is not lost. */
  connect(): Promise<void>;
  /**
   * With what it was attached to, and all output is written; by the detach keys; or because nobody reads the output
   * any more.
   */
  ended: Promise<'ended' | 'detached' | 'unread'>;
  /** Ends it and puts the terminal back; harmless after the end. */
  close(): void;
}

export interface ExecRequest {
  /** OCI process document, as JSON text: its numbers may be beyond a double. */
  process: string;
  /** On the caller's terminal, on its streams (standard input only if asked), or into the result. */
  stdio: 'terminal' | 'streams' | 'output streams' | 'capture';
  /** Hands on these file descriptors of this process's, all from 3 on. */
  preserveFds?: readonly number[];
  timeoutMs?: number;
  maxOutput?: number;
  cgroup?: { name: string; kill: () => void };
}

export interface SessionRequest {
  session: string;
  /** OCI process document, as JSON text. */
  process: string;
  terminal: boolean;
  /** Where its conmon shall live. */
  cgroup: string;
  /** Absent: nobody is connected. */
  attach?: AttachRequest;
}

export interface StartedSession {
  /** conmon, which lives as long as the session; undefined if that is over. */
  monitor: ProcessRef | undefined;
  /** How the connection ended, and the exit code of a session that has ended. */
  ended: () => Promise<{ how: 'ended' | 'detached' | 'unread'; code: number }>;
  leave: () => void;
}

export interface ExecResult {
  code: number;
  output: string;
  timedOut: boolean;
}

/** What steady checks are, and should find. */
export interface SteadyRule {
  outcome: SteadyOutcome;
  timeoutMs: number;
  /** Bytes of output to keep. */
  keptOutput: number;
  /** How many results are kept, and after how many Berth is to fetch them; 0 = never. */
  room: { results: number; most: number };
  /** OCI process document, as JSON text. */
  process: string;
  payloadPid: number;
  /** An existing cgroup for the command, as in /proc/PID/cgroup. */
  cgroup: string;
  feedsWatchdog: boolean;
}
