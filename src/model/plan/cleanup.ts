/** What a cleanup consists of. lifecycle/cleanup.ts does the steps. */
import { type Plan, stepsOf } from './plan.ts';

export type CleanupStep =
  | 'end-processes'
  | 'delete-from-runtime'
  | 'run-poststop-hooks'
  | 'tear-down-network'
  | 'release-volumes'
  | 'unmount-rootfs'
  | 'keep-check-results'
  | 'remove-bundle'
  | 'remove-cgroup'
  | 'record-end';

/** What may follow in the unit that has ended. */
export type AfterEndStep = 'prevent-restart' | 'remove-container';

/**
 * Every step is tried, whatever became of those before it. There is none for the health timer: it is bound to the unit
 * and systemd ends it first.
 */
export function planCleanup(facts: {
  cgroup: boolean;
  bundle: boolean;
  poststopHooks: boolean;
  /** It has a network of its own, which may be there without a run: a start was killed. */
  network: boolean;
  /** It has mounts that are made for a run. */
  volumes: boolean;
  /** It has a health check, of which results may lie in the bundle. */
  checks: boolean;
}): Plan<CleanupStep> {
  return {
    of: 'cleanup',
    steps: stepsOf<CleanupStep>(
      ['end-processes', facts.cgroup],
      ['delete-from-runtime', facts.bundle],
      ['run-poststop-hooks', facts.poststopHooks],
      ['tear-down-network', facts.network],
      ['release-volumes', facts.volumes],
      'unmount-rootfs',
      ['keep-check-results', facts.bundle && facts.checks],
      'remove-bundle',
      ['remove-cgroup', facts.cgroup],
      'record-end',
    ),
  };
}

/** What a unit's end leads to, besides its record. */
export function planAfterEnd(facts: { preventRestart: boolean; autoRemove: boolean }): Plan<AfterEndStep> {
  return {
    of: 'after-end',
    steps: stepsOf<AfterEndStep>(
      ['prevent-restart', facts.preventRestart],
      ['remove-container', facts.autoRemove],
    ),
  };
}
