/** The command line as a program, on a machine without systemd: what it answers before anything is started. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { run } from '../../../src/sys/spawn.ts';

const BERTH = path.resolve(import.meta.dirname, '../../../src/entry/berth.ts');

describe('berth', () => {
  let root: string;

  before(() => {
    root = mkdtempSync(path.join(tmpdir(), 'berth-'));
    writeFileSync(path.join(root, 'env'), '=wrong\n');
  });

  after(() => rmSync(root, { recursive: true, force: true }));

  // "--" as in bin/berth: Node has options of the same names.
  const berth = (...args: string[]) =>
    run(process.execPath, ['--', BERTH, ...args], { env: { PATH: process.env.PATH, BERTH_ROOT: root } });

  const HEADING = 'CONTAINER ID  IMAGE       COMMAND     CREATED     STATUS      PORTS       NAMES\n';

  // The exit codes are Podman's: 125, but 1 for rm of what is not there.
  const ANSWERS: [args: string[], code: number, stdout: string | RegExp, stderr: string | RegExp][] = [
    [['--version'], 0, /^berth version \d+\.\d+\.\d+\n$/, ''],
    [['--help'], 0, /^Berth: containers as native systemd services\n\nUsage: berth /, ''],
    [[], 125, /^Berth: containers/, ''],
    [['nonsense'], 125, '', 'Error: unrecognized command `berth nonsense`: see berth --help\n'],
    [['constructor'], 125, '', 'Error: unrecognized command `berth constructor`: see berth --help\n'],
    [
      ['healthcheck', '--help'],
      125,
      '',
      'Error: unrecognized command `berth healthcheck --help`: there is berth healthcheck run\n',
    ],
    [
      ['container', 'nonsense'],
      125,
      '',
      /^Error: unrecognized command `berth container nonsense`: there is berth container [^\n]+\n$/,
    ],
    [['--nonsense', 'ps'], 125, '', 'Error: unknown flag: --nonsense: see berth --help\n'],
    [['--root'], 125, '', 'Error: flag needs an argument: --root: see berth --help\n'],
    [['--hooks-dir', '/h', '--hooks-dir=/i', 'ps', '-q'], 0, '', ''],
    [
      ['--hooks-dir=', 'ps'],
      125,
      '',
      'Error: empty-string hook directories are not supported: invalid argument\n',
    ],
    [['--nonsense=1', 'ps'], 125, '', 'Error: unknown flag: --nonsense=1: see berth --help\n'],
    [['--root', 'relative', 'ps'], 125, '', 'Error: --root must be an absolute path, not "relative"\n'],
    [['create', '--help'], 0, /--health-on-failure +What follows from unhealthy/, ''],
    [['ps'], 0, HEADING, ''],
    [['container', 'ls', '-a'], 0, HEADING, ''],
    [['ps', '--format=json'], 0, '[]\n', ''],
    [['ps', '-q'], 0, '', ''],
    [['ps', '-z'], 125, '', "Error: unknown shorthand flag: 'z' in -z: see berth ps --help\n"],
    [['images'], 0, 'REPOSITORY  TAG         IMAGE ID    CREATED     SIZE\n', ''],
    [['inspect', 'nosuch'], 125, '[]\n', 'Error: no such object: "nosuch"\n'],
    [['rm', 'nosuch'], 1, '', 'Error: no container with ID or name "nosuch" found: no such container\n'],
    [['rm', '-f', 'nosuch'], 0, '', ''],
    [['logs', 'nosuch'], 125, '', 'Error: no container with name or ID "nosuch" found: no such container\n'],
    [['start'], 125, '', 'Error: start requires at least one argument\n'],
    [
      ['create', '--pull', 'never', 'nosuch'],
      125,
      '',
      'Error: nosuch: image not known: pull it first with berth pull\n',
    ],
    [
      ['create', '--rootfs', '/nonexistent', 'sh'],
      125,
      '',
      'Error: faccessat /nonexistent: no such file or directory: --rootfs needs a directory\n',
    ],
    [
      ['create', '--env-file', '/nonexistent', 'image'],
      125,
      '',
      /^Error: parsing file "\/nonexistent": open \/nonexistent: no such file or directory$/m,
    ],
    [['load', '-i', '/nonexistent'], 125, '', /^Error: .*\/nonexistent/],
  ];
  for (const [args, code, stdout, stderr] of ANSWERS) {
    it(`${args.join(' ') || '(nothing)'} exits with ${code}`, async () => {
      const result = await berth(...args);
      for (const [text, expected] of [
        [result.stdout, stdout],
        [result.stderr, stderr],
      ] as const) {
        if (typeof expected === 'string') assert.equal(text, expected);
        else assert.match(text, expected);
      }
      assert.equal(result.code, code);
    });
  }

  it('names the file and the line that is wrong in it', async () => {
    const { stderr } = await berth('create', '--env-file', path.join(root, 'env'), 'image');
    assert.equal(
      stderr,
      `Error: parsing file ${JSON.stringify(path.join(root, 'env'))}: invalid variable: "=wrong"\n`,
    );
  });

  it('takes it for no error when its reader has gone away', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: bash's own
    const script = '"$0" -- "$1" --help | true; echo "${PIPESTATUS[0]}"';
    const { stdout, stderr } = await run('bash', ['-c', script, process.execPath, BERTH]);
    assert.deepEqual([stdout, stderr], ['0\n', '']);
  });
});
