import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseLogFile, selectPieces } from '../../../src/cli/logs/k8s-file.ts';
import type { LogPiece, LogQuery } from '../../../src/cli/logs/line.ts';

const at = (second: number): string => `2026-03-01T12:00:0${second}.123456789+00:00`;

describe('parseLogFile', () => {
  it('reads time, stream, end and text of every line', () => {
    const text = `${at(1)} stdout F hello world\n${at(2)} stderr P par\n${at(3)} stderr F tial\n${at(4)} stdout F \n`;
    assert.deepEqual(parseLogFile(Buffer.from(text)), [
      { time: at(1), stream: 'stdout', complete: true, bytes: Buffer.from('hello world') },
      { time: at(2), stream: 'stderr', complete: false, bytes: Buffer.from('par') },
      { time: at(3), stream: 'stderr', complete: true, bytes: Buffer.from('tial') },
      { time: at(4), stream: 'stdout', complete: true, bytes: Buffer.from('') },
    ]);
  });

  it('keeps every byte, as conmon cuts long lines within characters', () => {
    const bytes = Buffer.from([0xe2, 0x82, 0x0d, 0x00, 0xff]);
    const file = Buffer.concat([Buffer.from(`${at(1)} stdout P `), bytes, Buffer.from('\n')]);
    assert.deepEqual(parseLogFile(file)[0]?.bytes, bytes);
  });

  it('leaves out what has not the form: a torn last line, a foreign one', () => {
    const text = `garbage\n${at(1)} stdout F whole\n${at(2)} stdin F x\n${at(2)} stdout X x\n\n${at(3)} std`;
    assert.deepEqual(
      parseLogFile(Buffer.from(text)).map(({ bytes }) => String(bytes)),
      ['whole'],
    );
  });
});

/** `o:text` is a line of stdout, `e:` of stderr; `+` at the end: the line goes on. One per second. */
function log(words: string): LogPiece[] {
  return words
    .split(' ')
    .filter((word) => word !== '')
    .map((word, second) => ({
      time: at(second),
      stream: word.startsWith('o') ? 'stdout' : 'stderr',
      complete: !word.endsWith('+'),
      bytes: Buffer.from(word.slice(2)),
    }));
}

function select(words: string, query: LogQuery): string {
  return selectPieces(log(words), query)
    .map(({ stream, bytes, complete }) => `${stream === 'stdout' ? 'o' : 'e'}:${bytes}${complete ? '' : '+'}`)
    .join(' ')
    .replaceAll('++', '+');
}

describe('selectPieces', () => {
  const TAILS: [words: string, tail: number, expected: string][] = [
    ['o:a e:b o:c', 2, 'e:b o:c'],
    ['o:a e:b o:c', 0, ''],
    ['o:a e:b o:c', 3, 'o:a e:b o:c'],
    ['o:a e:b o:c', 9, 'o:a e:b o:c'],
    ['', 5, ''],
    ['o:a o:b+ o:c+ o:d', 1, 'o:b+ o:c+ o:d'],
    ['o:a o:b+ o:c', 2, 'o:a o:b+ o:c'],
    ['o:a o:b o:c+', 1, 'o:c+'],
    ['o:a+', 1, 'o:a+'],
    ['o:a o:b+ e:c o:d', 1, 'e:c'],
    ['o:a o:b+ e:c o:d', 2, 'o:b+ e:c o:d'],
    ['o:a+ e:b+ o:c e:d', 1, 'e:b+ e:d'],
  ];
  for (const [words, tail, expected] of TAILS) {
    it(`takes "${expected}" for the last ${tail} lines of "${words}"`, () =>
      assert.equal(select(words, { tail }), expected));
  }

  it('takes what lies between two moments, both included, and the tail of that', () => {
    const [since, until] = [Date.parse(at(1)), Date.parse(at(3))];
    assert.equal(select('o:a o:b o:c o:d o:e', { since }), 'o:b o:c o:d o:e');
    assert.equal(select('o:a o:b o:c o:d o:e', { until }), 'o:a o:b o:c o:d');
    assert.equal(select('o:a o:b o:c o:d o:e', { since, until, tail: 2 }), 'o:c o:d');
  });
});
