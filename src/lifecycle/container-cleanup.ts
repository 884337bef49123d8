/** container cleanup: what a unit does at its end, for one whose own cleanup was killed. */
import type { ContainerConfig } from '../model/config.ts';
import { BerthError } from '../model/errors.ts';
import type { ContainerRecord } from '../model/records.ts';
import { type ContainerStatus, verdict } from '../model/state.ts';
import { type CleanupPorts, cleanupLocked, unitRests } from './cleanup.ts';
import { sweepLayers } from './image/layers.ts';
import { type RemoveImagePorts, removeImage } from './image/remove.ts';
import { endUnit } from './jobs.ts';
import { withContainer } from './lock.ts';
import { current } from './observe.ts';
import { removeContainer } from './remove.ts';

/**
 * Cleans up. What runs, is paused or stopping is left to its unit, and what is half-removed to `rm`: success, as for
 * Podman. An initialized container is "created" again, by a stop of its unit.
 */
export async function cleanUp(ports: CleanupPorts, container: ContainerRecord): Promise<void> {
  const statusOf = (one: ContainerRecord): ContainerStatus => current(one, ports).state.status;
  if (verdict('cleanup', statusOf(container)) !== 'allowed') return;
  if (statusOf(container) === 'created') return endUnit(ports, container);
  if (!(await unitRests(ports, container))) return;
  await withContainer(ports, container.config.id, async (fresh) => {
    // Started since, it has something to lose.
    const status = statusOf(fresh);
    if (status === 'created' || verdict('cleanup', status) !== 'allowed') return;
    await cleanupLocked(ports, fresh, { inUnit: false });
  });
}

/** The same, and removes it: a half-removed one too. Throws with Podman's words (125) for one that runs. */
export async function cleanUpAndRemove(ports: CleanupPorts, container: ContainerRecord): Promise<void> {
  await cleanUp(ports, container);
  try {
    await removeContainer(ports, container, { force: false });
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    const words = `failed to clean up and remove container ${container.config.id}: ${error.message}`;
    throw new BerthError(error.code, words, { exitCode: 125, cause: error });
  }
}

/** The image of a container that is cleaned up. Throws, in Podman's words and with 125, for one that is in use. */
export async function cleanUpImage(ports: RemoveImagePorts, { image }: ContainerConfig): Promise<void> {
  if (image === undefined) return;
  try {
    await removeImage(ports, { typed: image.name }, { force: false });
    await sweepLayers(ports);
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    throw new BerthError(error.code, error.message, { exitCode: 125, cause: error });
  }
}
