/** The store with a thousand containers in it: what is asked costs what it must, counted in calls of the kernel. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { initialState } from '../../../src/model/state.ts';
import { openStore } from '../../../src/store/store.ts';
import { container, temporaryFolder } from './records.ts';

const COUNT = 1000;

/** IDs have nothing to do with names, and a config is more than SQLite keeps of a row in its place. */
const containers = [...Array(COUNT).keys()].map((n) =>
  container(`c${n}`, {
    id: createHash('sha256').update(String(n)).digest('hex'),
    labels: { text: 'x'.repeat(1000) },
  }),
);

describe('of a thousand containers', () => {
  it('all are read with a few system calls for each, one with a few dozen', (t) => {
    const folder = temporaryFolder(t);
    const writer = openStore(folder);
    writer.transaction(() => {
      for (const config of containers) writer.insertContainer(config, initialState());
    });
    writer.close();
    const store = openStore(folder);
    t.after(() => store.close());
    const calls = (work: () => void): number => {
      const before = readCalls();
      work();
      return readCalls() - before;
    };
    const forAll = calls(() => assert.equal(store.listContainers().containers.length, COUNT));
    assert.ok(forAll < 4 * COUNT, `${forAll} reads`);
    for (const find of [
      (name: string) => assert.equal(store.findContainer(name).config.name, name),
      (name: string) => assert.equal(store.brokenContainer(name), undefined),
    ]) {
      const forOne = calls(() => find('c500'));
      assert.ok(forOne < 60, `${forOne} reads`);
    }
  });
});

/** How often this process has asked the kernel to read (proc_pid_io(5)). */
function readCalls(): number {
  return Number(/^syscr: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);
}
