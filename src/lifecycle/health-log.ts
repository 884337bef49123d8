/** The copy of a container's health log in the directory that --health-log-destination names. */
import path from 'node:path';
import type { ContainerConfig } from '../model/config.ts';
import { BerthError, messageOf } from '../model/errors.ts';
import { EVENTS_LOGGER, type HealthConfig } from '../model/health/health.ts';
import { healthLogObject } from '../model/inspect/container.ts';
import type { Ports } from './ports.ts';

/** Throws 'invalid', in Podman's words, where there is no such directory. */
export function assertLogDestination(
  { host }: Pick<Ports, 'host'>,
  health: Pick<HealthConfig, 'logDestination'> | undefined,
): void {
  const directory = directoryOf(health);
  if (directory === undefined || host.isDirectory(directory)) return;
  throw new BerthError(
    'invalid',
    `HealthCheck Log '${directory}' destination error: stat ${directory}: no such file or directory`,
  );
}

/**
 * Writes the log as it stands in the store to `DIRECTORY/ID-healthcheck.log`, in Podman's form. Not being able to is
 * said when there is news, and no failure: the store has the log. It stays when the container goes.
 */
export function copyHealthLog(
  { host, store, warn }: Pick<Ports, 'host' | 'store' | 'warn'>,
  { id, name, health }: ContainerConfig,
  { changed }: { changed: boolean },
): void {
  const directory = directoryOf(health);
  if (directory === undefined) return;
  const state = store.getContainer(id)?.health;
  if (state === undefined) return;
  try {
    const text = JSON.stringify(healthLogObject(state, store.healthLog(id)));
    host.writeText(path.join(directory, `${id}-healthcheck.log`), text, { mode: 0o700 });
  } catch (error) {
    if (changed) warn(`the health log of ${name} cannot be written: ${messageOf(error)}`);
  }
}

function directoryOf(health: Pick<HealthConfig, 'logDestination'> | undefined): string | undefined {
  const destination = health?.logDestination;
  return destination === EVENTS_LOGGER ? undefined : destination;
}
