import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { type ForgetPorts, forgetContainer } from '../../../src/lifecycle/forget.ts';
import { withContainer } from '../../../src/lifecycle/lock.ts';
import { initialState } from '../../../src/model/state.ts';
import { deleteLock, lockContainer } from '../../../src/store/lock.ts';
import { openStore } from '../../../src/store/store.ts';
import type { LateLooker } from './late-looker.ts';
import { container, temporaryFolder } from './records.ts';

it('who takes the lock of a container whose files went just before its row did finds nothing, and leaves nothing', async (t) => {
  const folder = temporaryFolder(t);
  const lockDir = path.join(folder, 'locks');
  const store = openStore(folder);
  t.after(() => store.close());
  const config = container('going');
  store.transaction(() => store.insertContainer(config, { ...initialState(), status: 'removing' }));
  const held = lockContainer(lockDir, config.id);

  const hasLock = new Int32Array(new SharedArrayBuffer(4));
  const workerData: LateLooker = { folder, id: config.id, hasLock };
  const looker = new Worker(new URL('./late-looker.ts', import.meta.url), { workerData });
  t.after(() => looker.terminate());
  const found = once(looker, 'message');
  // As forget.ts does it. The worker has the lock of new files then, and this process has not gone on.
  store.transaction(() => {
    deleteLock(lockDir, config.id);
    store.deleteContainer(config.id);
    assert.equal(Atomics.wait(hasLock, 0, 0, 60_000), 'ok');
  });
  assert.deepEqual(await found, [false]);
  held.release();
  assert.deepEqual(readdirSync(lockDir), []);
});

it('a container that goes takes its lock files along, although others look for it in its last moments', async (t) => {
  const folder = temporaryFolder(t);
  const lockDir = path.join(folder, 'locks');
  const store = openStore(folder);
  t.after(() => store.close());
  const locks: ForgetPorts['locks'] = {
    acquire: (id) => lockContainer(lockDir, id),
    forget: (id) => deleteLock(lockDir, id),
    acquireVolume: ({ name }) => lockContainer(lockDir, name),
    acquireNetworks: () => assert.fail('no network is touched'),
    forgetVolume: ({ name }) => deleteLock(lockDir, name),
  };
  const config = container('going');
  store.transaction(() => store.insertContainer(config, initialState()));

  let late = 0;
  const lookLate = (): void => {
    // As another process does in withContainer: the row was there a moment ago, so it takes the lock.
    locks.acquire(config.id).release();
    late++;
  };
  const deleting: typeof store = Object.assign(Object.create(store), {
    deleteContainer(id: string) {
      lookLate();
      const wasThere = store.deleteContainer(id);
      lookLate();
      return wasThere;
    },
  });
  const nothing = (): void => {};
  const ports = {
    settings: { unitDir: '/nowhere', ephemeralUnitDir: '/nowhere' },
    host: { remove: nothing, halfWritten: () => [], readText: nothing },
    runtime: { files: () => ({ endReceipt: '/nowhere' }) },
    rootfs: { unmount: nothing, delete: nothing },
    volumes: { unmountRun: nothing, sweep: nothing },
    systemd: async () => ({ disableUnit: async () => false, resetFailed: nothing }),
    now: () => '2026-03-01T12:00:00.000Z',
    store: deleting,
    locks,
  } as unknown as ForgetPorts;
  await withContainer({ store, locks }, config.id, (found) => forgetContainer(ports, found));

  assert.equal(late, 2);
  assert.equal(store.getContainer(config.id), undefined);
  assert.deepEqual(readdirSync(lockDir), []);
});
