/** What a start consists of. lifecycle/start.ts does the steps. */
import type { ContainerConfig } from '../config.ts';
import { dueCheck, initialHealth } from '../health/health.ts';
import { dependenciesOf } from '../namespace.ts';
import { hasNetwork } from '../network/names.ts';
import { readyWhen } from '../sdnotify.ts';
import { mountsToPrepare } from '../volume/volume.ts';
import { type Plan, stepsOf } from './plan.ts';

export type StartStep =
  | 'check-dependencies'
  | 'enter-supervisor-cgroup'
  | 'sweep-leftovers'
  | 'reserve-ports'
  | 'launch-monitor'
  | 'mount-rootfs'
  | 'set-up-network'
  | 'write-files'
  | 'mount-volumes'
  | 'write-spec'
  | 'create-in-runtime'
  | 'write-names'
  | 'record-created'
  | 'start-payload'
  | 'record-running';

/** Once the payload runs and the store says so, without the lock. */
export type ReadyStep =
  | 'await-healthy'
  | 'await-word'
  | 'notify-ready'
  | 'restart-joined'
  | 'start-health-timer'
  | 'hand-over'
  | 'await-receipt';

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
  // Of a user namespace of its own is only a network namespace that the runtime makes in it.
  const late = config.idMappings !== undefined;
  return {
    of: 'start',
    steps: stepsOf<StartStep>(
      ['check-dependencies', dependenciesOf(config).length > 0],
      'enter-supervisor-cgroup',
      ['sweep-leftovers', mounted || bundle],
      ['reserve-ports', hasNetwork(config) && config.ports !== undefined],
      'launch-monitor',
      'mount-rootfs',
      ['set-up-network', hasNetwork(config) && !late],
      'write-files',
      ['mount-volumes', mountsToPrepare(config).length > 0],
      'write-spec',
      'create-in-runtime',
      ['set-up-network', hasNetwork(config) && late],
      ['write-names', hasNetwork(config) && late],
      ['record-created', held],
      ['start-payload', !held],
      ['record-running', !held],
    ),
  };
}

/**
 * What follows: when the container is ready (`--sdnotify`) systemd is told, containers that still live in the namespaces
 * of the run before are moved into the new ones, and the health check of what runs is scheduled. Only then conmon becomes
 * the unit's main process: until then a berth-start that is killed is a failed start, not a container without a
 * check. It ends when systemd has taken in all that.
 */
export function planReady(config: ContainerConfig, { held = false, joined = false } = {}): Plan<ReadyStep> {
  const when = held ? 'running' : readyWhen(config);
  const checked = !held && isChecked(config);
  return {
    of: 'ready',
    steps: stepsOf<ReadyStep>(
      ['await-healthy', when === 'healthy'],
      ['await-word', when === 'told'],
      ['notify-ready', when !== 'told'],
      ['restart-joined', joined],
      ['start-health-timer', checked],
      ['hand-over', when === 'told' || joined || checked],
      'await-receipt',
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
