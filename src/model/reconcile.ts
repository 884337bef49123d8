/**
 * Stored state against kernel facts. Pure: every verb observes first (lifecycle/observe.ts) and trusts the
 * result of this function, never the stored row alone, so a helper that was killed at any point leaves
 * nothing that the next verb cannot see through.
 */
import type { EventFacts } from './event.ts';
import { type ContainerState, hasPayload } from './state.ts';

/** What the kernel and conmon's files say about one container at one moment. */
export interface Facts {
  payloadAlive: boolean;
  /** Its cgroup is frozen, by Berth or with its whole unit by `systemctl freeze`. */
  payloadFrozen: boolean;
  conmonAlive: boolean;
  /** conmon's exit file; its ctime is the moment of the end (conmon writes it at once). */
  exit?: { code: number; at: string };
  oomKilled: boolean;
  now: string;
}

export interface Reconciled {
  state: ContainerState;
  /** Events that the difference means; empty when the stored state was true. */
  events: EventFacts[];
  changed: boolean;
}

/**
 * Brings a stored state in line with the facts:
 * an exit file, or the death of both processes, turns a state with a payload into `stopped`; without an exit
 * file the exit code is -1, never 0, and the error says why. A payload that outlives its monitor stays
 * `running` here (it does run) and is ended by cleanup. Whether a living payload is paused is what its cgroup says,
 * because systemd freezes and thaws units too.
 */
export function reconcile(state: ContainerState, facts: Facts): Reconciled {
  if (!hasPayload(state.status)) return { state, events: [], changed: false };
  if (facts.exit !== undefined) return died(state, facts, facts.exit.code, facts.exit.at, '');
  if (facts.payloadAlive || facts.conmonAlive) return alive(state, facts);
  return died(state, facts, -1, facts.now, 'the monitor (conmon) died without recording the exit code');
}

function alive(state: ContainerState, { payloadFrozen }: Facts): Reconciled {
  const isPaused = state.status === 'paused';
  const canPause = isPaused || state.status === 'running';
  if (!canPause || payloadFrozen === isPaused) return { state, events: [], changed: false };
  return payloadFrozen
    ? { state: { ...state, status: 'paused' }, events: [{ status: 'pause' }], changed: true }
    : { state: { ...state, status: 'running' }, events: [{ status: 'unpause' }], changed: true };
}

function died(state: ContainerState, facts: Facts, exitCode: number, at: string, error: string): Reconciled {
  const next: ContainerState = {
    ...state,
    status: 'stopped',
    exitCode,
    finishedAt: at,
    oomKilled: facts.oomKilled,
    error,
  };
  delete next.payload;
  delete next.conmon;
  delete next.graceExceeded;
  delete next.stopSignalled;
  // A payload that was created and never started has no life to report.
  if (state.status === 'created' || state.startedAt === undefined) {
    const { finishedAt: _, ...rest } = next;
    const configured = { ...rest, status: 'configured' as const, exitCode: 0, error: state.error };
    return { state: configured, events: [], changed: true };
  }
  const { graceExceeded } = state;
  const event = { status: 'died' as const, exitCode, oomKilled: facts.oomKilled };
  return {
    state: next,
    events: [graceExceeded === undefined ? event : { ...event, graceExceeded }],
    changed: true,
  };
}

/**
 * After a reboot: nothing of the last boot runs, whatever the row says. Exit codes, times and who asked for
 * the stop are kept; process identities are dropped. `removing` stays, for `rm` to finish.
 */
export function refreshAfterBoot(state: ContainerState, now: string): ContainerState {
  const next: ContainerState = { ...state };
  delete next.payload;
  delete next.conmon;
  delete next.stopTimeoutSeconds;
  delete next.restarts;
  delete next.graceExceeded;
  delete next.stopSignalled;
  delete next.holdFor;
  if (state.status === 'removing' || state.status === 'configured') return next;
  if (state.status === 'exited') return next;
  if (state.status === 'stopped') return { ...next, status: 'exited' };
  if (state.status === 'created') return { ...next, status: 'configured' };
  return {
    ...next,
    status: 'exited',
    exitCode: -1,
    finishedAt: now,
    error: 'the machine went down while the container ran',
  };
}
