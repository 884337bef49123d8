import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { execWord, freeText, pathWord, specifierWord } from '../../../src/unitfile/escape.ts';

describe('a word of a unit file', () => {
  const ROWS: [text: string, exec: string, specifier: string, path: string][] = [
    ['/usr/bin/x', '/usr/bin/x', '/usr/bin/x', '/usr/bin/x'],
    ['', '""', '""', '/'],
    ['a b', '"a b"', '"a b"', '"a b"'],
    ['100%', '"100%%"', '"100%%"', '"100%%"'],
    ['$HOME', '"$$HOME"', '"$HOME"', '"$HOME"'],
    [';', '";"', '";"', '";"'],
    ['a"b', '"a\\"b"', '"a\\"b"', '"a\\"b"'],
    ['a\\n', '"a\\\\n"', '"a\\\\n"', '"a\\\\n"'],
    ['/a\tb', '"/a\\tb"', '"/a\\tb"', '"/a\tb"'],
    ['/a/b\nc/d', '"/a/b\\nc/d"', '"/a/b\\nc/d"', '/a'],
    ['/\rx', '"/\\x0dx"', '"/\\x0dx"', '/'],
    ['é😀', '"é😀"', '"é😀"', '"é😀"'],
  ];
  for (const [text, ...expected] of ROWS) {
    it(`${JSON.stringify(text)} is escaped for arguments, specifiers and paths`, () =>
      assert.deepEqual([execWord(text), specifierWord(text), pathWord(text)], expected));
  }
});

describe('free text in a unit file', () => {
  for (const [text, expected] of [
    ['Container a (b)', 'Container a (b)'],
    ['a\nb\r\0c', 'a b  c'],
    [' a ', 'a'],
    ['50% of "it"', '50%% of "it"'],
    ['a\\b\\\\', 'a\\b'],
    ['a\\ \\', 'a'],
  ] as const) {
    it(`${JSON.stringify(text)} stays on its line`, () => assert.equal(freeText(text), expected));
  }
});
