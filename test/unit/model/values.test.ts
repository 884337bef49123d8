/** The small words of the command line: durations, sizes, signals, restart policies, names. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatDuration, humanDuration, parseDuration } from '../../../src/model/duration.ts';
import {
  checkName,
  healthUnits,
  idFromBytes,
  randomName,
  shortId,
  unitName,
} from '../../../src/model/name.ts';
import { formatRestartPolicy, parseRestartPolicy, retriesExhausted } from '../../../src/model/restart.ts';
import { parseSignal, signalName } from '../../../src/model/signal.ts';
import { humanSize, parseSize } from '../../../src/model/size.ts';

const INVALID = { name: 'BerthError', code: 'invalid', exitCode: 125 };

describe('a duration', () => {
  const READ: [text: string, ms: number][] = [
    ['0', 0],
    ['-0', 0],
    ['0s', 0],
    ['-0s', 0],
    ['30s', 30_000],
    ['1m30s', 90_000],
    ['1h2m3s4ms', 3_723_004],
    ['1.5h', 5_400_000],
    ['1.s', 1000],
    ['.5s', 500],
    ['1.001s', 1001],
    ['500ms', 500],
    ['1us', 0.001],
    ['1µs', 0.001],
    ['1μs', 0.001],
    ['1ns', 0.000001],
    ['0.4ns', 0],
    ['0.5ns', 0],
    ['1.9ns', 0.000001],
    ['1.5us0.9ns', 0.0015],
    ['0.3333333333333333333h', 1_199_999.999999],
    ['-1.5s', -1500],
    ['+2s', 2000],
    ['2562047h47m16.854775s', 9_223_372_036_854.775],
    ['9223372036854775807ns', 9_223_372_036_854.775],
    [`${'0'.repeat(100)}1s`, 1000],
  ];
  for (const [text, ms] of READ) it(`${text} is ${ms} ms`, () => assert.equal(parseDuration(text), ms));

  // In Go's words: time.ParseDuration.
  const REFUSED: [text: string, why: string][] = [
    ['', 'invalid duration'],
    ['-', 'invalid duration'],
    ['+', 'invalid duration'],
    ['5', 'missing unit in duration'],
    ['1.5', 'missing unit in duration'],
    ['.s', 'invalid duration'],
    ['s', 'invalid duration'],
    ['1 s', 'unknown unit " s" in duration'],
    [' 1s', 'invalid duration'],
    ['1s ', 'unknown unit "s " in duration'],
    ['1d', 'unknown unit "d" in duration'],
    ['1m-30s', 'unknown unit "m-" in duration'],
    ['--1s', 'invalid duration'],
    ['1e3s', 'unknown unit "e" in duration'],
    ['1s1', 'missing unit in duration'],
    ['1,5s', 'unknown unit "," in duration'],
    ['1constructor', 'unknown unit "constructor" in duration'],
    ['2562048h', 'invalid duration'],
    ['9223372036854775808ns', 'invalid duration'],
    [`${'9'.repeat(400)}h`, 'invalid duration'],
  ];
  for (const [text, why] of REFUSED) {
    it(`${JSON.stringify(text.slice(0, 20))} is refused and quoted`, () =>
      assert.throws(() => parseDuration(text), {
        ...INVALID,
        message: `time: ${why} ${JSON.stringify(text)}: write a number with a unit, like 30s, 1m30s or 500ms`,
      }));
  }

  it('of a hundred thousand digits is refused at once', () => {
    assert.throws(() => parseDuration('1'.repeat(100_000)), INVALID);
    assert.throws(() => parseDuration(`${'1s'.repeat(50_000)}1`), INVALID);
  });

  const PRINTED: [ms: number, text: string][] = [
    [0, '0s'],
    [0.000001, '1ns'],
    [0.0015, '1.5µs'],
    [1.5, '1.5ms'],
    [999, '999ms'],
    [1000, '1s'],
    [1500, '1.5s'],
    [60_000, '1m0s'],
    [60_000.0001, '1m0.0000001s'],
    [90_000, '1m30s'],
    [3_600_000, '1h0m0s'],
    [7_325_250, '2h2m5.25s'],
    [-1500, '-1.5s'],
    [-20, '-20ms'],
  ];
  for (const [ms, text] of PRINTED)
    it(`of ${ms} ms is printed as ${text}`, () => assert.equal(formatDuration(ms), text));

  it('up to a hundred days comes back from its printed form to the millisecond', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 33), max: 2 ** 33 }), (ms) => {
        assert.equal(parseDuration(formatDuration(ms)), ms);
      }),
      { numRuns: 2000 },
    );
  });

  it('comes back from its printed form to the nanosecond', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e13 }), (nanoseconds) => {
        assert.equal(parseDuration(formatDuration(nanoseconds / 1e6)), nanoseconds / 1e6);
      }),
      { numRuns: 2000 },
    );
  });

  const S = 1000;
  const [M, H, D] = [60 * S, 3600 * S, 24 * 3600 * S];
  const AGES: [ms: number, text: string][] = [
    [0, 'Less than a second'],
    [999, 'Less than a second'],
    [S, '1 second'],
    [59 * S, '59 seconds'],
    [M, 'About a minute'],
    [2 * M, '2 minutes'],
    [59 * M, '59 minutes'],
    [H, 'About an hour'],
    [1.4 * H, 'About an hour'],
    [1.5 * H, '2 hours'],
    [47 * H, '47 hours'],
    [2 * D, '2 days'],
    [13 * D, '13 days'],
    [14 * D, '2 weeks'],
    [59 * D, '8 weeks'],
    [60 * D, '2 months'],
    [364 * D, '12 months'],
    [729 * D, '24 months'],
    [730 * D, '2 years'],
  ];
  it('is told to people as Podman tells it', () => {
    assert.deepEqual(
      AGES.map(([ms]) => [ms, humanDuration(ms)]),
      AGES,
    );
  });
});

describe('a size', () => {
  const READ: [text: string, bytes: number][] = [
    ['0', 0],
    ['1', 1],
    ['1b', 1],
    ['1k', 1024],
    ['1K', 1024],
    ['1kb', 1024],
    ['1KiB', 1024],
    ['64m', 67_108_864],
    ['64 MB', 67_108_864],
    ['1.5g', 1_610_612_736],
    ['.5k', 512],
    ['1ki', 1024],
    ['1ib', 1],
    ['1 ', 1],
    ['2t', 2_199_023_255_552],
    ['1p', 1_125_899_906_842_624],
  ];
  for (const [text, bytes] of READ)
    it(`${text} is ${bytes} bytes`, () => assert.equal(parseSize(text), bytes));

  for (const text of [
    '',
    'k',
    '-1',
    '+1',
    '1bb',
    '1bib',
    '1.k',
    '1x',
    '1 k b',
    '1.2.3k',
    '1  m',
    ' 1m',
    '9p',
    '9'.repeat(400),
  ]) {
    it(`${JSON.stringify(text.slice(0, 20))} is refused and quoted`, () =>
      assert.throws(() => parseSize(text), {
        ...INVALID,
        message: `invalid size: '${text}': write a number with b, k, m or g, like 512m`,
      }));
  }

  it('is told to people in decimal units with three digits', () => {
    const told = [0, 999, 1000, 1234, 123_456_789, 4_500_000_000, 7e12, 1e18].map(humanSize);
    assert.deepEqual(told, ['0 B', '999 B', '1 kB', '1.23 kB', '123 MB', '4.5 GB', '7 TB', '1000 PB']);
  });
});

describe('a signal', () => {
  // Names of kill -l on x86 and ARM, with the second names that signal(7) lists.
  const NAMES: Record<number, string> = {
    1: 'HUP',
    2: 'INT',
    3: 'QUIT',
    4: 'ILL',
    5: 'TRAP',
    6: 'ABRT',
    7: 'BUS',
    8: 'FPE',
    9: 'KILL',
    10: 'USR1',
    11: 'SEGV',
    12: 'USR2',
    13: 'PIPE',
    14: 'ALRM',
    15: 'TERM',
    16: 'STKFLT',
    17: 'CHLD',
    18: 'CONT',
    19: 'STOP',
    20: 'TSTP',
    21: 'TTIN',
    22: 'TTOU',
    23: 'URG',
    24: 'XCPU',
    25: 'XFSZ',
    26: 'VTALRM',
    27: 'PROF',
    28: 'WINCH',
    29: 'IO',
    30: 'PWR',
    31: 'SYS',
  };

  it('is known by name, with and without SIG, in any case, and by number', () => {
    for (const [number, name] of Object.entries(NAMES)) {
      for (const text of [name, `SIG${name}`, name.toLowerCase(), `sig${name.toLowerCase()}`, number]) {
        assert.equal(parseSignal(text), Number(number), text);
      }
      assert.equal(signalName(Number(number)), `SIG${name}`);
    }
  });

  const OTHERS: [text: string, number: number][] = [
    ['IOT', 6],
    ['CLD', 17],
    ['POLL', 29],
    ['RTMIN', 34],
    ['SIGRTMIN', 34],
    ['RTMIN+3', 37],
    ['sigrtmin+30', 64],
    ['RTMAX', 64],
    ['RTMAX-1', 63],
    ['SIGRTMAX-30', 34],
    ['64', 64],
    ['015', 15],
  ];
  for (const [text, number] of OTHERS)
    it(`${text} is ${number}`, () => assert.equal(parseSignal(text), number));

  for (const text of [
    '',
    '0',
    '65',
    '-1',
    'SIG',
    'SIGSIGTERM',
    'TERM ',
    'SIG9',
    'RTMIN-1',
    'RTMAX+1',
    'RTMIN+31',
    'RTMIN+',
    'constructor',
    '1.5',
    '0x9',
  ]) {
    it(`${JSON.stringify(text)} is refused`, () =>
      assert.throws(() => parseSignal(text), {
        ...INVALID,
        message: Number(text) > 64 ? 'valid signals are 1 through 64' : `invalid signal: ${text}`,
      }));
  }

  it('of real time is named by its distance from the nearer end', () => {
    assert.deepEqual([34, 37, 49, 50, 61, 64, 32].map(signalName), [
      'SIGRTMIN',
      'SIGRTMIN+3',
      'SIGRTMIN+15',
      'SIGRTMAX-14',
      'SIGRTMAX-3',
      'SIGRTMAX',
      '32',
    ]);
  });

  it('comes back from its name', () => {
    for (let number = 1; number <= 64; number++) assert.equal(parseSignal(signalName(number)), number);
  });
});

describe('a restart policy', () => {
  const READ: [text: string, name: string, retries: number][] = [
    ['', 'no', 0],
    ['no', 'no', 0],
    ['never', 'no', 0],
    ['always', 'always', 0],
    ['on-failure', 'on-failure', 0],
    ['on-failure:3', 'on-failure', 3],
    ['on-failure:0', 'on-failure', 0],
    ['unless-stopped', 'unless-stopped', 0],
  ];
  for (const [text, name, maximumRetryCount] of READ) {
    it(`${JSON.stringify(text)} is read`, () =>
      assert.deepEqual(parseRestartPolicy(text), { name, maximumRetryCount }));
  }

  const REFUSED: [text: string, message: RegExp][] = [
    [
      'maybe',
      /^"maybe" is not a valid restart policy: invalid argument: use no, always, on-failure\[:max-retries\] or unless-stopped$/,
    ],
    ['constructor', /^"constructor" is not a valid restart policy/],
    ['__proto__', /^"__proto__" is not a valid restart policy/],
    ['ALWAYS', /^"ALWAYS" is not a valid restart policy/],
    ['on-failure:1:2', /^invalid restart policy: may specify retries at most once/],
    ['always:3', /^restart policy retries can only be specified with on-failure restart policy/],
    ['on-failure:', /^parsing restart policy retry count: strconv.Atoi: parsing "": invalid syntax: use /],
    ['on-failure:-1', /^must specify restart policy retry count as a number greater than 0: use /],
    ['on-failure:99999999999', /^parsing restart policy retry count: .*: value out of range: use /],
  ];
  for (const [text, message] of REFUSED) {
    it(`${JSON.stringify(text)} is refused`, () =>
      assert.throws(() => parseRestartPolicy(text), { ...INVALID, message }));
  }

  it('comes back from its printed form', () => {
    for (const text of ['no', 'always', 'on-failure', 'on-failure:3', 'unless-stopped']) {
      assert.equal(formatRestartPolicy(parseRestartPolicy(text)), text);
    }
  });

  it('is exhausted only as on-failure:N, when systemd has counted N restarts', () => {
    const exhausted = (text: string, restarts: number) =>
      retriesExhausted(parseRestartPolicy(text), restarts);
    assert.deepEqual(
      [1, 2, 3, 4].map((restarts) => exhausted('on-failure:3', restarts)),
      [false, false, true, true],
    );
    for (const text of ['no', 'always', 'on-failure', 'unless-stopped'])
      assert.equal(exhausted(text, 1000), false);
  });
});

describe('a name', () => {
  for (const name of ['a', 'cache', 'A.b-c_9', '9lives', 'a'.repeat(200)]) {
    it(`${name.slice(0, 20)} is taken`, () => assert.equal(checkName(name), name));
  }

  for (const name of ['', '-a', '.a', '_a', 'a b', 'a/b', 'a@b', 'é', 'a\n', 'a%n', '../x']) {
    it(`${JSON.stringify(name)} is refused`, () =>
      assert.throws(() => checkName(name), {
        ...INVALID,
        message: `names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument: ${JSON.stringify(name)}`,
      }));
  }

  it('that systemd could not make a unit of is refused', () => {
    assert.throws(() => checkName('a'.repeat(201)), {
      message: 'container name is too long: 201 characters, at most 200',
    });
    const longest = 'a'.repeat(200);
    for (const unit of [unitName(longest), ...Object.values(healthUnits(longest))])
      assert.ok(unit.length <= 255);
  });

  it('never makes a container’s unit out of another one’s health units', () => {
    assert.deepEqual(
      [unitName('a'), healthUnits('a')],
      ['berth-a.service', { timer: 'berth-health@a.timer', service: 'berth-health@a.service' }],
    );
    assert.throws(() => checkName('health@a'), INVALID);
  });

  it('chosen by chance is always a valid one, with a number from the second try on', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.nat({ max: 50 }),
        (random, attempt) => {
          const name = randomName(() => random, attempt);
          checkName(name);
          assert.match(name, attempt === 0 ? /^[a-z]+_[a-z]+$/ : /^[a-z]+_[a-z]+\d+$/);
        },
      ),
    );
  });
});

describe('an id', () => {
  it('is 64 hex digits, of which people see twelve', () => {
    const id = idFromBytes(new Uint8Array(32).fill(0xab));
    assert.equal(id, 'ab'.repeat(32));
    assert.equal(shortId(id), 'abababababab');
  });
});
