/** container prune, system prune: the containers that do not run. */
import type { ContainerRecord } from '../model/records.ts';
import { verdict } from '../model/state.ts';
import type { CleanupPorts } from './cleanup.ts';
import { removalOrder } from './dependencies.ts';
import { listContainers } from './list.ts';
import { reloadOnce } from './reload-once.ts';
import { removeContainer } from './remove.ts';

export interface Pruned {
  id: string;
  /** What its writable layer held. */
  bytes: number;
  /** Why it could not be removed. */
  error?: unknown;
}

/** Removes every container that passes and could be removed without force; those that need others go before these. */
export async function pruneContainers(
  ports: CleanupPorts,
  passes: (container: ContainerRecord) => boolean,
): Promise<Pruned[]> {
  const chosen = new Map(
    listContainers(ports)
      .containers.filter((one) => verdict('remove', one.state.status) === 'allowed' && passes(one))
      .map((container) => [container.config.id, container]),
  );
  const pruned: Pruned[] = [];
  await reloadOnce(ports, chosen.size, async (how) => {
    for (const id of removalOrder(ports.store, [...chosen.keys()])) {
      const container = chosen.get(id);
      if (container === undefined) continue;
      const { rw: bytes } = ports.rootfs.sizes(container.config);
      try {
        await removeContainer(ports, container, { force: false, ...how });
        pruned.push({ id, bytes });
      } catch (error) {
        pruned.push({ id, bytes: 0, error });
      }
    }
  });
  return pruned;
}
