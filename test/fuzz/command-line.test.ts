/** Whatever a person types gets an answer: a value or a BerthError, soon. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CREATE_FLAGS, createRequest } from '../../src/cli/flags/create.ts';
import { parseCommandLine } from '../../src/cli/parse.ts';
import { parseCopyPlaces } from '../../src/model/copy.ts';
import { parseDetachKeys } from '../../src/model/detach-keys.ts';
import { parseDuration } from '../../src/model/duration.ts';
import { parseEnvFile, parseEnvFlags } from '../../src/model/env.ts';
import { eventFilter } from '../../src/model/event-filter.ts';
import { parseHealthCommand } from '../../src/model/health/health.ts';
import { imageFilter } from '../../src/model/image/filter.ts';
import { normaliseImageName } from '../../src/model/image/image.ts';
import { parseMoment } from '../../src/model/moment.ts';
import { parseTmpfsFlag, parseVolumeFlag } from '../../src/model/mount-flags.ts';
import { checkArtifactName, checkName } from '../../src/model/name.ts';
import { parseNamespaceMode } from '../../src/model/namespace.ts';
import { parseRestartPolicy } from '../../src/model/restart.ts';
import { parseSecurityFlags } from '../../src/model/security-flags.ts';
import { parseSignal } from '../../src/model/signal.ts';
import { parseSize } from '../../src/model/size.ts';
import { parseUlimit } from '../../src/model/ulimit.ts';
import { always, answer, near, RUNS } from './answer.ts';

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

  it('as a create of any flags', () => {
    const flags = Object.keys(CREATE_FLAGS).filter((name) => !name.endsWith('-file'));
    const value = fc.oneof(
      near('1', '-', ':', '=', ',', '/', 'a', 'none', 'container:', '[', '"', '\n', '\x1b[2J', '\u202e'),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...flags), value), { maxLength: 4 }), (given) => {
        const argv = given.map(([name, text]) => `--${name}=${text}`);
        const args = answer(() =>
          parseCommandLine({ ...COMMAND, stopAtPositional: true, positionals: [1, 2] }, [...argv, 'image']),
        );
        if (args === undefined) return;
        const request = answer(() =>
          createRequest(args, [], process.env, { network: 'none', defaultNetwork: 'podman' }),
        );
        if (request === undefined) return;
        assert.ok(request.stopSignal === undefined || request.stopSignal > 0);
        assert.ok(request.shmSizeBytes >= 0 && request.umask >= 0 && request.umask <= 0o7777);
        for (const { destination } of request.mounts) assert.ok(destination.startsWith('/'));
      }),
      RUNS,
    );
  });

  const whole = { quoted: true };

  it('as a duration', () => {
    always(
      near('1', '9', '.', 's', 'm', 'h', 'ns', 'µs', '-', '+', ' ', 'e'),
      parseDuration,
      (ms) => assert.ok(Number.isFinite(ms) && !Object.is(ms, -0)),
      whole,
    );
  });

  it('as a moment', () => {
    always(
      near('2026', '-', '02', '30', 'T', ':', '24', '99', 'Z', '+', '.', '1', 'h', ' '),
      (text) => parseMoment(text, { now: 0 }),
      (moment) => assert.ok(!Number.isNaN(new Date(moment).getTime())),
      whole,
    );
  });

  it('as a size', () => {
    always(
      near('1', '9', '.', 'k', 'M', 'g', 'i', 'b', ' ', '-'),
      parseSize,
      (bytes) => assert.ok(Number.isSafeInteger(bytes) && bytes >= 0),
      whole,
    );
  });

  it('as a signal', () => {
    always(near('SIG', 'TERM', 'RTMIN', 'RTMAX', '+', '-', '1', '9', 'term', '0'), parseSignal, (number) =>
      assert.ok(Number.isInteger(number) && number >= 1 && number <= 64),
    );
  });

  it('as a limit of a process', () => {
    always(
      near('nofile', 'RLIMIT_', 'core', '=', ':', '1', '9', '-', '+', ' '),
      parseUlimit,
      ({ soft, hard }) => {
        assert.ok(Number.isSafeInteger(soft) && Number.isSafeInteger(hard));
        assert.ok(hard < 0 || (soft >= 0 && soft <= hard));
      },
      whole,
    );
  });

  it('as keys to detach', () => {
    always(near('ctrl-', 'CTRL-', 'a', 'Z', '[', '@', ',', '~', 'é'), parseDetachKeys, (bytes, text) => {
      assert.equal(bytes.length, text === '' ? 0 : text.split(',').length);
      for (const byte of bytes) assert.ok(byte >= 0 && byte < 127);
    });
  });

  it('as variables, and as a file of them', () => {
    const text = near('A', '=', '\n', '\r', '#', ' ', '\t', '*', '"', 'toString', '__proto__');
    const own = { A: '1', AA: '2' };
    always(text, (entry) => parseEnvFlags([entry], own));
    always(
      text,
      (lines) => parseEnvFile(lines, 'file', own),
      (env) => {
        for (const entry of env) assert.match(entry, /^[^=\n]+=[^\n]*$/);
      },
    );
  });

  it('as a bind mount and as a tmpfs', () => {
    const paths = near('/', 'a', '.', '..', ':', ',', 'ro', ' ', '\n');
    for (const parse of [(text: string) => parseVolumeFlag(text, '/work'), parseTmpfsFlag]) {
      always(paths, parse, ({ source, destination }) => {
        for (const file of [destination, source ?? '/']) {
          assert.ok(file.startsWith('/'));
          assert.ok(!file.split('/').includes('..'));
          assert.ok(file === '/' || !file.endsWith('/'));
        }
      });
    }
  });

  it('as a name of a container, an image, an artifact, or a namespace', () => {
    const names = near(
      'a',
      'B',
      '1',
      '.',
      '_',
      '-',
      '/',
      ':',
      '@',
      'sha256:',
      'localhost',
      '\n',
      'container:',
      'ns:',
    );
    // What is a name is one for systemd, for a path and for a shell.
    always(names, checkName, (name) => assert.match(name, /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,199}$/), {
      quoted: false,
    });
    always(names, checkArtifactName);
    always(names, normaliseImageName, (name) => assert.equal(normaliseImageName(name), name), whole);
    always(names, parseNamespaceMode, (mode) => assert.match(mode, /^(private|host|container:.|ns:.)/s));
    always(names, (text) => parseCopyPlaces(text, 'c:/x'));
  });

  it('as filters of images and events', () => {
    const filters = near(
      'reference',
      'label',
      '!',
      'until',
      'dangling',
      'before',
      'event',
      '=',
      '*',
      '?',
      '[a',
      ']',
      '\\',
    );
    const image = {
      id: 'a'.repeat(64),
      names: [`localhost/${'a'.repeat(100)}:1`],
      config: { labels: { a: 'b' } },
    };
    const context = { now: 0, find: () => undefined, isUsed: () => false };
    always(filters, (text) =>
      imageFilter([text], context)(image as unknown as Parameters<ReturnType<typeof imageFilter>>[0]),
    );
    always(filters, (text) =>
      eventFilter([text])({ type: 'container', status: 'create', id: 'a', name: 'b', image: '', time: '' }),
    );
  });

  it('as a restart policy, a security option and a health command', () => {
    always(near('no', 'always', 'on-failure', ':', '1', 'constructor'), parseRestartPolicy, ({ name }) =>
      assert.equal(typeof name, 'string'),
    );
    always(near('seccomp', 'mask', 'unmask', '=', ':', '/', 'a', 'ALL'), (text) =>
      parseSecurityFlags([text], { add: [], drop: [] }),
    );
    always(
      near('CMD', '-SHELL', '[', ']', '"', ',', 'NONE', 'a', ' ', '\\'),
      parseHealthCommand,
      ({ test }) => assert.ok(test.length > 0 && test.every((word) => typeof word === 'string')),
    );
  });
});
