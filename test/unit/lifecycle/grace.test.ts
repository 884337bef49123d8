/** The grace of a stop, second by second. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { shorterGrace, waitOutGrace } from '../../../src/lifecycle/grace.ts';
import type { ContainerRecord } from '../../../src/model/records.ts';
import { initialState } from '../../../src/model/state.ts';
import { config } from '../../support/config.ts';

/** Undefined = the payload has ended. `words` are what `berth stop -t` has said by the end of each second. */
const CASES: [
  what: string,
  how: { seconds: number; words?: (number | undefined)[]; endsAfter?: number },
  given: number | undefined,
  told: number,
][] = [
  ['is waited out', { seconds: 3 }, 3, 0],
  ['ends with the payload', { seconds: 3, endsAfter: 2 }, undefined, 0],
  ['ends when a later stop has none', { seconds: 100, words: [100, 100, 0] }, 3, 1],
  ['is as short as a later stop says, from then on', { seconds: 100, words: [undefined, 2] }, 4, 1],
  ['is not made longer by its own word', { seconds: 3, words: [3, 3, 3] }, 3, 0],
  ['is not made longer by a later stop', { seconds: 3, words: [50, 50] }, 3, 0],
  ['is not touched by a later stop without SIGKILL', { seconds: 3, words: [-1, -1] }, 3, 0],
  [
    'without SIGKILL ends with the payload',
    { seconds: Infinity, words: Array(40).fill(-1), endsAfter: 41 },
    undefined,
    5,
  ],
  ['without SIGKILL ends by a later stop', { seconds: Infinity, words: [-1, -1, 1] }, 4, 1],
];

describe('a grace', () => {
  for (const [what, { seconds, words = [], endsAfter = Infinity }, expected, told] of CASES) {
    it(`of ${seconds} s ${what}`, async () => {
      let second = 0;
      const notified: string[] = [];
      const given = await waitOutGrace(
        {
          host: { waitUntilEmpty: async () => ++second >= endsAfter } as never,
          store: { getContainer: () => recordWith(words[Math.min(second, words.length) - 1]) } as never,
          notify: async (lines) => notified.push(...lines) > 0,
        },
        { id: config().id, payloadCgroup: '/x', seconds },
      );
      assert.equal(given, expected);
      assert.deepEqual(notified, Array(told).fill('EXTEND_TIMEOUT_USEC=30000000'), 'systemd has patience');
    });
  }
});

function recordWith(stopTimeoutSeconds: number | undefined): ContainerRecord {
  return {
    config: config(),
    state: { ...initialState(), ...(stopTimeoutSeconds === undefined ? {} : { stopTimeoutSeconds }) },
  };
}

describe('the grace of two stops', () => {
  const WORDS: [asked: number, word: number | undefined, counts: number][] = [
    [5, undefined, 5],
    [-1, undefined, -1],
    [0, 90, 0],
    [90, 0, 0],
    [-1, 3, 3],
    [3, -1, 3],
    [-1, -1, -1],
  ];
  for (const [asked, word, counts] of WORDS)
    it(`of ${asked} s after ${word} s is ${counts} s`, () => assert.equal(shorterGrace(asked, word), counts));
});
