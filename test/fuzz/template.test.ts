/** Whatever is written after --format: an answer or a BerthError, soon; and what is printed parses to the same. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { BerthError } from '../../src/model/errors.ts';
import { formatObjects, formatRows } from '../../src/model/template/report.ts';
import { LISTED_CONTAINER } from '../../src/model/template/shapes/listed.ts';
import { parseTemplate, type Template } from '../../src/model/template/template.ts';

const RUNS = 6000;

/** Longest time of the processor, whoever else uses it, that any one template may take, in µs. */
const SOON = 20_000_000;

const DATA = {
  Name: 'one',
  Pid: 7,
  Size: 1.5,
  On: true,
  Nil: null,
  Args: ['sleep', '100'],
  Labels: new Map([
    ['a', '1'],
    ['b', 'é'],
  ]),
  State: { Status: 'created', Health: { Log: [] } },
};

/** Pieces that make something of each other more often than random text does. */
const piece = fc.oneof(
  fc.constantFrom(
    ...[
      '{{',
      '}}',
      '{{-',
      ' -}}',
      '(',
      ')',
      '|',
      ' ',
      ':=',
      '=',
      ',',
      '.',
      '$',
      '$x',
      '"',
      '`',
      "'",
      '\\',
      '\n',
      '/*',
      '*/',
    ],
    ...[
      'if',
      'else',
      'end',
      'range',
      'with',
      'define',
      'template',
      'block',
      'break',
      'continue',
      'nil',
      'true',
      'table ',
    ],
    ...['.Name', '.Args', '.Labels', '.State', '.State.Status', '.Nil', '.Pid', '.Size', '.Nope'],
    ...[
      'len',
      'index',
      'slice',
      'printf',
      'print',
      'json',
      'join',
      'eq',
      'lt',
      'and',
      'or',
      'not',
      'truncate',
      'pad',
      'split',
      'call',
    ],
    ...['0', '1', '-1', '3', '1e3', '0x', '9999999999999999999', '"a"', '"%d"', '"%*[3]v%"', "'a'", '","'],
  ),
  fc.string({ unit: 'grapheme', maxLength: 4 }),
);
const rough = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(''));

/** Templates that parse: every kind of statement and operand. */
const { statements } = fc.letrec<{
  operand: string;
  call: string;
  pipe: string;
  statement: string;
  statements: string;
}>((tie) => ({
  operand: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(
      '.',
      '.Name',
      '.Args',
      '.Labels',
      '.Labels.a',
      '.Pid',
      '.Size',
      '.On',
      '.Nil',
      '.State.Status',
      '$',
    ),
    fc.integer({ min: -3, max: 12 }).map(String),
    fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }).map((n) => n.toFixed(3)),
    fc
      .string({ unit: 'grapheme-composite', maxLength: 6 })
      .map((text) => JSON.stringify(text.replace(/[{}]/g, ''))),
    fc.constantFrom('"%d"', '"%-5s|%05d"', '"%v %T"', '"%[2]*.[1]*f"', '"a"', 'true', 'nil'),
    tie('pipe').map((pipe) => `(${pipe})`),
    tie('pipe').map((pipe) => `(${pipe}).Name`),
  ),
  call: fc
    .tuple(
      fc.constantFrom(
        ...'and or not eq ne lt le gt ge len index slice print println printf html js urlquery call'.split(
          ' ',
        ),
        ...'json join split lower upper title truncate pad'.split(' '),
      ),
      fc.array(tie('operand'), { maxLength: 4 }),
    )
    .map(([name, args]) => [name, ...args].join(' ')),
  pipe: fc
    .tuple(
      fc.oneof({ depthSize: 'small' }, tie('operand'), tie('call')),
      fc.array(tie('call'), { maxLength: 2 }),
    )
    .map(([first, rest]) => [first, ...rest].join(' | ')),
  statement: fc.oneof(
    { depthSize: 'small' },
    fc.string({ unit: 'grapheme', maxLength: 6 }).map((text) => text.replaceAll('{', '')),
    tie('pipe').map((pipe) => `{{${pipe}}}`),
    tie('pipe').map((pipe) => `{{$v := ${pipe}}}{{$v}}`),
    fc
      .tuple(tie('pipe'), tie('statements'))
      .map(([pipe, body]) => `{{if ${pipe}}}${body}{{else if .On}}y{{end}}`),
    fc
      .tuple(tie('pipe'), tie('statements'))
      .map(([pipe, body]) => `{{range $i, $e := ${pipe}}}${body}{{$i}}{{break}}{{else}}n{{end}}`),
    fc.tuple(tie('pipe'), tie('statements')).map(([pipe, body]) => `{{with ${pipe}}}${body}{{end}}`),
  ),
  statements: fc.array(tie('statement'), { maxLength: 4 }).map((parts) => parts.join('')),
}));

/** The template, or undefined when it is refused as it should be. */
function parsed(text: string): Template | undefined {
  return answer(() => parseTemplate(text, { name: 'fuzz' }));
}

function answer<T>(ask: () => T): T | undefined {
  const start = process.cpuUsage();
  try {
    return ask();
  } catch (error) {
    assert.ok(
      error instanceof BerthError,
      `not a BerthError: ${error instanceof Error ? error.stack : error}`,
    );
    assert.equal(error.code, 'usage');
    assert.match(error.message, /^template: /);
    return undefined;
  } finally {
    const { user, system } = process.cpuUsage(start);
    assert.ok(user + system < SOON, 'took too long');
  }
}

describe('fuzz: templates', () => {
  it('of random pieces are answered or refused', () => {
    fc.assert(
      fc.property(rough, (text) => {
        answer(() => parsed(text)?.execute(DATA));
        answer(() => formatObjects(text, [DATA], { name: 'inspect' }));
        answer(() =>
          formatRows({
            name: 'ps',
            format: text,
            table: '',
            headers: {},
            rows: [{}],
            type: LISTED_CONTAINER,
          }),
        );
      }),
      { numRuns: RUNS },
    );
  });

  it('of the grammar parse, and are answered or refused', () => {
    let answered = 0;
    fc.assert(
      fc.property(statements, (text) => {
        const template = parsed(text);
        assert.ok(template !== undefined, 'the grammar is right');
        if (answer(() => template.execute(DATA)) !== undefined) answered++;
      }),
      { numRuns: RUNS },
    );
    assert.ok(answered > RUNS / 20, `only ${answered} of ${RUNS} gave an answer`);
  });

  it('parse to the same tree again when printed', () => {
    fc.assert(
      fc.property(fc.oneof(statements, rough), (text) => {
        const printed = parsed(text)?.print();
        if (printed === undefined) return;
        assert.equal(parseTemplate(printed, { name: 'fuzz' }).print(), printed);
      }),
      { numRuns: RUNS },
    );
  });
});
