/** Work under the lock of one container. */
import type { ContainerRecord } from '../model/records.ts';
import type { Locks, Ports } from './ports.ts';

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
    const container = store.getContainer(id);
    if (container !== undefined) return work(container);
    locks.forget(id);
    return undefined;
  });
}
