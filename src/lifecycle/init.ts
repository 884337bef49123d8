/** init: everything of a start but the start of the payload, by the container's unit; and the start of what waits so. */
import type { ContainerConfig } from '../model/config.ts';
import { asBerthError, BerthError } from '../model/errors.ts';
import type { EventFacts } from '../model/event.ts';
import { planStartWaiting, type StartWaitingStep } from '../model/plan/start.ts';
import type { ContainerRecord } from '../model/records.ts';
import { type ContainerState, verdict } from '../model/state.ts';
import { failureOfStart, saying } from './failure.ts';
import { withContainer } from './lock.ts';
import { current } from './observe.ts';
import type { Ports } from './ports.ts';
import { record } from './record.ts';
import { beginChecks, recordRunning } from './running.ts';
import { doSteps, type Steps } from './steps.ts';

type InitPorts = Pick<Ports, 'host' | 'store' | 'locks' | 'runtime' | 'systemd' | 'now'>;
type WaitingPorts = InitPorts & Pick<Ports, 'startHealthTimer' | 'warn'>;

/**
 * Runs the container's unit up to the payload, which then waits: shown as initialized. Accepts configured and exited.
 * Throws with what made it fail (exit code 125, as `podman init`).
 */
export async function initialize(ports: InitPorts, container: ContainerRecord): Promise<void> {
  const { config } = container;
  if (verdict('init', current(container, ports).state.status) !== 'allowed') {
    throw new BerthError(
      'state',
      `container ${config.id} has already been created in runtime: container state improper`,
    );
  }
  await saying('init', container, initJob(ports, container));
}

/** The same whatever the state, for a caller whose exit code is that of the container's command. */
export async function initJob(ports: InitPorts, container: ContainerRecord): Promise<void> {
  const { config } = container;
  await withContainer(ports, config.id, (fresh) => {
    const { state, events } = current(fresh, ports);
    if (verdict('init', state.status) !== 'allowed') return;
    // Good for as long as this process lives, so that a killed init never holds the start of somebody else.
    record(ports, { config, state: { ...state, holdFor: ports.host.self() }, events });
  });
  const result = await (await ports.systemd()).startUnit(config.unit);
  if (result !== 'done') throw failureOfStart(ports, container, result);
}

/**
 * Lets the payload of an initialized container run; no job is needed, its unit is active. Undefined when it does not
 * wait (any more), else which start this is. A failure is recorded in the state and thrown, and ends the unit.
 * `after`: events for the same transaction, before the end of a short payload can be told.
 */
export async function startWaiting(
  ports: WaitingPorts,
  id: string,
  after: EventFacts[] = [],
): Promise<number | undefined> {
  const outcome = await withContainer(ports, id, async (container) => {
    const { config } = container;
    const { state } = current(container, ports);
    if (state.status !== 'created') return undefined;
    try {
      await doSteps(planStartWaiting(config), STEPS, { ports, config, state, after });
    } catch (thrown) {
      const error = asBerthError(thrown);
      const failed = { ...state, error: error.message, startFailure: error.exitCode };
      record(ports, { config, state: failed, events: [] });
      return { config, error };
    }
    return { startNumber: state.startNumber + 1 };
  });
  if (outcome === undefined || 'startNumber' in outcome) return outcome?.startNumber;
  await (await ports.systemd()).stopUnit(outcome.config.unit);
  throw outcome.error;
}

const STEPS: Steps<
  StartWaitingStep,
  { ports: WaitingPorts; config: ContainerConfig; state: ContainerState; after: EventFacts[] }
> = {
  'start-payload': { do: ({ ports, config }) => ports.runtime.start(config) },
  'record-running': {
    do: ({ ports, config, state, after }) => recordRunning(ports, config, { state, after }),
  },
  'start-health-timer': { do: ({ ports, config }) => beginChecks(ports, config) },
};
