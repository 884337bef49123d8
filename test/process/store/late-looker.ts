/**
 * A worker that looks for a container under its lock as another process does, and tells whether it found it. It says when it has
 * the lock, by which time whoever removes the container may go on.
 */
import path from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { withContainer } from '../../../src/lifecycle/lock.ts';
import { deleteLock, lockContainer } from '../../../src/store/lock.ts';
import { openStore } from '../../../src/store/store.ts';

/** hasLock: shared with the remover, 1 as soon as that is so. */
export interface LateLooker {
  folder: string;
  id: string;
  hasLock: Int32Array;
}

const { folder, id, hasLock } = workerData as LateLooker;
const lockDir = path.join(folder, 'locks');
const store = openStore(folder);
const locks = {
  acquire(id: string) {
    const lock = lockContainer(lockDir, id);
    Atomics.store(hasLock, 0, 1);
    Atomics.notify(hasLock, 0);
    return lock;
  },
  forget: (id: string) => deleteLock(lockDir, id),
} as Parameters<typeof withContainer>[0]['locks'];
const found = await withContainer({ store, locks }, id, () => true);
store.close();
parentPort?.postMessage(found ?? false);
