/** What a person reads of an error. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BerthError, oneLine } from '../../../src/model/errors.ts';

describe('the message of an error', () => {
  const SHOWN: [text: string, line: string][] = [
    ['a\nb', 'a\\nb'],
    ['what a program said\n \n', 'what a program said'],
    ['\x1b[2Jcleared\x07', '\\u001b[2Jcleared\\u0007'],
    ['right\u202eto left', 'right\\u202eto left'],
    ['\x7f\x85\u2028', '\\u007f\\u0085\\u2028'],
    ['ümläut → 本 "quoted" \\ ', 'ümläut → 本 "quoted" \\ '],
  ];
  for (const [text, line] of SHOWN)
    it(`is one line without what acts on a terminal: ${line}`, () => {
      assert.equal(new BerthError('invalid', text).message, line);
      assert.equal(oneLine(line), line);
    });

  it('of a hundred thousand blanks is ready at once', () => {
    assert.equal(oneLine(`${' '.repeat(100_000)}x`).length, 100_001);
  });
});
