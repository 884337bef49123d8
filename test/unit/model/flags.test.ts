/** Flags that become parts of a config: environment, mounts, security. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mergeEnv, parseEnvFile, parseEnvFlags } from '../../../src/model/env.ts';
import { parseTmpfsFlag, parseVolumeFlag } from '../../../src/model/mount-flags.ts';
import { parseSecurityFlags } from '../../../src/model/security-flags.ts';
import { SECURITY } from '../../support/config.ts';

const OWN = { HOME: '/root', LC_ALL: 'C', LC_TIME: 'de', EMPTY: '', GONE: undefined };

describe('--env', () => {
  const READ: [entry: string, expected: string[]][] = [
    ['', []],
    ['A=1', ['A=1']],
    ['A=', ['A=']],
    ['A=b=c', ['A=b=c']],
    ['A*=1', ['A*=1']],
    ['HOME', ['HOME=/root']],
    ['EMPTY', ['EMPTY=']],
    ['GONE', []],
    ['UNSET', []],
    ['LC_*', ['LC_ALL=C', 'LC_TIME=de']],
    [' \tA=1', ['A=1']],
    ['A =1', ['A =1']],
    ['X*', []],
  ];
  for (const [entry, expected] of READ) {
    it(`${entry} gives ${JSON.stringify(expected)}`, () =>
      assert.deepEqual(parseEnvFlags([entry], OWN), expected));
  }

  it('passes on what the caller has, not what JavaScript has', () => {
    assert.deepEqual(parseEnvFlags(['toString', 'constructor', '__proto__'], process.env), []);
  });

  for (const entry of [' ', '=x', '=']) {
    it(`${JSON.stringify(entry)} is refused`, () =>
      assert.throws(() => parseEnvFlags([entry], OWN), {
        code: 'invalid',
        message: `invalid variable: ${JSON.stringify(entry)}`,
      }));
  }
});

describe('--env-file', () => {
  it('takes values as they are, without comments and blank lines', () => {
    const text = '# comment\n\n  A=1 \r\nB="quoted" # kept\n   # indented\nHOME\nLC_T*\nC=\n';
    assert.deepEqual(parseEnvFile(text, 'f', OWN), [
      'A=1 ',
      'B="quoted" # kept',
      'HOME=/root',
      'LC_TIME=de',
      'C=',
    ]);
  });

  it('names the file when a line is wrong', () => {
    assert.throws(() => parseEnvFile('=x\n', '/tmp/e', OWN), {
      code: 'invalid',
      message: 'parsing file "/tmp/e": invalid variable: "=x"',
    });
  });
});

describe('mergeEnv', () => {
  it('lets the later value win in the place of the first', () => {
    assert.deepEqual(mergeEnv(['A=1', 'B=1'], ['C=2', 'A=2'], ['B=']), ['A=2', 'B=', 'C=2']);
  });

  it('leaves out what is no variable instead of taking its last letter off', () => {
    assert.deepEqual(mergeEnv(['FOO', 'FOX', '=x', '', '__proto__=1'], ['FO=1']), ['__proto__=1', 'FO=1']);
  });
});

describe('--volume', () => {
  const READ: [text: string, source: string, destination: string, options: string[]][] = [
    ['/a:/b', '/a', '/b', []],
    ['/a:/b:ro', '/a', '/b', ['ro']],
    ['/a:/b:ro,noexec,rslave', '/a', '/b', ['ro', 'noexec', 'rslave']],
    ['/a:/b:', '/a', '/b', ['']],
    ['./a:/b', '/here/dir/a', '/b', []],
    ['../a:/b', '/here/a', '/b', []],
    ['.:/b', '/here/dir', '/b', []],
    ['/a//x/:/b/../c/', '/a/x', '/c', []],
    ['/:/host', '/', '/host', []],
    ['/a:/../../x', '/a', '/x', []],
    ['/a b:/b"$%', '/a b', '/b"$%', []],
  ];
  for (const [text, source, destination, options] of READ) {
    it(`${text} binds ${source} at ${destination}`, () =>
      assert.deepEqual(parseVolumeFlag(text, '/here/dir'), { type: 'bind', source, destination, options }));
  }

  it('takes a source that is no path for the name of a volume, and none for an anonymous one', () => {
    assert.deepEqual(parseVolumeFlag('data:/b/../c:ro,nocopy', '/here'), {
      type: 'volume',
      volume: 'data',
      destination: '/c',
      options: ['ro', 'nocopy'],
    });
    assert.deepEqual(parseVolumeFlag('/a/', '/here'), { type: 'volume', destination: '/a', options: [] });
  });

  const REFUSED: [text: string, code: string, message: RegExp][] = [
    ['a', 'invalid', /^invalid container path "a", must be an absolute path$/],
    ['', 'invalid', /^container directory cannot be empty$/],
    ['~/a:/b', 'invalid', /^creating named volume "~\/a": running volume create option: names must match /],
    ['a b:/b', 'invalid', /^creating named volume "a b": /],
    [':/b', 'invalid', /^host directory cannot be empty$/],
    [
      '/a:/b:ro:rw',
      'invalid',
      /^\/a:\/b:ro:rw: incorrect volume format, should be \[host-dir:\]ctr-dir\[:option\]$/,
    ],
    ['/a:b', 'invalid', /^invalid container path "b", must be an absolute path$/],
    ['/a:', 'invalid', /^container directory cannot be empty$/],
  ];
  for (const [text, code, message] of REFUSED) {
    it(`${JSON.stringify(text)} is refused as ${code}`, () =>
      assert.throws(() => parseVolumeFlag(text, '/here/dir'), { code, message }));
  }
});

describe('--tmpfs', () => {
  it('takes a path and options', () => {
    assert.deepEqual(parseTmpfsFlag('/run/'), { type: 'tmpfs', destination: '/run', options: [] });
    assert.deepEqual(parseTmpfsFlag('/t:size=64m,mode=1777'), {
      type: 'tmpfs',
      destination: '/t',
      options: ['size=64m', 'mode=1777'],
    });
  });

  it('refuses a relative path and a second colon', () => {
    assert.throws(() => parseTmpfsFlag('run'), { code: 'invalid', message: /must be an absolute path$/ });
    assert.throws(() => parseTmpfsFlag('/a:b:c'), {
      code: 'invalid',
      message: /it should be ctr-dir\[:options\]$/,
    });
  });
});

describe('--security-opt', () => {
  const parse = (...options: string[]) => parseSecurityFlags(options, { add: [], drop: [] });

  const READ: [options: string[], expected: object][] = [
    [[], {}],
    [['no-new-privileges'], { noNewPrivileges: true }],
    [['no-new-privileges=true'], { noNewPrivileges: true }],
    [['no-new-privileges:false'], { noNewPrivileges: false }],
    [['seccomp=unconfined'], { seccomp: 'unconfined' }],
    [['seccomp=/etc/a=b:c.json'], { seccomp: { path: '/etc/a=b:c.json' } }],
    [['apparmor:unconfined'], { apparmor: 'unconfined' }],
    [['label=disable', 'label=type:t'], { label: ['disable', 'type:t'] }],
    [
      ['label=nested', 'label=level:s0:c1,c2'],
      { label: ['level:s0:c1,c2'], labelNested: true, unmask: ['/sys/fs/selinux', '/proc'] },
    ],
    [['label=nested', 'unmask=ALL'], { labelNested: true, unmask: 'ALL' }],
    [['mask=/a:/b', 'mask=/c'], { mask: ['/a', '/b', '/c'] }],
    [['unmask=/proc/*:/b'], { unmask: ['/proc/*', '/b'] }],
    [['unmask=all'], { unmask: 'ALL' }],
    [['unmask=/a', 'unmask=ALL', 'unmask=/b'], { unmask: 'ALL' }],
  ];
  for (const [options, expected] of READ) {
    it(`${JSON.stringify(options)} is read`, () =>
      assert.deepEqual(parse(...options), { ...SECURITY, ...expected }));
  }

  const REFUSED = [
    '',
    'nonsense',
    'constructor=x',
    'seccomp',
    'seccomp=',
    'seccomp=profile.json',
    'apparmor=',
    'mask=',
    'mask=/a:',
    'mask=a',
    'unmask=',
    'unmask=proc',
    'no-new-privileges=ture',
    'no-new-privileges=',
  ];
  for (const option of REFUSED) {
    it(`${JSON.stringify(option)} is refused and quoted`, () =>
      assert.throws(
        () => parse(option),
        (error: Error & { code: string }) => {
          assert.equal(error.code, 'invalid');
          const quoted = option === 'seccomp=profile.json' ? 'profile.json' : option;
          assert.ok(error.message.includes(JSON.stringify(quoted)), error.message);
          return true;
        },
      ));
  }

  it('stands beside --cap-add and --cap-drop', () => {
    const { capAdd, capDrop } = parseSecurityFlags([], { add: ['NET_RAW'], drop: ['ALL'] });
    assert.deepEqual([capAdd, capDrop], [['NET_RAW'], ['ALL']]);
  });
});
