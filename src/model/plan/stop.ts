/** What berth-stop consists of. lifecycle/stop.ts does the steps. */
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

/** What follows without the lock. Without a grace there is no stop signal either. */
export function planStop({
  hasGrace,
  isFrozen,
}: {
  hasGrace: boolean;
  isFrozen: boolean;
}): Plan<Exclude<StopStep, 'record-stopping'>> {
  return {
    of: 'stop',
    steps: stepsOf<Exclude<StopStep, 'record-stopping'>>(
      ['signal-payload', hasGrace],
      ['thaw-payload', hasGrace && isFrozen],
      ['await-payload', hasGrace],
      'kill-payload',
      'await-monitor',
    ),
  };
}
