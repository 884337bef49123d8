/**
 * The states of a container, what may happen in each, and the mutable half of a container's record.
 *
 * The words are libpod's. Two of them are shown to people under other names, as Podman does:
 * `configured` reads "created", `created` reads "initialized".
 */

export type ContainerStatus =
  | 'configured' // recorded; the runtime does not know it
  | 'created' // the runtime has created it, the payload has not been started
  | 'running'
  | 'stopping' // a stop was asked for and is under way; no lock is held meanwhile
  | 'stopped' // the payload is gone and its exit is recorded; cleanup is still to come
  | 'paused'
  | 'exited' // cleaned up
  | 'removing'; // half-removed; only `rm` may touch it

/** A process identity that a reused pid cannot fake: proc(5), /proc/PID/stat field 22. */
export interface ProcessRef {
  pid: number;
  /** Clock ticks after boot. */
  startTime: number;
}

/** What changes while a container lives. Times are ISO 8601 in UTC. */
export interface ContainerState {
  status: ContainerStatus;
  /** Counts starts; names the exit record of each. 0 = never started. */
  startNumber: number;
  payload?: ProcessRef;
  conmon?: ProcessRef;
  /** systemd's name for the unit's run that this state tells of: INVOCATION_ID, systemd.exec(5). */
  invocation?: string;
  /** The unit's cgroup at the last start: `/system.slice/berth-cache.service`. */
  cgroup?: string;
  startedAt?: string;
  finishedAt?: string;
  /** -1 = the monitor died without telling. */
  exitCode: number;
  oomKilled: boolean;
  /** A person or the manager asked for the stop that is under way or came last. */
  stopRequested: boolean;
  /** Whoever asked for an init: while this process lives, the next start leaves the payload waiting (`created`). */
  holdFor?: ProcessRef;
  /** The stop that came last was the machine's going down: no person's wish. */
  stoppedAtShutdown?: boolean;
  /** The boot that did not start it, because a person had stopped it (boot-rule.ts). */
  leftOutOfBoot?: string;
  /** Restarts of the run that ended last, for when systemd has forgotten its unit. */
  restarts?: number;
  /** The last signal of `berth kill` in this run; what it means for the end is decided at the end (kill.ts). */
  lastKill?: { signal: number; at: string };
  /** systemd's watchdog of the unit, in µs, which is held for as long as the container is paused. */
  heldWatchdogUsec?: number;
  /** Grace of the stop under way, when `berth stop -t` asked for another one than the container's. */
  stopTimeoutSeconds?: number;
  /** The stop signal of the stop under way has been sent by `berth stop`: it is not to be sent twice. */
  stopSignalled?: true;
  /** The grace in seconds that the payload has let pass: a stop is killing it. Goes into the event of its end. */
  graceExceeded?: number;
  /** While it is removed: its anonymous volumes go with it. */
  removesVolumes?: true;
  /** Why the last start failed, or why an exit code is unknown. */
  error: string;
  /** Exit code that the last failed start means to a shell: 125, 126 or 127; 0 = it did not fail. */
  startFailure: number;
}

/** The state of a container that was just created. */
export function initialState(): ContainerState {
  return {
    status: 'configured',
    startNumber: 0,
    exitCode: 0,
    oomKilled: false,
    stopRequested: false,
    error: '',
    startFailure: 0,
  };
}

const DISPLAY: Record<ContainerStatus, string> = {
  configured: 'created',
  created: 'initialized',
  running: 'running',
  stopping: 'stopping',
  stopped: 'stopped',
  paused: 'paused',
  exited: 'exited',
  removing: 'removing',
};

/** The word that people see for a status. */
export function displayStatus(status: ContainerStatus): string {
  return DISPLAY[status];
}

/** Every operation that moves a container, or that some states forbid. */
export type Operation =
  | 'init'
  | 'start'
  | 'stop' // asked for by a person through Berth
  | 'unit-stop' // asked for by systemd: it must work wherever there is something to end
  | 'restart'
  | 'kill'
  | 'pause'
  | 'unpause'
  | 'attach'
  | 'exec'
  | 'healthcheck'
  | 'cleanup' // asked for by a person; the one that a unit runs at its end is for every state
  | 'remove'
  | 'rename'
  | 'update'
  | 'mount'
  | 'export';

/** allowed: do it · done: nothing to do, success · refused: an error that names the state. */
export type Verdict = 'allowed' | 'done' | 'refused';

const STATUSES = [
  ...(['configured', 'created', 'running', 'stopping'] as const),
  ...(['stopped', 'paused', 'exited', 'removing'] as const),
];

/**
 * The one table of what each operation means in each state (libpod's Container): one column per status, in the order
 * of STATUSES; + allowed, = done, - refused.
 */
const TRANSITIONS: Record<Operation, string> = {
  //           configured
  //           | created
  //           | | running
  //           | | | stopping
  //           | | | | stopped
  //           | | | | | paused
  //           | | | | | | exited
  //           | | | | | | | removing
  init: /*   */ '+ - - - + - + -',
  start: /*  */ '+ + = - + - + -',
  stop: /*   */ '= + + + = - = -',
  'unit-stop': '= + + + = + = -',
  restart: /**/ '+ + + + + - + -',
  kill: /*   */ '- - + + - + - -',
  pause: /*  */ '- - + - - - - -',
  unpause: /**/ '- - - - - + - -',
  attach: /* */ '- - + - - - - -',
  exec: /*   */ '- - + - - - - -',
  healthcheck: '- - + - - - - -',
  cleanup: /**/ '+ + = = + = + =',
  remove: /* */ '+ + - - + - + +',
  rename: /* */ '+ + + + + + + -',
  update: /* */ '+ + + + + + + -',
  mount: /*  */ '+ + + + + + + -',
  export: /* */ '+ + + + + + + -',
};

const VERDICTS: Record<string, Verdict> = { '+': 'allowed', '=': 'done', '-': 'refused' };

/** What `operation` means for a container in `status`. */
export function verdict(operation: Operation, status: ContainerStatus): Verdict {
  return VERDICTS[TRANSITIONS[operation].split(' ')[STATUSES.indexOf(status)] ?? ''] ?? 'refused';
}

/** States in which a payload process should exist. */
export function hasPayload(status: ContainerStatus): boolean {
  return status === 'created' || status === 'running' || status === 'stopping' || status === 'paused';
}
