import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type RemoveImagePorts, removeImage } from '../../../src/lifecycle/image/remove.ts';
import { initialState } from '../../../src/model/state.ts';
import { openStore } from '../../../src/store/store.ts';
import { container, idOf, image, temporaryFolder } from './records.ts';

it('rmi --force takes nothing of an image that somebody makes a container of meanwhile, until that is gone', async (t) => {
  const store = openStore(temporaryFolder(t));
  t.after(() => store.close());
  const made = image('a', ['localhost/a:latest']);
  store.transaction(() => store.saveImage(made, '{}'));
  const before = store.getImage(made.id);
  let looked = 0;
  const ports = {
    store,
    now: () => '2026-03-01T12:00:00.000Z',
    imageFiles: {
      // Asked after it was seen that there is no container, and before the rows go.
      isMounted() {
        if (looked++ === 0) {
          const { id, config } = made;
          const of = { id, name: 'localhost/a:latest', layers: [], config };
          store.transaction(() => store.insertContainer(container('late', { image: of }), initialState()));
        }
        return false;
      },
    },
    // What the removal of the container needs first.
    systemd: () => Promise.reject(new Error('the container is next')),
  } as unknown as RemoveImagePorts;

  await assert.rejects(
    removeImage(ports, { typed: 'localhost/a:latest' }, { force: true }),
    /the container is next/,
  );
  assert.equal(looked, 1);
  assert.deepEqual(store.getImage(idOf('a')), before);
  assert.deepEqual(store.getImage(made.id)?.names, ['localhost/a:latest']);
});
