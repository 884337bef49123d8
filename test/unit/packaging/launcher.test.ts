/** bin/berth and what it hands over to, with their fixed paths replaced by ones below a temporary directory. */
import assert from 'node:assert/strict';
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { build, root } from '../../../packaging/build.ts';

const NAMES = [
  'berth-attach',
  'berth-cleanup',
  'berth-condition',
  'berth-healthcheck',
  'berth-start',
  'berth-stop',
];

/** Prints what it was given. */
const entry = (name: string): string => `
  const { BUN_OPTIONS, NODE_OPTIONS, FROM_DOTENV } = process.env;
  const isForCompiler = (variable) => variable.startsWith('BUN_JSC_');
  const kept = Object.keys(process.env).filter(isForCompiler);
  const startedWith = require('node:fs').readFileSync('/proc/self/environ', 'latin1').split('\\0').filter(isForCompiler).sort();
  console.log(JSON.stringify({
    name: '${name}', arguments: process.argv.slice(2), directory: import.meta.dirname, BUN_OPTIONS, kept, startedWith, NODE_OPTIONS, FROM_DOTENV,
  }));
`;

describe('launchers', () => {
  let dir: string;
  let lib: string;
  /** Where commands are called. */
  let elsewhere: string;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'berth-launcher-'));
    elsewhere = join(dir, 'elsewhere');
    for (const folder of [elsewhere, join(dir, 'entry')]) await mkdir(folder);
    for (const name of ['berth', ...NAMES]) await writeFile(join(dir, 'entry', `${name}.ts`), entry(name));
    ({ lib } = await build({ entries: join(dir, 'entry'), out: dir }));
    await mkdir(join(dir, 'bin'));
    await writeFile(join(dir, 'bin/berth'), await readFile(join(root, 'bin/berth')));
    await relocate(join(dir, 'bin/berth'), '/usr/lib/berth', lib);
    await chmod(join(dir, 'bin/berth'), 0o755);
    for (const name of [...NAMES, 'berth-create', 'podman']) await symlink('berth', join(dir, 'bin', name));
  });

  after(() => rm(dir, { recursive: true, force: true }));

  function launch(name: string, args: string[], env: Record<string, string> = {}): SpawnSyncReturns<string> {
    return spawnSync(join(dir, 'bin', name), args, {
      encoding: 'utf8',
      cwd: elsewhere,
      env: { PATH: process.env.PATH ?? '', ...env },
    });
  }

  function answer(name: string, args: string[], env?: Record<string, string>): Record<string, unknown> {
    const { status, stdout, stderr } = launch(name, args, env);
    assert.equal(status, 0, stderr);
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  it('are one executable script, under the name of every entry point, and one that does without JavaScript', async () => {
    const scripts = await readdir(join(root, 'bin'));
    assert.deepEqual(scripts.sort(), ['berth', 'berth-check']);
    for (const script of scripts) assert.equal((await stat(join(root, 'bin', script))).mode & 0o111, 0o111);
    const entries = (await readdir(join(root, 'src/entry'))).map((file) => basename(file, '.ts'));
    assert.deepEqual(entries.sort(), ['berth', ...NAMES]);
  });

  it('have no bundle for berth-create, which is berth with a command', () => {
    const { name, arguments: given, startedWith } = answer('berth-create', ['--name', 'a b', 'image', '']);
    assert.deepEqual([name, given], ['berth', ['create', '--name', 'a b', 'image', '']]);
    assert.deepEqual(startedWith, answer('berth', ['create']).startedWith);
  });

  it('run the bundle of their name with the arguments as they are', () => {
    for (const name of NAMES) {
      const told = answer(name, ['--root', '/a b', '', '$HOME', '*']);
      assert.equal(told.name, name);
      assert.deepEqual(told.arguments, ['--root', '/a b', '', '$HOME', '*']);
    }
  });

  it('run the command line under any other name', () => {
    assert.equal(answer('podman', ['ps']).name, 'berth');
  });

  it('tell a bundle where its addons are', () => {
    assert.equal(answer('berth', []).directory, lib);
  });

  it('keep from Bun what the caller’s environment says to it, and from nobody what it says to Node', () => {
    const { arguments: args, ...told } = answer('berth', ['ps'], {
      BUN_OPTIONS: '--no-such-option',
      BUN_INSPECT: 'ws://localhost:1/x',
      BUN_BE_BUN: '1',
      NODE_OPTIONS: '--no-such-option',
    });
    assert.deepEqual(args, ['ps']);
    assert.equal(told.BUN_OPTIONS, undefined);
    assert.equal(told.NODE_OPTIONS, '--no-such-option');
  });

  it('do without a compiler where there is nothing to compile for', () => {
    const compiler = (name: string, ...args: string[]): unknown => {
      const told = answer(name, args, { MAINPID: '42', BUN_JSC_useJIT: '1', BUN_JSC_gcMaxHeapSize: '1' });
      assert.deepEqual(told.kept, [], 'it stays with the process');
      return told.startedWith;
    };
    const without = ['BUN_JSC_useJIT=0'];
    for (const name of NAMES) assert.deepEqual(compiler(name, 'ID'), without, name);
    for (const verb of ['ps', 'start', 'exec', 'create', 'run'])
      assert.deepEqual(compiler('berth', verb), without, verb);
    for (const verb of ['logs', 'volume']) assert.deepEqual(compiler('berth', verb), [], verb);
    for (const words of [
      ['container', 'export'],
      ['--root', '/x', 'export'],
      ['--root=/x', 'export'],
    ])
      assert.deepEqual(compiler('berth', ...words), [], words.join(' '));
    for (const words of [['container', 'ps'], ['--root', '/x', 'ps'], []])
      assert.deepEqual(compiler('berth', ...words), without, words.join(' '));
    for (const words of [['load'], ['pull'], ['import'], ['--root=/x', 'load']])
      assert.deepEqual(
        compiler('berth', ...words),
        [
          'BUN_JSC_gcMaxHeapSize=2000000',
          'BUN_JSC_useConcurrentJIT=0',
          'BUN_JSC_useDFGJIT=0',
          'BUN_JSC_useWarmUpMarkedBlocks=0',
        ],
        `${words.join(' ')} with a small heap`,
      );
  });

  it('obey nothing that lies in the directory they are called in', async () => {
    await writeFile(join(elsewhere, 'bunfig.toml'), 'preload = ["./preloaded.js"]\n');
    await writeFile(join(elsewhere, 'preloaded.js'), 'console.log("preloaded");\n');
    await writeFile(join(elsewhere, 'package.json'), '{"imports": {"node:fs": "./preloaded.js"}}\n');
    await writeFile(
      join(elsewhere, 'tsconfig.json'),
      '{"compilerOptions": {"paths": {"*": ["./preloaded.js"]}}}\n',
    );
    await writeFile(join(elsewhere, '.env'), 'FROM_DOTENV=1\n');
    assert.equal(answer('berth', ['ps']).FROM_DOTENV, undefined);
  });

  it('leave to a command what Bun has an option for too', async () => {
    for (const args of [
      ['create', '--env-file', '/nonexistent'],
      ['create', '--env-file=/nonexistent'],
      ['--version'],
      ['--help'],
      ['-e', '1'],
      ['--', 'x', '--', 'y'],
      ['run', '--cwd', '/nonexistent', '--inspect'],
    ])
      assert.deepEqual(answer('berth', args).arguments, args);
  });

  it('of berth-stop ends without JavaScript when systemd has no process left to stop', () => {
    for (const env of [{}, { MAINPID: '' }] as Record<string, string>[]) {
      const { status, stdout } = launch('berth-stop', ['ID'], env);
      assert.deepEqual([status, stdout], [0, ''], JSON.stringify(env));
    }
    assert.deepEqual(answer('berth-stop', ['ID'], { MAINPID: '42' }).arguments, ['ID']);
    for (const args of [['--help'], []]) assert.deepEqual(answer('berth-stop', args).arguments, args);
  });
});

async function relocate(file: string, from: string, to: string): Promise<void> {
  const text = await readFile(file, 'utf8');
  assert.ok(text.includes(from), `${file} no longer says ${from}`);
  await writeFile(file, text.replaceAll(from, to));
}
