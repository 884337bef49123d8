/** container sync, system refresh: what the kernel says, written down; and what nobody else would finish, finished. */
import type { ContainerRecord } from '../model/records.ts';
import { type CleanupPorts, cleanupLocked, unitRests } from './cleanup.ts';
import { withContainer, withLock } from './lock.ts';
import { current } from './observe.ts';
import { record } from './record.ts';
import { removeContainer } from './remove.ts';

/** Name of the lock of those who refresh; container's are IDs. */
const REFRESH_LOCK = 'refresh';

/**
 * Brings the row in line with the facts. An end that was never recorded, because its cleanup was killed, is cleaned up
 * after; one whose unit is still on its way is left to it.
 */
export async function syncContainer(ports: CleanupPorts, container: ContainerRecord): Promise<void> {
  const rests = await unitRests(ports, container);
  await withContainer(ports, container.config.id, async (fresh) => {
    const { state, events, changed } = current(fresh, ports);
    if (state.status === 'stopped') {
      if (rests) await cleanupLocked(ports, fresh, { inUnit: false });
    } else if (changed) record(ports, { config: fresh.config, state, events });
  });
}

/**
 * Does for all containers what the first command after a boot does for their rows, and finishes what such a boot has
 * left: half-removed containers, and those made with --rm that have ended. Of many that are asked for at once, one is
 * done. Returns the errors of containers that could not be finished.
 */
export async function refreshAll(ports: CleanupPorts): Promise<unknown[]> {
  const asked = ports.store.lastEvent();
  return withLock(ports.locks, REFRESH_LOCK, async () => {
    const since = ports.store.eventsAfter(asked);
    const isDone = since.some(({ type, status }) => type === 'system' && status === 'refresh');
    const failures = isDone ? [] : await refreshEach(ports);
    // The lock of something that lasts stays with it; this one would stay for nothing.
    ports.locks.forget(REFRESH_LOCK);
    return failures;
  });
}

async function refreshEach(ports: CleanupPorts): Promise<unknown[]> {
  const failures: unknown[] = [];
  for (const container of ports.store.listContainers().containers) {
    try {
      await refreshOne(ports, container);
    } catch (error) {
      failures.push(error);
    }
  }
  await ports.volumes.sweep();
  const event = {
    type: 'system',
    status: 'refresh',
    id: '',
    name: '',
    image: '',
    time: ports.now(),
  } as const;
  ports.store.transaction(() => ports.store.appendEvent(event));
  return failures;
}

async function refreshOne(ports: CleanupPorts, container: ContainerRecord): Promise<void> {
  const { id } = container.config;
  if (container.state.status !== 'removing') await syncContainer(ports, container);
  const fresh = ports.store.getContainer(id);
  if (fresh === undefined) return;
  const { config, state } = fresh;
  const isOver = config.autoRemove && state.status === 'exited' && ports.store.dependentsOf(id).length === 0;
  if (state.status === 'removing' || isOver) await removeContainer(ports, fresh, { force: false });
}
