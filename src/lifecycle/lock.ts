/** Work under the lock of one container. */
import type { ContainerRecord } from '../model/records.ts';
import type { Locks, Ports, Store } from './ports.ts';

/**
 * Takes the container's lock, works, and releases it whatever happens. The work must be short and bounded: never a wait
 * for a payload, a person or the network.
 */
export async function withLock<T>(locks: Locks, id: string, work: () => T | Promise<T>): Promise<T> {
  const lock = locks.acquire(id);
  try {
    return await work();
  } finally {
    lock.release();
  }
}

/**
 * Works on a container under its lock, on its record as it is then. Undefined if there is no such container (any more):
 * looked up before the lock is taken too, so that an id that names nothing leaves no lock file behind.
 */
export async function withContainer<T>(
  { store, locks }: Pick<Ports, 'store' | 'locks'>,
  id: string,
  work: (container: ContainerRecord) => T | Promise<T>,
): Promise<T | undefined> {
  if (store.getContainer(id) === undefined) return undefined;
  return withLock(locks, id, () => {
    const container = containerUnderLock(store, id);
    if (container !== undefined) return work(container);
    locks.forget(id);
    return undefined;
  });
}

/**
 * The record of a container for whoever holds its lock. A removal takes the lock's files away in the transaction in which the row
 * goes, with the last of its steps (forget.ts): who took the lock since has new files, and finds the row until that is over.
 */
export function containerUnderLock(store: Store, id: string): ContainerRecord | undefined {
  const container = store.getContainer(id);
  if (container?.state.status !== 'removing') return container;
  return store.transaction(() => store.getContainer(id));
}
