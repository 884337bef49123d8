/** What an update consists of. lifecycle/update.ts does the steps. */
import { type Plan, stepsOf } from './plan.ts';

export type UpdateStep =
  | 'apply-limits'
  | 'write-config'
  | 'record-update'
  | 'write-unit'
  | 'reload-systemd'
  | 'stop-health-timer'
  | 'start-health-timer';

/** The kernel's word comes first: limits that it refuses are not kept. */
export function planUpdate(facts: {
  /** There is a control group, and other limits for it. */
  limits: boolean;
  /** The unit file reads otherwise. */
  unit: boolean;
  /** A timer runs that is no longer right, and one shall run. */
  timer: { stop: boolean; start: boolean };
}): Plan<UpdateStep> {
  return {
    of: 'update',
    steps: stepsOf<UpdateStep>(
      ['apply-limits', facts.limits],
      'write-config',
      'record-update',
      ['write-unit', facts.unit],
      ['reload-systemd', facts.unit],
      ['stop-health-timer', facts.timer.stop],
      ['start-health-timer', facts.timer.start],
    ),
  };
}
