import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseUlimit } from '../../../src/model/ulimit.ts';

describe('parseUlimit', () => {
  for (const [text, soft, hard] of [
    ['nofile=10:20', 10, 20],
    ['core=-1', -1, -1],
    ['core=5:-1', 5, -1],
    ['nproc=7', 7, 7],
    ['nproc=+7', 7, 7],
    ['nproc=-0', 0, 0],
  ] as const)
    it(`reads ${text}`, () =>
      assert.deepEqual(parseUlimit(text), { name: text.slice(0, text.indexOf('=')), soft, hard }));

  for (const text of ['NOFILE=1', 'RLIMIT_NOFILE=1', 'rlimit_nofile=1'])
    it(`knows ${text} by its name`, () =>
      assert.deepEqual(parseUlimit(text), { name: 'nofile', soft: 1, hard: 1 }));

  for (const [text, why] of [
    ['bogus=1', 'invalid ulimit type: bogus'],
    ['nofile=x', 'strconv.ParseInt: parsing "x": invalid syntax'],
    [
      'nofile=9007199254740993',
      'strconv.ParseInt: parsing "9007199254740993": value out of range: -1 is no limit',
    ],
    ['nofile', 'invalid ulimit argument: nofile'],
    ['nofile=20:10', 'ulimit soft limit must be less than or equal to hard limit: 20 > 10'],
    ['core=-1:5', 'ulimit soft limit must be less than or equal to hard limit: -1 > 5'],
  ])
    it(`refuses ${text} in Podman's words`, () =>
      assert.throws(() => parseUlimit(text ?? ''), {
        message: `ulimit option "${text}" requires name=SOFT:HARD, failed to be parsed: ${why}`,
        exitCode: 125,
      }));
});
