/** What the end of a container consists of. lifecycle/remove.ts and forget.ts do the steps. */
import type { ContainerConfig } from '../config.ts';
import { type Plan, stepsOf } from './plan.ts';

/** `berth rm`, around the lock. */
export type RmStep = 'end-unit' | 'clean-up-and-remove' | 'end-late-start';

/** What is taken away, under the lock. */
export type RemoveStep =
  | 'record-removing'
  | 'disable-unit'
  | 'remove-unit-file'
  | 'reset-unit'
  | 'unmount-rootfs'
  | 'delete-storage'
  | 'remove-cidfile'
  | 'delete-row'
  | 'reload-systemd';

/** The unit is stopped twice: a start that was asked for meanwhile has waited for the lock. */
export const RM_PLAN: Plan<RmStep> = {
  of: 'rm',
  steps: ['end-unit', 'clean-up-and-remove', 'end-late-start'],
};

/**
 * Nothing is undone when a step fails: from the first one on, the row says that rm has to be done to its end, and so it
 * goes last. Only in the container's own unit it is the reload: from then on this process is no longer ordered before the
 * bus and the mounts at a shutdown.
 */
export function planRemove(
  { cidFile }: Pick<ContainerConfig, 'cidFile'>,
  { inUnit = false } = {},
): Plan<RemoveStep> {
  return {
    of: 'remove',
    steps: stepsOf<RemoveStep>(
      'record-removing',
      'disable-unit',
      'remove-unit-file',
      'reset-unit',
      'unmount-rootfs',
      'delete-storage',
      ['remove-cidfile', cidFile !== undefined],
      ['reload-systemd', !inUnit],
      'delete-row',
      ['reload-systemd', inUnit],
    ),
  };
}
