/** The keys to detach: how they are written, and how they are found in what is typed. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { detachFilter, parseDetachKeys } from '../../../src/model/detach-keys.ts';

describe('parseDetachKeys', () => {
  const GOOD: [text: string, bytes: number[]][] = [
    ['', []],
    ['ctrl-p,ctrl-q', [16, 17]],
    ['ctrl-@', [0]],
    ['ctrl-[,ctrl-\\,ctrl-],ctrl-^,ctrl-_', [27, 28, 29, 30, 31]],
    ['ctrl-a,x', [1, 120]],
    ['ctrl-Z', [26]],
    ['a', [97]],
    ['D,1,~', [68, 49, 126]],
  ];
  for (const [text, bytes] of GOOD)
    it(`reads ${JSON.stringify(text)}`, () => assert.deepEqual(parseDetachKeys(text), bytes));

  for (const [text, key] of [
    ['bogus', 'bogus'],
    ['ctrl-', 'ctrl-'],
    ['ctrl-1', 'ctrl-1'],
    ['ctrl-p,', ''],
    ['a,ü', 'ü'],
    ['ctrl-pq', 'ctrl-pq'],
  ] as const) {
    it(`refuses ${JSON.stringify(text)} in Podman’s words`, () =>
      assert.throws(() => parseDetachKeys(text), {
        message: `invalid detach keys: Unknown character: '${key}'`,
        exitCode: 125,
      }));
  }
});

describe('detachFilter', () => {
  /** What is passed on of the chunks, and whether the sequence came. */
  const typed = (sequence: string, ...chunks: string[]): [passed: string, detached: boolean] => {
    const filter = detachFilter([...Buffer.from(sequence)]);
    let passed = '';
    for (const chunk of chunks) {
      const { pass, detached } = filter(Buffer.from(chunk));
      passed += Buffer.from(pass).toString();
      if (detached) return [passed, true];
    }
    return [passed, false];
  };

  it('passes on what is typed before the sequence, and never the sequence', () => {
    assert.deepEqual(typed('pq', 'hello pq rest'), ['hello ', true]);
    assert.deepEqual(typed('pq', 'hello'), ['hello', false]);
  });

  it('finds it across chunks, and holds back only what may be its beginning', () => {
    assert.deepEqual(typed('pq', 'a', 'p', 'q'), ['a', true]);
    assert.deepEqual(typed('pq', 'ap'), ['a', false]);
    assert.deepEqual(typed('pq', 'ap', 'x'), ['apx', false]);
  });

  it('finds it where a false beginning overlaps the true one', () => {
    assert.deepEqual(typed('pq', 'ppq'), ['p', true]);
    assert.deepEqual(typed('aab', 'aaab'), ['a', true]);
    assert.deepEqual(typed('abac', 'ababac'), ['ab', true]);
  });

  it('passes everything on without a sequence', () => {
    assert.deepEqual(typed('', 'anything'), ['anything', false]);
  });
});
