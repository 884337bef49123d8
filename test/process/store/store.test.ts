import assert from 'node:assert/strict';
import { closeSync, mkdirSync, openSync, statSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import Database from 'better-sqlite3';
import { type ContainerState, initialState } from '../../../src/model/state.ts';
import { MIGRATIONS } from '../../../src/store/migrations.ts';
import { openStore } from '../../../src/store/store.ts';
import { container, event, idOf, image, temporaryFolder } from './records.ts';

type Store = ReturnType<typeof openStore>;

/** A store of its own, closed and removed after the test; `sql` works on its file from aside. */
function open(t: TestContext): {
  store: Store;
  folder: string;
  sql: (statement: string, ...values: unknown[]) => void;
} {
  const folder = temporaryFolder(t);
  const store = openStore(folder);
  const aside = new Database(path.join(folder, 'berth.db'));
  t.after(() => {
    aside.close();
    store.close();
  });
  return { store, folder, sql: (statement, ...values) => void aside.prepare(statement).run(...values) };
}

function state(changes: Partial<ContainerState> = {}): ContainerState {
  return { ...initialState(), ...changes };
}

describe('opening a store', () => {
  it('makes the newest schema in WAL mode, readable by root alone', (t) => {
    const { folder } = open(t);
    const db = new Database(path.join(folder, 'berth.db'), { readonly: true });
    t.after(() => db.close());
    assert.equal(db.pragma('user_version', { simple: true }), MIGRATIONS.length);
    assert.equal(db.pragma('journal_mode', { simple: true }), 'wal');
    for (const suffix of ['', '-wal', '-shm']) {
      assert.equal(statSync(path.join(folder, `berth.db${suffix}`)).mode & 0o777, 0o600, suffix);
    }
  });

  it('makes the state directory, closed to others', (t) => {
    const folder = path.join(temporaryFolder(t), 'a/b');
    openStore(folder).close();
    assert.equal(statSync(folder).mode & 0o777, 0o700);
  });

  it('finds again what was written', (t) => {
    const folder = temporaryFolder(t);
    const first = openStore(folder);
    first.transaction(() => first.insertContainer(container('kept'), state({ exitCode: 7 })));
    first.close();
    const second = openStore(folder);
    t.after(() => second.close());
    assert.deepEqual(second.getContainer(container('kept').id), {
      config: container('kept'),
      state: state({ exitCode: 7 }),
    });
  });

  it('refuses a newer schema and says what to install', (t) => {
    const folder = temporaryFolder(t);
    openStore(folder).close();
    const db = new Database(path.join(folder, 'berth.db'));
    db.pragma(`user_version = ${MIGRATIONS.length + 1}`);
    db.close();
    assert.throws(() => openStore(folder), {
      name: 'BerthError',
      code: 'store',
      message: `${folder}/berth.db has schema version ${MIGRATIONS.length + 1}, this Berth knows ${MIGRATIONS.length}: it was written by a newer Berth, install that one`,
    });
  });

  it('says that a damaged file is damaged', (t) => {
    const folder = temporaryFolder(t);
    writeFileSync(path.join(folder, 'berth.db'), 'this is no database, and was not one before'.repeat(100));
    assert.throws(() => openStore(folder), {
      code: 'store',
      message: `${folder}/berth.db is damaged (file is not a database): move it away and restore it from a copy`,
    });
  });

  it('says that a damaged page is damaged when it is met', (t) => {
    const folder = temporaryFolder(t);
    const store = openStore(folder);
    for (let n = 0; n < 200; n++) store.transaction(() => store.insertContainer(container(`c${n}`), state()));
    store.close();
    const file = path.join(folder, 'berth.db');
    const db = new Database(file);
    const pageSize = db.pragma('page_size', { simple: true }) as number;
    db.close();
    // All but the first page, which holds the schema's own table.
    const garbage = Buffer.alloc(statSync(file).size - pageSize, 0x5a);
    assert.ok(garbage.length > pageSize);
    const fd = openSync(file, 'r+');
    writeSync(fd, garbage, 0, garbage.length, pageSize);
    closeSync(fd);
    assert.throws(
      () => {
        const again = openStore(folder);
        t.after(() => again.close());
        again.listContainers();
      },
      { code: 'store', message: /is damaged \(/ },
    );
  });

  it('says what is in the way when the state directory cannot be made', (t) => {
    const folder = temporaryFolder(t);
    writeFileSync(path.join(folder, 'file'), '');
    assert.throws(() => openStore(path.join(folder, 'file/state')), {
      code: 'store',
      message: /^cannot make .*berth\.db: /,
    });
    mkdirSync(path.join(folder, 'taken/berth.db'), { recursive: true });
    assert.throws(() => openStore(path.join(folder, 'taken')), { name: 'BerthError', message: /berth\.db/ });
  });
});

describe('containers', () => {
  it('are found by name, id and unique prefix', (t) => {
    const { store } = open(t);
    const [a, b] = [container('a', { id: idOf('abc1') }), container('b', { id: idOf('abd2') })];
    for (const each of [a, b]) store.insertContainer(each, state());
    for (const text of ['a', a.id, 'abc', a.id.slice(0, 12)])
      assert.equal(store.findContainer(text).config.name, 'a');
    assert.equal(store.containerByName('b')?.config.id, b.id);
    assert.equal(store.containerByName('abc'), undefined);
    assert.equal(store.getContainer('abc'), undefined);
  });

  it('are not found by an ambiguous prefix, or by anything else', (t) => {
    const { store } = open(t);
    for (const [name, id] of [
      ['a', 'abc1'],
      ['b', 'abd2'],
    ] as const) {
      store.insertContainer(container(name, { id: idOf(id) }), state());
    }
    assert.throws(() => store.findContainer('ab'), {
      code: 'invalid',
      message:
        'more than one result for container "ab": container already exists: write more digits of the ID',
    });
    for (const text of ['c', 'abe', 'ABC', '%', 'a_', `${idOf('abc1')}0`]) {
      assert.throws(() => store.findContainer(text), {
        code: 'no-such-container',
        exitCode: 125,
        message: `no container with name or ID ${JSON.stringify(text)} found: no such container`,
      });
    }
  });

  it('are found by name before id, and by a whole id before a prefix', (t) => {
    const { store } = open(t);
    const first = container('first', { id: idOf('ab') });
    const named = container(first.id, { id: idOf('cd') });
    const short = container('ab0', { id: idOf('ef') });
    for (const each of [first, named, short]) store.insertContainer(each, state());
    assert.equal(store.findContainer(first.id).config.id, named.id);
    assert.equal(store.findContainer('ab0').config.id, short.id);
  });

  it('have one name each', (t) => {
    const { store } = open(t);
    const taken = container('taken');
    store.insertContainer(taken, state());
    assert.throws(() => store.insertContainer(container('taken', { id: idOf('ff') }), state()), {
      code: 'name-in-use',
      message: new RegExp(`^the container name "taken" is already in use by ${taken.id}\\.`),
    });
    assert.equal(store.listContainers().containers.length, 1);
  });

  it('are listed in the order in which they were made', (t) => {
    const { store } = open(t);
    for (const [name, day] of [
      ['c', 3],
      ['a', 1],
      ['b', 2],
    ] as const) {
      store.insertContainer(container(name, { createdAt: `2026-01-0${day}T00:00:00.000Z` }), state());
    }
    assert.deepEqual(
      store.listContainers().containers.map(({ config }) => config.name),
      ['a', 'b', 'c'],
    );
  });

  for (const [column, text] of [
    ['config', 'not JSON'],
    ['config', 'null'],
    ['config', '{}'],
    ['config', '[]'],
    ['config', '"text"'],
    ['state', '{"status":'],
    ['state', '{}'],
    ['state', '7'],
  ] as const) {
    it(`are listed although one of them has ${JSON.stringify(text)} for a ${column}`, (t) => {
      const { store, sql } = open(t);
      const mounts = [{ type: 'volume' as const, volume: 'v', destination: '/v', options: [] }];
      store.insertVolume(
        { version: 1, name: 'v', createdAt: '2026-03-01T12:00:00.000Z', labels: {}, options: {} },
        { needsCopyUp: false, needsChown: false },
      );
      for (const name of ['bad', 'good']) store.insertContainer(container(name, { mounts }), state());
      const { id } = container('bad');
      sql(`UPDATE container SET ${column} = ? WHERE id = ?`, text, id);
      const { containers, broken } = store.listContainers();
      assert.deepEqual(
        containers.map(({ config }) => config.name),
        ['good'],
      );
      const reason = `the ${column} of container bad (${id}) is damaged in the database: restore a copy of it, or remove the container with berth rm --force ${id}`;
      assert.deepEqual(broken, [{ id, name: 'bad', reason }]);
      for (const named of ['bad', id]) assert.deepEqual(store.brokenContainer(named), broken[0]);
      for (const named of ['good', container('good').id, id.slice(0, 12), 'none'])
        assert.equal(store.brokenContainer(named), undefined);
      assert.throws(() => store.findContainer('bad'), { code: 'store', message: reason });
      assert.deepEqual(store.getVolume('v')?.usedBy.toSorted(), [id, container('good').id].toSorted());
      assert.deepEqual(store.dependentsOf(id), []);
    });
  }

  it('of a newer Berth are named, not read', (t) => {
    const { store, sql } = open(t);
    const config = container('new');
    store.insertContainer(config, state());
    sql('UPDATE container SET config = ?', JSON.stringify({ ...config, version: 2 }));
    const reason =
      'container new was written by a newer Berth (config version 2, this one reads 1): install that one, or remove the container with it';
    assert.deepEqual(store.listContainers(), {
      containers: [],
      broken: [{ id: config.id, name: 'new', reason }],
    });
  });

  it('keep unusual texts as they are', (t) => {
    const { store } = open(t);
    const labels = JSON.parse('{"__proto__": "x", "quote\\"": "line\\nbreak", "": "\\u0000"}') as Record<
      string,
      string
    >;
    const config = container('odd', { labels, env: ["A='; DROP TABLE container; --"] });
    store.insertContainer(config, state());
    assert.deepEqual(store.getContainer(config.id)?.config, config);
  });

  it('are written whole or not at all', (t) => {
    const { store } = open(t);
    assert.throws(
      () =>
        store.transaction(() => {
          store.insertContainer(container('half'), state());
          store.appendEvent(event(container('half').id));
          throw new Error('stopped half way');
        }),
      { message: 'stopped half way' },
    );
    assert.equal(store.listContainers().containers.length, 0);
    assert.deepEqual(store.events(), []);
  });
});

describe('exit records', () => {
  const exit = (startNumber: number, finishedAt: string) => ({
    id: container('x').id,
    startNumber,
    exitCode: 137,
    oomKilled: true,
    finishedAt,
  });

  it('outlive their container, the latest start first', (t) => {
    const { store } = open(t);
    store.insertContainer(container('x'), state());
    const [first, second] = [exit(1, '2026-01-01T00:00:00.000Z'), exit(2, '2026-01-02T00:00:00.000Z')];
    for (const each of [first, second]) store.saveExit(each);
    store.deleteContainer(container('x').id);
    assert.deepEqual(store.exitRecords(container('x').id), [second, first]);
  });

  it('are pruned by age: all of a removed container, all but the last of a living one', (t) => {
    const { store } = open(t);
    store.insertContainer(container('x'), state());
    for (const [start, day] of [
      [1, 1],
      [2, 2],
      [3, 3],
    ] as const)
      store.saveExit(exit(start, `2026-01-0${day}T00:00:00.000Z`));
    const left = () => store.exitRecords(container('x').id).map(({ startNumber }) => startNumber);
    store.pruneExits('2026-01-02T00:00:00.000Z');
    assert.deepEqual(left(), [3, 2]);
    store.pruneExits('2027-01-01T00:00:00.000Z');
    assert.deepEqual(left(), [3]);
    store.deleteContainer(container('x').id);
    store.pruneExits('2026-01-03T00:00:00.000Z');
    assert.deepEqual(left(), [3]);
    store.pruneExits('2027-01-01T00:00:00.000Z');
    assert.deepEqual(left(), []);
  });

  it('take unknown codes, and nothing that is no exit code', (t) => {
    const { store } = open(t);
    store.saveExit({ ...exit(1, ''), exitCode: -1 });
    assert.throws(() => store.saveExit({ ...exit(2, ''), exitCode: 256 }));
  });
});

describe('events', () => {
  it('come back as they were written, oldest first, of all or of one object', (t) => {
    const { store } = open(t);
    const written = [
      event(idOf('a'), { status: 'died', exitCode: 3, oomKilled: false }),
      event(idOf('b'), { status: 'health_status', healthStatus: 'healthy' }),
      event(idOf('a'), { status: 'cleanup' }),
    ];
    for (const each of written) store.appendEvent(each);
    assert.deepEqual(store.events(), written);
    assert.deepEqual(store.events(idOf('a')), [written[0], written[2]]);
  });

  it('can be read from a number and from a moment on', (t) => {
    const { store } = open(t);
    assert.equal(store.lastEvent(), 0);
    for (const second of [1, 2, 3])
      store.appendEvent(event(idOf('a'), { time: `2026-01-01T00:00:0${second}.000Z` }));
    const from = (seq: number, since?: string) => store.eventsAfter(seq, since).map((each) => each.seq);
    assert.deepEqual(from(0), [1, 2, 3]);
    assert.deepEqual(from(2), [3]);
    assert.deepEqual(from(0, '2026-01-01T00:00:02.000Z'), [2, 3]);
    assert.equal(store.lastEvent(), 3);
  });

  it('of another connection are told of soon after they are written, and nothing when nothing is', async (t) => {
    const { store, folder } = open(t);
    const other = openStore(folder);
    t.after(() => other.close());
    let calls = 0;
    await new Promise<void>((resolve) => {
      const stop = store.onChange(() => {
        calls++;
        if (store.lastEvent() === 0) return;
        stop();
        resolve();
      });
      assert.equal(calls, 0);
      other.appendEvent(event(idOf('a'), {}));
    });
  });

  it('are bounded in number: the oldest go', (t) => {
    const { store } = open(t);
    const KEEP = 10_000;
    store.transaction(() => {
      for (let n = 0; n < KEEP + 5; n++) store.appendEvent(event(idOf('a'), { name: String(n) }));
    });
    const events = store.events();
    assert.deepEqual([events.length, events[0]?.name, events.at(-1)?.name], [KEEP, '5', String(KEEP + 4)]);
  });
});

describe('health', () => {
  const result = (n: number) => ({ start: `s${n}`, end: `e${n}`, exitCode: n, output: `out ${n}` });

  it('comes with the container, and its log keeps the newest results', (t) => {
    const { store } = open(t);
    const { id } = container('x');
    store.insertContainer(container('x'), state());
    assert.equal('health' in store.findContainer('x'), false);
    store.saveHealth(id, { status: 'unhealthy', failingStreak: 4 });
    assert.deepEqual(store.findContainer('x').health, { status: 'unhealthy', failingStreak: 4 });
    for (let n = 1; n <= 8; n++) store.appendHealthLog(id, result(n), 3);
    assert.deepEqual(store.healthLog(id), [result(6), result(7), result(8)]);
    for (let n = 9; n <= 20; n++) store.appendHealthLog(id, result(n), 0);
    assert.equal(store.healthLog(id).length, 15);
    store.appendHealthLog(id, result(21), 1);
    assert.deepEqual(store.healthLog(id), [result(21)]);
    store.clearHealth(id);
    assert.deepEqual([store.healthLog(id), store.findContainer('x').health], [[], undefined]);
  });

  it('goes with the container, and cannot be of one that is not there', (t) => {
    const { store } = open(t);
    const { id } = container('x');
    store.insertContainer(container('x'), state());
    store.saveHealth(id, { status: 'healthy', failingStreak: 0 });
    store.appendHealthLog(id, result(1), 5);
    store.deleteContainer(id);
    assert.deepEqual(store.healthLog(id), []);
    assert.throws(() => store.saveHealth(id, { status: 'healthy', failingStreak: 0 }), {
      message: /FOREIGN KEY/,
    });
  });
});

describe('images', () => {
  it('are found by name, id and unique prefix, the first name that exists counts', (t) => {
    const { store } = open(t);
    const [a, b] = [
      image('abc', ['localhost/a:latest', 'localhost/a:1']),
      image('abd', ['docker.io/library/b:latest']),
    ];
    for (const each of [a, b]) store.saveImage(each);
    const found = (names: string[], prefix = '') => store.findImage(names, prefix)?.id;
    assert.equal(found(['localhost/none:latest', 'docker.io/library/b:latest']), b.id);
    assert.equal(found(['localhost/a:1', 'docker.io/library/b:latest']), a.id);
    for (const prefix of ['abc', a.id, `sha256:${a.id}`]) assert.equal(found([], prefix), a.id);
    for (const prefix of ['', 'x', 'abe', 'ABC']) assert.equal(found([], prefix), undefined);
    assert.throws(() => found([], 'ab'), {
      code: 'invalid',
      message: /^more than one image has an ID beginning with ab/,
    });
    assert.deepEqual(store.findImage([], 'abc'), { ...a, pastNames: a.names });
  });

  it('lose a name to the image that was loaded under it last', (t) => {
    const { store } = open(t);
    store.saveImage(image('a', ['localhost/x:latest', 'localhost/x:1']));
    store.saveImage(image('b', ['localhost/x:latest']));
    assert.deepEqual(store.findImage([], 'a')?.names, ['localhost/x:1']);
    assert.equal(store.findImage(['localhost/x:latest'], '')?.id, idOf('b'));
  });

  it('can be loaded twice, keeping what was known of them', (t) => {
    const { store } = open(t);
    const first = { ...image('a', ['localhost/x:1']), digest: idOf('d') };
    store.saveImage(first);
    store.saveImage(image('a', ['localhost/x:2']));
    assert.deepEqual(store.listImages(), [
      { ...first, names: ['localhost/x:2', 'localhost/x:1'], pastNames: ['localhost/x:2', 'localhost/x:1'] },
    ]);
  });

  it('keep their layers, as containers and living holders do; nobody knows what a damaged row needs', (t) => {
    const { store, sql } = open(t);
    const [alive, dead] = [
      { pid: 1, startTime: 1 },
      { pid: 2, startTime: 2 },
    ];
    store.saveImage(image('a', [], [10]));
    store.insertContainer(
      container('c', { image: { id: idOf('b'), name: 'gone', layers: [idOf('c0')] } }),
      initialState(),
    );
    store.holdLayers([idOf('d0'), idOf('d1')], alive);
    store.holdLayers([idOf('e0')], dead);
    const used = () => [...(store.layersInUse(({ pid }) => pid === alive.pid) ?? ['unknown'])].sort();
    assert.deepEqual(used(), [idOf('a0'), idOf('c0'), idOf('d0'), idOf('d1')]);
    store.releaseLayers(alive);
    store.deleteImage(idOf('a'));
    assert.deepEqual(used(), [idOf('c0')]);
    sql("UPDATE container SET config = 'garbage'");
    assert.deepEqual(used(), ['unknown']);
  });

  it('keep their document as it came, and know every name that they had', (t) => {
    const { store } = open(t);
    const one = image('a', ['localhost/x:1']);
    store.saveImage(one);
    assert.equal(store.imageDocument(one.id), undefined);
    store.saveImage(one, '{ "as": "it came" }');
    store.saveImage(one);
    assert.equal(store.imageDocument(one.id), '{ "as": "it came" }');
    store.addImageName('localhost/x:2', one.id);
    assert.deepEqual(store.getImage(one.id)?.names, ['localhost/x:2', 'localhost/x:1']);
    assert.equal(store.removeImageName('localhost/x:1'), true);
    assert.equal(store.removeImageName('localhost/x:1'), false);
    const { names, pastNames } = store.getImage(one.id) ?? assert.fail();
    assert.deepEqual([names, pastNames], [['localhost/x:2'], ['localhost/x:2', 'localhost/x:1']]);
    assert.equal(store.deleteImage(one.id), true);
    assert.equal(store.deleteImage(one.id), false);
  });

  it('that are damaged say so, and are mended by loading them again', (t) => {
    const { store, sql } = open(t);
    store.saveImage(image('a', ['localhost/x:1']));
    sql("UPDATE image SET config = 'garbage'");
    assert.throws(() => store.findImage([], 'a'), {
      code: 'store',
      message: 'the config of image a00000000000 is damaged in the database: load the image again',
    });
    store.saveImage(image('a', ['localhost/x:1']));
    assert.equal(store.listImages().length, 1);
  });
});

describe('refreshIfRebooted', () => {
  const NOW = '2026-03-02T00:00:00.000Z';

  it('brings every row into the state after a reboot, once per boot id', (t) => {
    const { store, sql } = open(t);
    for (const name of ['ran', 'bad', 'idle']) {
      const status = name === 'idle' ? 'configured' : 'running';
      store.insertContainer(container(name), state({ status, payload: { pid: 1, startTime: 1 } }));
    }
    sql("UPDATE container SET state = 'garbage' WHERE name = 'bad'");
    assert.equal(store.refreshIfRebooted('boot-1', NOW), true);
    const ran = store.findContainer('ran').state;
    assert.deepEqual([ran.status, ran.exitCode, ran.finishedAt, ran.payload], ['exited', -1, NOW, undefined]);
    assert.equal(store.findContainer('idle').state.status, 'configured');
    assert.deepEqual(
      store.listContainers().broken.map(({ name }) => name),
      ['bad'],
    );

    store.saveState(container('ran').id, state({ status: 'running' }));
    assert.equal(store.refreshIfRebooted('boot-1', NOW), false);
    assert.equal(store.findContainer('ran').state.status, 'running');
    assert.equal(store.refreshIfRebooted('boot-2', NOW), true);
    assert.equal(store.findContainer('ran').state.status, 'exited');
  });
});
