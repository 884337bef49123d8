/**
 * Checks from which nothing follows go by without Berth (bin/berth-check). Whoever changes a container's health ends that
 * first, in the same transaction; the check that finds nothing new begins it again.
 */
import type { ContainerConfig } from '../model/config.ts';
import { type HealthResult, type HealthState, keptOutput } from '../model/health/health.ts';
import { afterSteady, steadyLog, steadyOutcome, steadyRoom } from '../model/health/steady.ts';
import type { ContainerRecord } from '../model/records.ts';
import type { Ports } from './ports.ts';
import { feedsWatchdog } from './watchdog.ts';

/** Keeps what steady checks have found, and ends them. Returns the state after them. In a transaction of the caller's. */
export function endSteadyChecks(
  { store, runtime }: Pick<Ports, 'store' | 'runtime'>,
  config: ContainerConfig,
): HealthState | undefined {
  const found = runtime.endSteady(config);
  const state = store.getContainer(config.id)?.health;
  if (found === undefined || state === undefined || config.health === undefined) return state;
  const after = afterSteady(state, found);
  if (after !== state) store.saveHealth(config.id, after);
  for (const result of found.results) store.appendHealthLog(config.id, result, config.health.maxLogCount);
  return after;
}

/** After a check's result is kept, in a transaction of the caller's: the next ones pass by if they find the same. */
export function beginSteadyChecks(
  ports: Pick<Ports, 'host' | 'runtime'>,
  { config, state, health }: ContainerRecord,
  { at, ...command }: { process: string; cgroup: string; at: string },
): void {
  if (config.health === undefined || health === undefined || state.payload === undefined) return;
  const outcome = steadyOutcome(config.health, health, { at, startedAt: state.startedAt ?? at });
  if (outcome === undefined) return;
  ports.runtime.beginSteady(config, {
    ...command,
    outcome,
    timeoutMs: config.health.timeoutMs,
    keptOutput: keptOutput(config.health),
    room: steadyRoom(config.health),
    payloadPid: state.payload.pid,
    feedsWatchdog: outcome === 'pass' && feedsWatchdog(ports, config),
  });
}

/** Health as it is by now, for those who only look. */
export function shownHealth(
  { store, runtime }: Pick<Ports, 'store' | 'runtime'>,
  { config, health }: Pick<ContainerRecord, 'config' | 'health'>,
): { health: HealthState | undefined; log: HealthResult[] } {
  if (config.health === undefined) return { health, log: [] };
  const found = runtime.steadyResults(config);
  const log = store.healthLog(config.id);
  if (found === undefined || health === undefined) return { health, log };
  return { health: afterSteady(health, found), log: steadyLog(log, found, config.health) };
}
