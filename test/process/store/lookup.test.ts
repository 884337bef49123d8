/** Finding containers by what a person types, beside a plain model: a list. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { BerthError, messageOf } from '../../../src/model/errors.ts';
import { initialState } from '../../../src/model/state.ts';
import { openStore } from '../../../src/store/store.ts';
import { container, idOf, temporaryFolder } from './records.ts';

interface Entry {
  id: string;
  name: string;
}

/** Few, so that many share a beginning. */
const ids = fc.string({ unit: fc.constantFrom('a', 'b', '0'), minLength: 1, maxLength: 4 }).map(idOf);
/** Of an ID's digits, so that a name is another one's ID or the beginning of it. */
const names = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b', '0'), minLength: 1, maxLength: 4 }),
  ids,
  fc.constantFrom('web', 'A', 'a_b', 'a.'),
);
const words = fc.oneof(
  names,
  fc.tuple(ids, fc.integer({ min: 1, max: 64 })).map(([id, length]) => id.slice(0, length)),
  fc.constantFrom('', '_', '%', 'a%', 'a_', 'AB', 'g', ' a', `${idOf('a')}0`, "a' OR '1'='1"),
);
const change = fc.oneof(
  fc.record({ do: fc.constant('create' as const), id: ids, name: names }),
  fc.record({ do: fc.constant('rename' as const), which: fc.nat(20), name: names }),
  fc.record({ do: fc.constant('remove' as const), which: fc.nat(20) }),
);

type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

/** The ID that is meant, or the words of the error. */
function expected(list: readonly Entry[], text: string): string {
  if (text === '') return 'name or ID cannot be empty';
  const exact = list.find(({ name }) => name === text) ?? list.find(({ id }) => id === text);
  const fitting = exact === undefined ? list.filter(({ id }) => id.startsWith(text)) : [exact];
  if (fitting.length > 1)
    return `more than one result for container ${JSON.stringify(text)}: container already exists: write more digits of the ID`;
  return fitting[0]?.id ?? `no container with name or ID ${JSON.stringify(text)} found: no such container`;
}

/** Does the same to the store and to the list; a name that another has is refused by both. */
function apply(store: ReturnType<typeof openStore>, list: Entry[], step: Change): void {
  const one = 'which' in step ? list[step.which % Math.max(list.length, 1)] : undefined;
  const takes = (name: string, id: string, write: () => void): boolean => {
    const isFree = list.every((other) => other.name !== name || other.id === id);
    if (isFree) write();
    else assert.throws(write, { code: 'name-in-use' });
    return isFree;
  };
  switch (step.do) {
    case 'create': {
      const { id, name } = step;
      if (list.some((other) => other.id === id)) return;
      const insert = () => store.insertContainer(container(name, { id }), initialState());
      if (takes(name, id, insert)) list.push({ id, name });
      return;
    }
    case 'rename': {
      if (one === undefined) return;
      const rename = () => store.replaceConfig(container(step.name, { id: one.id }));
      if (takes(step.name, one.id, rename)) one.name = step.name;
      return;
    }
    case 'remove':
      if (one === undefined) return;
      assert.ok(store.deleteContainer(one.id));
      list.splice(list.indexOf(one), 1);
  }
}

describe('a container', () => {
  it('is found by its name, its ID or a beginning of that which no other has, in this order', (t) => {
    const store = openStore(temporaryFolder(t));
    t.after(() => store.close());
    const found = (text: string): string => {
      try {
        return store.findContainer(text).config.id;
      } catch (error) {
        assert.ok(error instanceof BerthError);
        return messageOf(error);
      }
    };
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 12 }),
        fc.array(words, { maxLength: 12 }),
        (changes, texts) => {
          const list: Entry[] = [];
          store.transaction(() => {
            for (const { config } of store.listContainers().containers) store.deleteContainer(config.id);
            for (const step of changes) apply(store, list, step);
          });
          for (const text of [...texts, ...list.flatMap(({ id, name }) => [id, name, id.slice(0, 2)])])
            assert.equal(found(text), expected(list, text), JSON.stringify({ text, list }));
        },
      ),
      { numRuns: 300 },
    );
  });
});
