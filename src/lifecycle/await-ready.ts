/** The wait between the start of the payload and READY=1, where `--sdnotify` asks for one. */
import type { ContainerConfig } from '../model/config.ts';
import { BerthError } from '../model/errors.ts';
import { dueCheck } from '../model/health/health.ts';
import { PAYLOAD_CGROUP, STARTER_CGROUP, SUPERVISOR_CGROUP } from '../model/unit-cgroups.ts';
import { type HealthPorts, runHealthCheck } from './healthcheck.ts';
import { withContainer } from './lock.ts';
import { current } from './observe.ts';
import type { Ports } from './ports.ts';
import { record } from './record.ts';
import { CONMON_WAIT_MS, type StopPorts, stopContainer } from './stop.ts';

type ReadyPorts = HealthPorts & StopPorts & Pick<Ports, 'systemd'>;

export interface Starting {
  ports: ReadyPorts;
  config: ContainerConfig;
  unitCgroup: string;
  /** Aborted when systemd wants the unit stopped. */
  stopAsked: AbortSignal;
}

/** How much longer than a check can take systemd is to have patience. */
const EXTEND_MARGIN_MS = 10_000;

/**
 * Checks the container until it is healthy: its timer cannot run yet, as the unit is not active. systemd's time limit for
 * the start is put off for as long as it may become healthy; once it is unhealthy, the limit counts.
 */
export function awaitHealthy(starting: Starting): Promise<void> {
  return orEnd(starting, async () => {
    const { ports, config } = starting;
    for (;;) {
      const container = ports.store.getContainer(config.id);
      const health = container?.config.health;
      if (container === undefined || health === undefined || container.health?.status === 'healthy') return;
      const due = dueCheck(health, container.health);
      if (container.health?.status !== 'unhealthy')
        await ports.notify([
          `EXTEND_TIMEOUT_USEC=${Math.round((due.timeoutMs + due.intervalMs + EXTEND_MARGIN_MS) * 1000)}`,
          `STATUS=container ${config.name} runs, its health check has not passed yet`,
        ]);
      if (await passes(ports, container)) return;
      await ports.host.delay(due.intervalMs);
    }
  });
}

/** One that is paused is checked later; one that has ended is noticed by orEnd. */
async function passes(...[ports, container]: Parameters<typeof runHealthCheck>): Promise<boolean> {
  try {
    return (await runHealthCheck(ports, container))?.state.status === 'healthy';
  } catch (error) {
    if (error instanceof BerthError && error.code === 'state') return false;
    throw error;
  }
}

/** Waits for the payload's own READY=1, which conmon passes on to systemd. */
export function awaitWord(starting: Starting): Promise<void> {
  return orEnd(starting, async () => {
    const state = await (await starting.ports.systemd()).untilStarted(starting.config.unit);
    // What else may have ended the start ends this wait too.
    if (state !== 'active') await NEVER;
  });
}

const NEVER = new Promise<never>(() => {});

/** The wait, cut short by the end of the payload. Throws then, with what happened in the container's state. */
async function orEnd(starting: Starting, wait: () => Promise<void>): Promise<void> {
  const ended = end(starting);
  ended.catch(() => {}); // after the wait nobody is interested
  await Promise.race([wait(), ended]);
}

async function end(starting: Starting): Promise<never> {
  const { ports, unitCgroup, stopAsked } = starting;
  leaveConmon(starting);
  await ports.host.waitUntilEmpty(`${unitCgroup}/${PAYLOAD_CGROUP}`, Number.POSITIVE_INFINITY);
  // It writes the exit code down.
  await ports.host.waitUntilEmpty(`${unitCgroup}/${SUPERVISOR_CGROUP}`, CONMON_WAIT_MS);
  if (stopAsked.aborted) return NEVER; // for stopStarting to tell
  return failed(starting, (code) => `ended with exit code ${code} before it was ready`);
}

/** The end of conmon is the end of all in its cgroup. */
function leaveConmon({ ports, unitCgroup }: Starting): void {
  ports.host.enterCgroup(`${unitCgroup}/${STARTER_CGROUP}`);
}

/** Does the work of berth-stop, then throws: this process is not to tell systemd anything more. */
export async function stopStarting(starting: Starting): Promise<never> {
  const { ports, config } = starting;
  leaveConmon(starting);
  const isTimeout = await startTimedOut(starting);
  await stopContainer(ports, config.id);
  if (isTimeout) return failed(starting, () => 'was not ready in time (TimeoutStartSec=)');
  throw new BerthError('state', `container ${config.name} was stopped before it was ready`);
}

/** systemd says the same word, SIGTERM, whether somebody asked for a stop or the start took too long. */
async function startTimedOut({ ports, config }: Starting): Promise<boolean> {
  try {
    return (await (await ports.systemd()).unitStatus(config.unit)).result === 'timeout';
  } catch {
    return false; // the bus is gone at the end of a shutdown
  }
}

/** Not a failure to start for good: it ran, and the unit's Restart= decides. */
async function failed({ ports, config }: Starting, how: (exitCode: number) => string): Promise<never> {
  let error = '';
  await withContainer(ports, config.id, (container) => {
    const { state, events } = current(container, ports);
    error = `container ${config.name} ${how(state.exitCode)}`;
    record(ports, { config: container.config, state: { ...state, stopRequested: false, error }, events });
  });
  throw new BerthError('state', error);
}
