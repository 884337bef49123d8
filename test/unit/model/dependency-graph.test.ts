import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { findPath, leavesFirst } from '../../../src/model/dependency-graph.ts';

type Edges = Record<string, string[]>;

const nextIn =
  (edges: Edges) =>
  (id: string): string[] =>
    edges[id] ?? [];

describe('findPath', () => {
  const EDGES: Edges = { a: ['b', 'c'], b: ['d'], c: ['d'], d: ['e'], x: ['y'], y: ['x'] };
  for (const [from, to, path] of [
    [['a'], 'e', ['a', 'b', 'd', 'e']],
    [['c', 'a'], 'd', ['c', 'd']],
    [['a'], 'a', ['a']],
    [['e'], 'a', undefined],
    [['x'], 'z', undefined],
    [[], 'a', undefined],
  ] as const)
    it(`from ${from} to ${to} is ${path}`, () => assert.deepEqual(findPath(from, to, nextIn(EDGES)), path));
});

describe('leavesFirst', () => {
  it('puts every container before what it needs, each once, in any graph without a cycle', () => {
    fc.assert(
      fc.property(acyclic, (edges) => {
        const order = leavesFirst('0', nextIn(edges));
        assert.equal(new Set(order).size, order.length);
        assert.equal(order.at(-1), '0');
        assert.deepEqual(new Set(order), reached('0', edges));
        for (const id of order)
          for (const dependent of edges[id] ?? [])
            assert.ok(order.indexOf(dependent) < order.indexOf(id), `${dependent} before ${id}`);
      }),
    );
  });

  it('ends in a graph with cycles too, and names each once', () => {
    fc.assert(
      fc.property(anyGraph, (edges) => {
        assert.deepEqual(leavesFirst('0', nextIn(edges)).toSorted(), [...reached('0', edges)].toSorted());
      }),
    );
  });

  it('walks a chain longer than a call stack', () => {
    const last = 50_000;
    const order = leavesFirst('0', (id) => (Number(id) < last ? [String(Number(id) + 1)] : []));
    assert.deepEqual([order.length, order[0], order.at(-1)], [last + 1, String(last), '0']);
  });
});

const anyGraph = fc
  .array(fc.array(fc.nat(11), { maxLength: 4 }), { minLength: 12, maxLength: 12 })
  .map((rows): Edges => Object.fromEntries(rows.map((row, id) => [id, row.map(String)])));

/** Edges lead to higher numbers only. */
const acyclic = anyGraph.map((edges) =>
  Object.fromEntries(
    Object.entries(edges).map(([id, row]) => [id, [...new Set(row)].filter((to) => Number(to) > Number(id))]),
  ),
);

function reached(from: string, edges: Edges): Set<string> {
  const found = new Set([from]);
  for (const id of found) for (const next of edges[id] ?? []) found.add(next);
  return found;
}
