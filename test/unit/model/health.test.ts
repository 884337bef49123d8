import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  foldHealth,
  HEALTH_DEFAULTS,
  HEALTH_ON_FAILURE,
  type HealthConfig,
  type HealthResult,
  healthTest,
  initialHealth,
  parseHealthCommand,
  STARTUP_DEFAULTS,
} from '../../../src/model/health/health.ts';

const STARTED_AT = '2026-03-01T12:00:00.000Z';
const CONFIG: HealthConfig = { ...HEALTH_DEFAULTS, test: ['true'], testAsGiven: ['CMD', 'true'] };

const STARTUP = { ...STARTUP_DEFAULTS, test: ['ready'], testAsGiven: ['CMD', 'ready'] };

/** A run that began so many seconds after the start. */
function result(second: number, exitCode: number, output = ''): HealthResult {
  const at = (offset: number): string => new Date(Date.parse(STARTED_AT) + offset * 1000).toISOString();
  return { exitCode, output, start: at(second), end: at(second + 1) };
}

/**
 * A container's life in checks: `SECOND:EXIT>STATUS/STREAK`, with `!` where the change is announced, `+` where the next
 * one is a startup check, and the action's word where there is one.
 */
const LIVES: [title: string, changes: Partial<HealthConfig>, life: string][] = [
  ['a success makes it healthy, once', {}, '1:0>healthy/0! 31:0>healthy/0'],
  [
    'the third failure in a row makes it unhealthy',
    {},
    '1:1>starting/1 31:1>starting/2 61:1>unhealthy/3! 91:1>unhealthy/4',
  ],
  [
    'a success starts the count again',
    {},
    '1:1>starting/1 2:0>healthy/0! 3:1>healthy/1 4:1>healthy/2 5:0>healthy/0',
  ],
  [
    'a success makes an unhealthy one healthy',
    { retries: 1 },
    '1:1>unhealthy/1! 2:0>healthy/0! 3:1>unhealthy/1!',
  ],
  ['any code but 0 is a failure: a time-out too', { retries: 2 }, '1:-1>starting/1 2:255>unhealthy/2!'],
  [
    'failures in the start period do not count, up to its last millisecond',
    { startPeriodMs: 10_000, retries: 1 },
    '1:1>starting/0 9.999:1>starting/0 10:1>unhealthy/1!',
  ],
  [
    'failures before the start, of a clock that was set back since, count: that is no start period',
    { startPeriodMs: 10_000, retries: 2 },
    '-3600:1>starting/1 -3599:1>unhealthy/2!',
  ],
  [
    'a success in the start period counts, and failures there still do not',
    { startPeriodMs: 10_000, retries: 1 },
    '1:0>healthy/0! 2:1>healthy/0 11:1>unhealthy/1!',
  ],
  [
    'a startup check makes it healthy and gives way to the regular one after its successes in a row',
    { startup: { ...STARTUP, successes: 2 }, retries: 1 },
    '1:1>starting/0+ 2:0>healthy/0!+ 3:1>healthy/0+ 4:0>healthy/0+ 5:0>healthy/0 6:1>unhealthy/1!',
  ],
  [
    'one success of a startup check is enough unless told, and its failures are as those in a start period',
    { startup: STARTUP, retries: 1, onFailure: 'kill' },
    '1:1>starting/0+ 2:1>starting/0+ 3:-1>starting/0+ 4:0>healthy/0! 5:1>unhealthy/1!kill',
  ],
  [
    'so many failures of a startup check restart the container, whatever comes between them',
    { startup: { ...STARTUP, successes: 9, retries: 3 }, onFailure: 'none' },
    '1:1>starting/0+ 2:1>starting/0+ 3:0>healthy/0!+ 4:1>healthy/0+restart',
  ],
  [
    'the action follows every unhealthy verdict and nothing else',
    { retries: 2, onFailure: 'kill' },
    '1:1>starting/1 2:1>unhealthy/2!kill 3:1>unhealthy/3kill 4:0>healthy/0! 5:1>healthy/1',
  ],
];

describe('foldHealth', () => {
  for (const [title, changes, life] of LIVES) {
    it(`knows that ${title}`, () => {
      let state = initialHealth({ ...CONFIG, ...changes });
      const told = life.split(' ').map((step) => {
        const [, second, exitCode] = /^(-?[\d.]+):(-?\d+)>/.exec(step) ?? assert.fail(step);
        const fold = foldHealth(
          state,
          result(Number(second), Number(exitCode)),
          { ...CONFIG, ...changes },
          STARTED_AT,
        );
        state = fold.state;
        const action = fold.action === 'none' ? '' : fold.action;
        const more = `${fold.changed ? '!' : ''}${state.startup === undefined ? '' : '+'}${action}`;
        return `${second}:${exitCode}>${state.status}/${state.failingStreak}${more}`;
      });
      assert.equal(told.join(' '), life);
    });
  }

  for (const onFailure of HEALTH_ON_FAILURE) {
    it(`hands out the action ${onFailure} as configured`, () => {
      const fold = foldHealth(
        initialHealth(CONFIG),
        result(1, 1),
        { ...CONFIG, retries: 1, onFailure },
        STARTED_AT,
      );
      assert.equal(fold.action, onFailure);
    });
  }

  const CUTS: [output: string, maxLogSize: number, kept: string][] = [
    ['abcdef', 3, 'abc'],
    ['abc', 3, 'abc'],
    ['abcdef', 0, 'abcdef'],
    ['aé', 2, 'a'],
    ['aé', 3, 'aé'],
    ['€€', 5, '€'],
    ['a😀b', 4, 'a'],
    ['a😀b', 5, 'a😀'],
    ['😀', 1, ''],
  ];
  it('keeps no more than 1 MiB when told to keep all', () => {
    const output = 'x'.repeat(3_000_000);
    const { entry } = foldHealth(
      initialHealth(CONFIG),
      result(1, 0, output),
      { ...CONFIG, maxLogSize: 0 },
      STARTED_AT,
    );
    assert.equal(entry.output.length, 1_048_576);
  });

  for (const [output, maxLogSize, kept] of CUTS) {
    it(`keeps ${JSON.stringify(kept)} of ${JSON.stringify(output)} at ${maxLogSize} bytes`, () => {
      const { entry } = foldHealth(
        initialHealth(CONFIG),
        result(1, 0, output),
        { ...CONFIG, maxLogSize },
        STARTED_AT,
      );
      assert.deepEqual(entry, result(1, 0, kept));
    });
  }
});

const sh = (script: string, ...given: string[]) => ({
  test: ['/bin/sh', '-c', script],
  testAsGiven: ['CMD-SHELL', ...(given.length === 0 ? [script] : given)],
});
const argv = (...words: string[]) => ({ test: words, testAsGiven: ['CMD', ...words] });

describe('a check command', () => {
  const FLAGS: [text: string, expected: ReturnType<typeof parseHealthCommand>][] = [
    ['redis-cli ping', sh('redis-cli ping')],
    ['CMD redis-cli  ping', argv('redis-cli', 'ping')],
    ['CMD-SHELL redis-cli  ping', sh('redis-cli  ping')],
    ['CMDS redis-cli', sh('CMDS redis-cli')],
    ['none at all', undefined],
    ['[ -e /ready ]', sh('[ -e /ready ]')],
    ['["curl", "-f", "localhost"]', argv('curl', '-f', 'localhost')],
    ['["curl -f localhost"]', sh('curl -f localhost')],
    ['["CMD", "curl"]', argv('curl')],
    ['["cmd", "curl", "-f"]', argv('curl', '-f')],
    ['["CMD-SHELL", "a", "b"]', sh('a b', 'a', 'b')],
    ['["a", 1]', sh('["a", 1]')],
    ['none', undefined],
    ['NONE', undefined],
    ['["NONE"]', undefined],
    ['', undefined],
  ];
  for (const [text, expected] of FLAGS) {
    it(`--health-cmd ${JSON.stringify(text)} means ${JSON.stringify(expected?.test ?? 'no check')}`, () =>
      assert.deepEqual(parseHealthCommand(text), expected));
  }

  it('of no words is refused', () =>
    assert.throws(() => parseHealthCommand('[]'), {
      message: 'must define a healthcheck command for all healthchecks',
    }));

  it('of an image means the same in its array form', () => {
    assert.deepEqual(healthTest(['CMD-SHELL', 'exit 1']), sh('exit 1'));
    assert.deepEqual(healthTest(['CMD', 'a', 'b']), argv('a', 'b'));
    assert.deepEqual(healthTest(['a', 'b']), argv('a', 'b'));
    for (const none of [[], [''], ['NONE'], ['none', 'x']]) assert.equal(healthTest(none), undefined);
  });

  it('that is empty behind its keyword is refused, for it would always succeed or always fail', () => {
    for (const text of ['CMD', 'cmd-shell', '["CMD"]', '["CMD-SHELL"]']) {
      assert.throws(() => parseHealthCommand(text), {
        code: 'invalid',
        message: /must be followed by a command$/,
      });
    }
  });
});
