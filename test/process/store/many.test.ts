/** The store under many processes, some of which die. */
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import Database from 'better-sqlite3';
import { initialState } from '../../../src/model/state.ts';
import { openStore } from '../../../src/store/store.ts';
import { container, temporaryFolder } from './records.ts';
import { work } from './workers.ts';

const range = (count: number): number[] => [...Array(count).keys()];

describe('the store of many processes', () => {
  it('is made once when twenty find it missing, and refreshed once when they notice a reboot, at the same moment', async (t) => {
    const folder = temporaryFolder(t);
    const workers = range(20).map(() => work(t, 'refresh', folder));
    for (const each of workers) assert.equal(await each.line(), 'ready');
    for (const each of workers) each.go();
    for (const each of workers) assert.equal(await each.line(), 'open');
    // While this holds the writer's lock, all of them see the old boot id, and then queue for the lock.
    const writer = new Database(path.join(folder, 'berth.db'));
    t.after(() => writer.close());
    writer.exec('BEGIN IMMEDIATE');
    for (const each of workers) each.go();
    for (const each of workers) assert.equal(await each.line(), 'asking');
    writer.exec('ROLLBACK');
    const noticed = await Promise.all(workers.map((each) => each.line()));
    assert.deepEqual(noticed.sort(), [...Array(19).fill('false'), 'true']);
    assert.deepEqual(await Promise.all(workers.map((each) => each.ended)), Array(20).fill(0));
  });

  it('is written to while a reader keeps a transaction open, and shows the reader its own moment', async (t) => {
    const folder = temporaryFolder(t);
    openStore(folder).close();
    const reader = new Database(path.join(folder, 'berth.db'), { readonly: true });
    t.after(() => reader.close());
    const events = () => reader.prepare<[], { n: number }>('SELECT count(*) AS n FROM event').get()?.n;
    reader.exec('BEGIN');
    assert.equal(events(), 0);
    const writers = range(4).map((n) => work(t, 'write', folder, `w${n}`, 25));
    for (const each of writers) each.go();
    for (const each of writers) {
      assert.deepEqual(
        [await each.line(), await each.line(), await each.line()],
        ['ready', 'writing', 'done'],
      );
    }
    assert.equal(events(), 0);
    reader.exec('COMMIT');
    assert.equal(events(), 100);
  });

  it('has a log that is emptied by whoever opens it next, unless somebody is at it, and nothing is lost', (t) => {
    const folder = temporaryFolder(t);
    const writer = openStore(folder);
    t.after(() => writer.close());
    const logBytes = (): number => statSync(path.join(folder, 'berth.db-wal')).size;
    const config = container('long');
    writer.transaction(() => writer.insertContainer(config, initialState()));
    let starts = 0;
    while (logBytes() < 2_000_000)
      writer.transaction(() => writer.saveState(config.id, { ...initialState(), startNumber: ++starts }));
    writer.transaction(() => {
      writer.saveState(config.id, { ...initialState(), startNumber: ++starts });
      // It does not wait for this one.
      const reader = openStore(folder);
      assert.equal(reader.getContainer(config.id)?.state.startNumber, starts - 1);
      reader.close();
      assert.ok(logBytes() >= 2_000_000);
    });
    const reader = openStore(folder);
    t.after(() => reader.close());
    assert.equal(logBytes(), 0);
    assert.equal(reader.getContainer(config.id)?.state.startNumber, starts);
    writer.transaction(() => writer.saveState(config.id, { ...initialState(), startNumber: 1 }));
    assert.equal(reader.getContainer(config.id)?.state.startNumber, 1);
  });

  it('is read at once while a writer has not ended its transaction', (t) => {
    const folder = temporaryFolder(t);
    const [writer, reader] = [openStore(folder), openStore(folder)];
    t.after(() => {
      writer.close();
      reader.close();
    });
    writer.transaction(() => {
      writer.insertContainer(container('unseen'), initialState());
      // Whoever had to wait for the writer, which waits for this, would fail.
      assert.equal(reader.listContainers().containers.length, 0);
    });
    assert.equal(reader.listContainers().containers.length, 1);
  });

  it('stays whole, each transaction with its event, when writers are killed', async (t) => {
    const folder = temporaryFolder(t);
    const ROUNDS = 3;
    const EACH = 4;
    for (const round of range(ROUNDS)) {
      const writers = range(EACH).map((n) => work(t, 'write', folder, `w${round}-${n}`, 1_000_000));
      for (const each of writers) assert.equal(await each.line(), 'ready');
      for (const each of writers) each.go();
      for (const each of writers) assert.equal(await each.line(), 'writing');
      // All are in their loops now; each is killed where it happens to be.
      for (const each of writers) each.kill();
      assert.deepEqual(await Promise.all(writers.map((each) => each.ended)), Array(EACH).fill(null));
    }
    const db = new Database(path.join(folder, 'berth.db'));
    t.after(() => db.close());
    assert.equal(db.pragma('integrity_check', { simple: true }), 'ok');
    assert.deepEqual(db.pragma('foreign_key_check'), []);

    const store = openStore(folder);
    t.after(() => store.close());
    const { containers, broken } = store.listContainers();
    assert.deepEqual([containers.length, broken], [ROUNDS * EACH, []]);
    for (const { config, state } of containers) {
      assert.equal(store.events(config.id).length, state.startNumber, config.name);
    }
  });
});
