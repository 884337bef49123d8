/** What a rename consists of. lifecycle/rename.ts does the steps. */
import { type Plan, stepsOf } from './plan.ts';

export type RenameStep =
  | 'claim-name'
  | 'stop-health-timer'
  | 'write-unit'
  | 'move-unit-files'
  | 'alias-old-unit'
  | 'move-unit-links'
  | 'remove-old-unit'
  | 'rewrite-dependents'
  | 'reload-systemd'
  | 'start-health-timer'
  | 'write-config'
  | 'forget-old-unit';

/**
 * Every step after the first can be done again: the row remembers the old unit until the last one, and whoever works on
 * the container next finishes what was cut short. The unit is given both names before it loses the old one: so systemd
 * keeps its processes, its run and its jobs, also those of a start that comes in between. Nothing leads to the new name
 * before that: a daemon-reload by whomever would load it as a unit of its own, whose state, inactive, would become that
 * of both.
 */
export function planRename(facts: { claimed: boolean; timer: boolean }): Plan<RenameStep> {
  return {
    of: 'rename',
    steps: stepsOf<RenameStep>(
      ['claim-name', !facts.claimed],
      ['stop-health-timer', facts.timer],
      'write-unit',
      'move-unit-files',
      'alias-old-unit',
      'move-unit-links',
      'remove-old-unit',
      'rewrite-dependents',
      'reload-systemd',
      ['start-health-timer', facts.timer],
      'write-config',
      'forget-old-unit',
    ),
  };
}
