import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Command, Flag } from '../../../src/cli/command.ts';
import { parseCommandLine } from '../../../src/cli/parse.ts';

const FLAGS: Record<string, Flag> = {
  env: { type: 'strings', short: 'e', help: '' },
  interactive: { type: 'bool', short: 'i', help: '' },
  tty: { type: 'bool', short: 't', help: '' },
  'read-only': { type: 'bool', help: '' },
  name: { type: 'string', help: '' },
  user: { type: 'string', short: 'u', help: '' },
  time: { type: 'int', help: '' },
  cpus: { type: 'number', help: '' },
};

function parse(argv: string[], changes: Partial<Command> = {}) {
  return parseCommandLine(
    {
      path: ['create'],
      usage: '',
      summary: '',
      flags: FLAGS,
      positionals: [0, Number.POSITIVE_INFINITY],
      run: () => assert.fail('not run'),
      ...changes,
    },
    argv,
  );
}

/** What was given, by the type of each flag. */
function given(argv: string[], changes: Partial<Command> = {}): object {
  const args = parse(argv, changes);
  const value = (name: string, type: Flag['type']): unknown => {
    if (type === 'bool') return args.bool(name);
    if (type === 'strings') return args.strings(name);
    return type === 'int' ? args.int(name) : type === 'number' ? args.number(name) : args.string(name);
  };
  const flags = Object.entries(FLAGS).filter(([name]) => args.has(name));
  return {
    ...Object.fromEntries(flags.map(([name, { type }]) => [name, value(name, type)])),
    ...(args.positionals.length === 0 ? {} : { _: args.positionals }),
  };
}

const READ: [argv: string[], expected: object][] = [
  [[], {}],
  [['-it', 'image'], { interactive: true, tty: true, _: ['image'] }],
  [['-ti=false'], { tty: true, interactive: false }],
  [['-ite', 'A=1'], { interactive: true, tty: true, env: ['A=1'] }],
  [['-iteA=1'], { interactive: true, tty: true, env: ['A=1'] }],
  [['-eA=B', '-e', 'C', '--env=D=E', '--env', 'F'], { env: ['A=B', 'C', 'D=E', 'F'] }],
  [['-e=A=B'], { env: ['A=B'] }],
  [['-uroot'], { user: 'root' }],
  [['-u', '-x'], { user: '-x' }],
  [['--name', '-x'], { name: '-x' }],
  [['--name', '--'], { name: '--' }],
  [['--name', '', '--user='], { name: '', user: '' }],
  [['--name', 'a', '--name', 'b'], { name: 'b' }],
  [['--name', '007', '--user', '"quoted"'], { name: '007', user: '"quoted"' }],
  [['-e', 'A=1\nB=2'], { env: ['A=1\nB=2'] }],
  [['--read-only', 'false'], { 'read-only': true, _: ['false'] }],
  [
    ['--read-only=false', '--tty=0', '--interactive=T'],
    { 'read-only': false, tty: false, interactive: true },
  ],
  [['--time', '-1', '--cpus=1.5'], { time: -1, cpus: 1.5 }],
  [['--time=+7', '--cpus', '.5'], { time: 7, cpus: 0.5 }],
  [['a', '-i', 'b'], { interactive: true, _: ['a', 'b'] }],
  [['-i', '--', '-t', '--', 'a'], { interactive: true, _: ['-t', '--', 'a'] }],
  [['-', 'a'], { _: ['-', 'a'] }],
];

const HALTING: [argv: string[], expected: object][] = [
  [['-i', 'image', '-t', '--name', 'x'], { interactive: true, _: ['image', '-t', '--name', 'x'] }],
  [['image', '--', '-t'], { _: ['image', '--', '-t'] }],
  [['--', '-t', 'x'], { _: ['-t', 'x'] }],
  [['image', '--read-only=maybe', '--nonsense'], { _: ['image', '--read-only=maybe', '--nonsense'] }],
];

const REFUSED: [argv: string[], text: string][] = [
  [['--nam', 'x'], 'unknown flag: --nam'],
  [['--no-tty'], 'unknown flag: --no-tty'],
  [['--constructor', 'x'], 'unknown flag: --constructor'],
  [['--__proto__=x'], 'unknown flag: --__proto__'],
  [['-z'], "unknown shorthand flag: 'z' in -z"],
  [['-itz'], "unknown shorthand flag: 'z' in -z"],
  [['-t5'], "unknown shorthand flag: '5' in -5"],
  [['---x'], 'bad flag syntax: ---x'],
  [['--=x'], 'bad flag syntax: --=x'],
  [['--name'], 'flag needs an argument: --name'],
  [['-i', '-e'], "flag needs an argument: 'e' in -e"],
  [['-ie'], "flag needs an argument: 'e' in -e"],
  [
    ['--tty=maybe'],
    'invalid argument "maybe" for "-t, --tty" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
  ],
  [
    ['-t=maybe'],
    'invalid argument "maybe" for "-t, --tty" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
  ],
  [
    ['--read-only='],
    'invalid argument "" for "--read-only" flag: strconv.ParseBool: parsing "": invalid syntax',
  ],
  [
    ['--time', '1s'],
    'invalid argument "1s" for "--time" flag: strconv.ParseInt: parsing "1s": invalid syntax',
  ],
  [['--time='], 'invalid argument "" for "--time" flag: strconv.ParseInt: parsing "": invalid syntax'],
  [
    ['--time', '99999999999999999999'],
    'invalid argument "99999999999999999999" for "--time" flag: strconv.ParseInt: parsing "99999999999999999999": value out of range',
  ],
  [
    ['--cpus', 'many'],
    'invalid argument "many" for "--cpus" flag: strconv.ParseFloat: parsing "many": invalid syntax',
  ],
  [
    ['--cpus', '1e999'],
    'invalid argument "1e999" for "--cpus" flag: strconv.ParseFloat: parsing "1e999": value out of range',
  ],
];

describe('parseCommandLine', () => {
  for (const [argv, expected] of READ) {
    it(`reads ${JSON.stringify(argv)} as Podman does`, () => assert.deepEqual(given(argv), expected));
  }

  for (const [argv, expected] of HALTING) {
    it(`leaves to the container's command what follows the image in ${JSON.stringify(argv)}`, () =>
      assert.deepEqual(given(argv, { stopAtPositional: true }), expected));
  }

  for (const [argv, text] of REFUSED) {
    it(`refuses ${JSON.stringify(argv)} with "${text}"`, () =>
      assert.throws(() => parse(argv), {
        name: 'BerthError',
        code: 'usage',
        exitCode: 125,
        message: `${text}: see berth create --help`,
      }));
  }

  it('counts positionals', () => {
    const positionals: Command['positionals'] = [1, 2];
    assert.deepEqual(parse(['a', 'b'], { positionals }).positionals, ['a', 'b']);
    assert.throws(() => parse([], { positionals }), {
      message: 'requires at least 1 arg(s), only received 0: see berth create --help',
    });
    assert.throws(() => parse(['a', 'b', 'c'], { positionals }), {
      message: 'accepts at most 2 arg(s), received 3: see berth create --help',
    });
  });

  it('asks for no positional when help is wanted, with -h only where the command has no -h of its own', () => {
    for (const argv of [['--help'], ['-h'], ['-ih']]) {
      assert.equal(parse(argv, { positionals: [1, 1] }).bool('help'), true);
    }
    const flags: Record<string, Flag> = { hostname: { type: 'string', short: 'h', help: '' } };
    const args = parse(['-h', 'box'], { flags });
    assert.deepEqual([args.bool('help'), args.string('hostname')], [false, 'box']);
  });

  it('takes the fallback only for a flag that was not given', () => {
    assert.equal(parse([]).bool('tty', true), true);
    assert.equal(parse(['--tty=false']).bool('tty', true), false);
    assert.equal(parse([]).string('name'), undefined);
    assert.equal(parse([]).int('time'), undefined);
    assert.deepEqual(parse([]).strings('env'), []);
  });
});
