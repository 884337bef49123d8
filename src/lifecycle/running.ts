/** What every start ends with, be it berth-start's or that of an initialized container. */
import type { ContainerConfig } from '../model/config.ts';
import { asBerthError } from '../model/errors.ts';
import type { EventFacts } from '../model/event.ts';
import { dueCheck, type HealthConfig, initialHealth } from '../model/health/health.ts';
import type { ContainerState } from '../model/state.ts';
import { copyHealthLog } from './health-log.ts';
import type { Ports } from './ports.ts';
import { appendContainerEvent, record } from './record.ts';

/** Records that the payload of a created container has begun to run, as one more start of it. */
export function recordRunning(
  ports: Pick<Ports, 'host' | 'store' | 'now' | 'warn'>,
  config: ContainerConfig,
  { state, before = [], after = [] }: { state: ContainerState; before?: EventFacts[]; after?: EventFacts[] },
): void {
  record(ports, {
    config,
    state: { ...state, status: 'running', startNumber: state.startNumber + 1, startedAt: ports.now() },
    events: [...before, { status: 'start' }, ...after],
    also: (store) => {
      store.clearHealth(config.id);
      if (config.health !== undefined) store.saveHealth(config.id, initialHealth(config.health));
    },
  });
  copyHealthLog(ports, config, { changed: true });
}

/**
 * Starts the timer of the check whose turn it is, if it has one. Not being able to is said, makes the container unhealthy,
 * as nobody can vouch for it, and is no failure.
 */
export async function beginChecks(
  ports: Pick<Ports, 'store' | 'startHealthTimer' | 'now' | 'warn'>,
  config: ContainerConfig,
): Promise<void> {
  if (config.health === undefined) return;
  const { intervalMs } = dueCheck(config.health, ports.store.getContainer(config.id)?.health);
  if (intervalMs === 0) return;
  try {
    // After a restart of its unit systemd would start the last run's timer again, which may be the other check's.
    const replacing = config.health.startup === undefined ? {} : { replacing: { firstMs: 0 } };
    await ports.startHealthTimer(config, { intervalMs, ...replacing });
  } catch (error) {
    // The payload runs; taking it down because its check cannot be scheduled would be the greater harm.
    const reason = `the health check of ${config.name} will not run: ${asBerthError(error).message}`;
    ports.warn(reason);
    recordUnchecked(ports, config, config.health, reason);
  }
}

/** Podman's exit code of a check that failed for another reason than its command. */
const NOT_RUN = 125;

function recordUnchecked(
  { store, now }: Pick<Ports, 'store' | 'now'>,
  config: ContainerConfig,
  health: HealthConfig,
  reason: string,
): void {
  const time = now();
  store.transaction(() => {
    const state = store.getContainer(config.id)?.health;
    if (state === undefined) return;
    store.saveHealth(config.id, { ...state, status: 'unhealthy' });
    const entry = { exitCode: NOT_RUN, output: reason, start: time, end: time };
    store.appendHealthLog(config.id, entry, health.maxLogCount);
    appendContainerEvent(
      store,
      config,
      { status: 'health_status', healthStatus: 'unhealthy', healthFailingStreak: state.failingStreak },
      time,
    );
  });
}
