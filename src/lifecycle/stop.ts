/** berth-stop: what ExecStop= of a container's unit does while the payload still runs. */
import { BerthError } from '../model/errors.ts';
import { MARK_STOPPING, planStop, type StopStep } from '../model/plan/stop.ts';
import type { ContainerRecord } from '../model/records.ts';
import { displayStatus, verdict } from '../model/state.ts';
import { PAYLOAD_CGROUP, SUPERVISOR_CGROUP } from '../model/unit-cgroups.ts';
import { endlessIfNegative, graceWarning, waitOutGrace } from './grace.ts';
import { withContainer } from './lock.ts';
import { current } from './observe.ts';
import type { Ports } from './ports.ts';
import { record } from './record.ts';
import { doSteps, type Steps } from './steps.ts';

export type StopPorts = Pick<Ports, 'host' | 'store' | 'locks' | 'runtime' | 'notify' | 'now' | 'warn'>;

/** After SIGKILL a process ends as soon as the kernel gets to it; longer means uninterruptible sleep. */
const KILL_WAIT_MS = 10_000;

/**
 * conmon drains the output, writes the exit file and ends; but it cannot while somebody who is attached takes no output.
 * Only a stop that was asked for ends that, and what they have not read: systemd would, later.
 */
export const CONMON_WAIT_MS = 10_000;

export interface StopContext<P = StopPorts> {
  ports: P;
  container: ContainerRecord;
  payloadCgroup: string;
  graceSeconds: number;
  /** Somebody has begun with it. */
  isUnderWay: boolean;
}

/**
 * Asks the payload to end: stop signal, grace, SIGKILL to everything in its cgroup. Returns when the payload and
 * conmon are gone. That a stop was asked for is saved before the signal, so that cleanup can tell a stop from a
 * crash whatever the exit code. No lock is held while waiting. False when there was nothing to stop.
 */
export async function stopContainer(ports: StopPorts, id: string): Promise<boolean> {
  const context = await withContainer(ports, id, async (container) => {
    const stoppable = contextIfStoppable(ports, container);
    if (stoppable?.isUnderWay === false) await mark(stoppable);
    return stoppable;
  });
  if (context === undefined) return false;
  const isFrozen = ports.host.isFrozen(context.payloadCgroup);
  const plan = planStop({
    hasGrace: hasGrace(context),
    isFrozen,
    isSignalled: context.container.state.stopSignalled === true,
  });
  await doSteps(plan, STEPS, context);
  return true;
}

/** With a disk that is full a payload still gets its stop signal, and its end counts as one by itself. */
async function mark(context: StopContext): Promise<void> {
  try {
    await doSteps(MARK_STOPPING, STEPS, context);
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    context.ports.warn(`it is not recorded that the stop was asked for: ${error.message}`);
  }
}

/** One that was never started takes no signal but SIGKILL: what waits for the start is the runtime, as process 1. */
export function hasGrace({ container: { state }, graceSeconds }: StopContext<unknown>): boolean {
  return graceSeconds > 0 && state.payload !== undefined && state.startedAt !== undefined;
}

/** Undefined when there is nothing to stop. */
export function contextIfStoppable<P extends Pick<StopPorts, 'host' | 'runtime' | 'now'>>(
  ports: P,
  container: ContainerRecord,
): StopContext<P> | undefined {
  const { config } = container;
  const { state } = current(container, ports);
  const meaning = verdict('unit-stop', state.status);
  if (meaning === 'refused') {
    throw new BerthError(
      'state',
      `cannot stop container ${config.name}: it is ${displayStatus(state.status)}`,
    );
  }
  if (meaning === 'done') return undefined;
  return {
    ports,
    container: { ...container, state },
    payloadCgroup: `${state.cgroup}/${PAYLOAD_CGROUP}`,
    graceSeconds: endlessIfNegative(state.stopTimeoutSeconds ?? config.stopTimeoutSeconds),
    isUnderWay: state.status === 'stopping',
  };
}

export function recordStopping({
  ports,
  container: { config, state },
}: StopContext<Pick<StopPorts, 'store' | 'now'>>): void {
  record(ports, {
    config,
    state: { ...state, status: 'stopping', stopRequested: true },
    events: [{ status: 'stop' }],
  });
}

const STEPS: Steps<StopStep, StopContext> = {
  'record-stopping': { do: recordStopping },
  'signal-payload': {
    do: ({ ports, container: { config, state } }) => {
      if (state.payload !== undefined) ports.host.signal(state.payload, config.stopSignal);
    },
  },
  // After the signal, so that it is the first thing a paused payload sees.
  'thaw-payload': {
    do: ({ ports: { host }, payloadCgroup }) => host.freezeCgroup(payloadCgroup, false),
  },
  'await-payload': {
    do: async ({ ports, container: { config }, payloadCgroup, graceSeconds }) => {
      const given = await waitOutGrace(ports, { id: config.id, payloadCgroup, seconds: graceSeconds });
      if (given === undefined) return;
      ports.warn(graceWarning(config, given));
      // Goes into the event of the end, where whoever asked for the stop finds it.
      await withContainer(ports, config.id, ({ state }) => {
        if (state.status !== 'stopping') return;
        record(ports, { config, state: { ...state, graceExceeded: given }, events: [] });
      });
    },
  },
  'kill-payload': {
    do: async ({ ports: { host }, container: { config }, payloadCgroup }) => {
      if (!host.isPopulated(payloadCgroup)) return;
      host.killCgroup(payloadCgroup);
      if (await host.waitUntilEmpty(payloadCgroup, KILL_WAIT_MS)) return;
      throw new BerthError(
        'state',
        `container ${config.name} does not end after SIGKILL: a process of it hangs in the kernel`,
      );
    },
  },
  'await-monitor': {
    do: async ({ ports: { host, warn }, container: { config, state } }) => {
      const supervisor = `${state.cgroup}/${SUPERVISOR_CGROUP}`;
      if (await host.waitUntilEmpty(supervisor, CONMON_WAIT_MS)) return;
      warn(`conmon of container ${config.name} does not end, somebody attached may not be reading: killed`);
      host.killCgroup(supervisor);
    },
  },
};
