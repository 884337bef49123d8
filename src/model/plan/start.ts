/** What a start consists of. lifecycle/start.ts does the steps. */
import type { ContainerConfig } from '../config.ts';
import { dueCheck, initialHealth } from '../health.ts';
import { dependenciesOf } from '../namespace.ts';
import { type Plan, stepsOf } from './plan.ts';

export type StartStep =
  | 'check-dependencies'
  | 'enter-supervisor-cgroup'
  | 'sweep-leftovers'
  | 'mount-rootfs'
  | 'write-files'
  | 'write-spec'
  | 'create-in-runtime'
  | 'record-created'
  | 'start-payload'
  | 'record-running';

/** Once the payload runs and the store says so, without the lock. */
export type ReadyStep = 'notify-ready' | 'restart-joined' | 'start-health-timer';

/** Leftovers of a run that nobody cleaned up (a killed cleanup, a power loss with a run directory on disk). */
export interface Leftovers {
  mounted: boolean;
  bundle: boolean;
}

/** Steps of `berth start` for a container that is initialized: all the others have been done. */
export type StartWaitingStep = Extract<StartStep, 'start-payload' | 'record-running'> | 'start-health-timer';

/**
 * The steps of a start up to the moment when the payload runs and the store says so; with `held`, which an init asks
 * for, to the moment when the payload waits.
 */
export function planStart(
  config: ContainerConfig,
  { mounted, bundle, held = false }: Leftovers & { held?: boolean },
): Plan<StartStep> {
  return {
    of: 'start',
    steps: stepsOf<StartStep>(
      ['check-dependencies', dependenciesOf(config).length > 0],
      'enter-supervisor-cgroup',
      ['sweep-leftovers', mounted || bundle],
      'mount-rootfs',
      'write-files',
      'write-spec',
      'create-in-runtime',
      ['record-created', held],
      ['start-payload', !held],
      ['record-running', !held],
    ),
  };
}

/**
 * What follows: systemd is told, containers that still live in the namespaces of the run before are moved into the new
 * ones, and the health check of what runs is scheduled.
 */
export function planReady(config: ContainerConfig, { held = false, joined = false } = {}): Plan<ReadyStep> {
  return {
    of: 'ready',
    steps: stepsOf<ReadyStep>(
      'notify-ready',
      ['restart-joined', joined],
      ['start-health-timer', !held && isChecked(config)],
    ),
  };
}

export function planStartWaiting(config: ContainerConfig): Plan<StartWaitingStep> {
  return {
    of: 'start-waiting',
    steps: stepsOf<StartWaitingStep>('start-payload', 'record-running', [
      'start-health-timer',
      isChecked(config),
    ]),
  };
}

function isChecked({ health }: ContainerConfig): boolean {
  return health !== undefined && dueCheck(health, initialHealth(health)).intervalMs > 0;
}
