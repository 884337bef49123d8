/** What a stop consists of: of berth-stop, and of `berth stop` ahead of it. lifecycle/stop.ts and ahead.ts do the steps. */
import { type Plan, stepsOf } from './plan.ts';

export type StopStep =
  | 'record-stopping'
  | 'signal-payload'
  | 'thaw-payload'
  | 'await-payload'
  | 'kill-payload'
  | 'await-monitor';

/** The first step alone needs the lock: that a stop was asked for is known before any signal is sent. */
export const MARK_STOPPING: Plan<'record-stopping'> = { of: 'stop', steps: ['record-stopping'] };

/** What follows without the lock. Without a grace there is no stop signal either, and none is sent twice. */
export function planStop({
  hasGrace,
  isFrozen,
  isSignalled = false,
}: {
  hasGrace: boolean;
  isFrozen: boolean;
  isSignalled?: boolean;
}): Plan<Exclude<StopStep, 'record-stopping'>> {
  return {
    of: 'stop',
    steps: stepsOf<Exclude<StopStep, 'record-stopping'>>(
      ['signal-payload', hasGrace && !isSignalled],
      ['thaw-payload', hasGrace && isFrozen],
      ['await-payload', hasGrace],
      'kill-payload',
      'await-monitor',
    ),
  };
}

export type StopAheadStep = Exclude<StopStep, 'kill-payload'> | 'record-signalled';

/**
 * As MARK_STOPPING, by `berth stop`, and the stop signal with it: all under the lock, so that berth-stop, which comes meanwhile,
 * knows whether it was sent. If `berth stop` is killed before it could say so, the payload gets the signal twice rather than never.
 */
export const MARK_AHEAD: Plan<'record-stopping' | 'signal-payload' | 'record-signalled'> = {
  of: 'stop-ahead',
  steps: ['record-stopping', 'signal-payload', 'record-signalled'],
};

/** What may be done by somebody who does not hold the unit in its stop: nothing that could meet the run after this one. */
export function planStopAhead({
  isFrozen,
}: {
  isFrozen: boolean;
}): Plan<'thaw-payload' | 'await-payload' | 'await-monitor'> {
  return {
    of: 'stop-ahead',
    steps: stepsOf<'thaw-payload' | 'await-payload' | 'await-monitor'>(
      ['thaw-payload', isFrozen],
      'await-payload',
      'await-monitor',
    ),
  };
}
