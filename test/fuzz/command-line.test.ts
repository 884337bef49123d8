/** Whatever a person types gets an answer: a value or a BerthError, soon. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CREATE_FLAGS } from '../../src/cli/create-flags.ts';
import { parseCommandLine } from '../../src/cli/parse.ts';
import { parseDuration } from '../../src/model/duration.ts';
import { parseEnvFile } from '../../src/model/env.ts';
import { BerthError } from '../../src/model/errors.ts';
import { parseHealthCommand } from '../../src/model/health.ts';
import { parseTmpfsFlag, parseVolumeFlag } from '../../src/model/mount-flags.ts';
import { parseRestartPolicy } from '../../src/model/restart.ts';
import { parseSecurityFlags } from '../../src/model/security-flags.ts';
import { parseSignal } from '../../src/model/signal.ts';
import { parseSize } from '../../src/model/size.ts';

const RUNS = { numRuns: 2000 };

/** Time of the processor, whoever else uses it: more than any of these needs for any input. */
const SOON_MS = 2000;

/** Text that looks like what is parsed, and text that does not, some of it long. */
function near(...pieces: string[]): fc.Arbitrary<string> {
  const mixed = fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((words) => words.join(''));
  const long = fc
    .tuple(fc.constantFrom(...pieces), fc.integer({ min: 1000, max: 20_000 }), fc.string({ maxLength: 3 }))
    .map(([piece, times, end]) => piece.repeat(times) + end);
  return fc.oneof(
    { weight: 6, arbitrary: mixed },
    { weight: 3, arbitrary: fc.string({ unit: 'binary' }) },
    { weight: 1, arbitrary: long },
  );
}

/** The value, or undefined after a BerthError; anything else thrown fails the test, and so does taking long. */
function answer<T>(parse: () => T): T | undefined {
  const begin = process.cpuUsage();
  try {
    return parse();
  } catch (error) {
    assert.ok(error instanceof BerthError, String((error as Error).stack));
    return undefined;
  } finally {
    const { user, system } = process.cpuUsage(begin);
    const took = (user + system) / 1000;
    assert.ok(took < SOON_MS, `it took ${took} ms`);
  }
}

function always<T>(
  input: fc.Arbitrary<string>,
  parse: (text: string) => T,
  check: (value: NonNullable<T>) => void = () => {},
): void {
  fc.assert(
    fc.property(input, (text) => {
      const value = answer(() => parse(text));
      if (value !== undefined && value !== null) check(value);
    }),
    RUNS,
  );
}

const COMMAND = {
  path: ['create'],
  usage: '',
  summary: '',
  flags: CREATE_FLAGS,
  run: () => assert.fail('not run'),
};

const words = fc.array(
  fc.oneof(
    fc.constantFrom(
      ...Object.keys(CREATE_FLAGS).flatMap((name) => [`--${name}`, `--${name}=`, `--${name}=x`]),
    ),
    fc.constantFrom(
      '--',
      '-',
      '---',
      '-it',
      '-eA=B',
      '--=',
      '-=',
      '--help',
      '--__proto__',
      '--constructor=x',
      '-i=false',
    ),
    near('-', '-', 'e', 't', '=', 'A', 'x', '"', "'", '\n'),
  ),
  { maxLength: 8 },
);

describe('what a person types gets an answer', () => {
  it('as a command line, halting at the image or not', () => {
    fc.assert(
      fc.property(words, fc.boolean(), (argv, stopAtPositional) => {
        const args = answer(() =>
          parseCommandLine(
            { ...COMMAND, stopAtPositional, positionals: [0, Number.POSITIVE_INFINITY] },
            argv,
          ),
        );
        if (args === undefined) return;
        // Nothing is made up: every positional is a word of the line, in its order.
        let from = 0;
        for (const word of args.positionals) {
          from = argv.indexOf(word, from) + 1;
          assert.ok(from > 0, `${JSON.stringify(word)} was not on the line`);
        }
      }),
      RUNS,
    );
  });

  it('as a command line that says what was meant, however it is spelled', () => {
    const value = fc.string();
    const flag = fc.oneof(
      fc.tuple(fc.constant('name'), value, fc.constantFrom('--name=V', '--name V')),
      fc.tuple(fc.constant('user'), value, fc.constantFrom('--user=V', '--user V', '-u V', '-iu V')),
      // A value glued to its letter must not be empty or begin with =, as for pflag.
      fc.tuple(
        fc.constant('env'),
        value.map((text) => `A${text}`),
        fc.constantFrom('--env=V', '-e V', '-eV', '-e=V', '-teV'),
      ),
    );
    fc.assert(
      fc.property(
        fc.array(flag, { maxLength: 6 }),
        fc.array(fc.string(), { maxLength: 4 }),
        (flags, command) => {
          const argv = flags.flatMap(([, text, form]) =>
            form.split(' ').map((word) => word.replace('V', () => text)),
          );
          const args = parseCommandLine(
            { ...COMMAND, stopAtPositional: true, positionals: [1, Number.POSITIVE_INFINITY] },
            [...argv, 'image', ...command],
          );
          const of = (name: string) =>
            flags.filter(([flagName]) => flagName === name).map(([, text]) => text);
          assert.deepEqual(args.positionals, ['image', ...command]);
          assert.deepEqual(args.strings('env'), of('env'));
          for (const name of ['name', 'user']) assert.equal(args.string(name), of(name).at(-1));
        },
      ),
      RUNS,
    );
  });

  it('as a duration', () => {
    always(near('1', '9', '.', 's', 'm', 'h', 'ns', 'µs', '-', '+', ' ', 'e'), parseDuration, (ms) =>
      assert.ok(Number.isFinite(ms) && !Object.is(ms, -0)),
    );
  });

  it('as a size', () => {
    always(near('1', '9', '.', 'k', 'M', 'g', 'i', 'b', ' ', '-'), parseSize, (bytes) =>
      assert.ok(Number.isSafeInteger(bytes) && bytes >= 0),
    );
  });

  it('as a signal', () => {
    always(near('SIG', 'TERM', 'RTMIN', 'RTMAX', '+', '-', '1', '9', 'term', '0'), parseSignal, (number) =>
      assert.ok(Number.isInteger(number) && number >= 1 && number <= 64),
    );
  });

  it('as a file of variables', () => {
    always(
      near('A', '=', '\n', '\r', '#', ' ', '*', '"', 'toString', '__proto__'),
      (text) => parseEnvFile(text, 'file', { A: '1', AA: '2' }),
      (env) => {
        for (const entry of env) assert.match(entry, /^[^=\n]+=[^\n]*$/);
      },
    );
  });

  it('as a bind mount and as a tmpfs', () => {
    const paths = near('/', 'a', '.', '..', ':', ',', 'ro', ' ', '\n');
    for (const parse of [parseVolumeFlag, parseTmpfsFlag]) {
      always(paths, parse, ({ source, destination }) => {
        for (const file of [destination, source ?? '/']) {
          assert.ok(file.startsWith('/'));
          assert.ok(!file.split('/').includes('..'));
          assert.ok(file === '/' || !file.endsWith('/'));
        }
      });
    }
  });

  it('as a restart policy, a security option and a health command', () => {
    always(near('no', 'always', 'on-failure', ':', '1', 'constructor'), parseRestartPolicy, ({ name }) =>
      assert.equal(typeof name, 'string'),
    );
    always(near('seccomp', 'mask', 'unmask', '=', ':', '/', 'a', 'ALL'), (text) =>
      parseSecurityFlags([text], { add: [], drop: [] }),
    );
    always(near('CMD', '[', ']', '"', ',', 'NONE', 'a', ' ', '\\'), parseHealthCommand, ({ test }) =>
      assert.ok(test.length > 0),
    );
  });
});
