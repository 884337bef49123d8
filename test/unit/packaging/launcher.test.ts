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
  'berth-create',
  'berth-healthcheck',
  'berth-start',
  'berth-stop',
];

/** Prints what it was given; `sum` is there so that the bundle has a function that is compiled late. */
const ENTRY = `
  require('node:fs').appendFileSync(import.meta.dirname + '/ran', import.meta.filename.replace(/.*[/]/, '') + process.argv.slice(2) + ' ');
  const sum = (numbers: number[]): number => numbers.reduce((a, b) => a + b, 0);
  const { NODE_OPTIONS, BERTH_CALLER_NODE_OPTIONS } = process.env;
  console.log(JSON.stringify({
    name: import.meta.filename.replace(/.*[/]/, ''), arguments: process.argv.slice(2), main: process.argv[1] === import.meta.filename,
    url: import.meta.url, sum: sum([1, 2, 3]), NODE_OPTIONS, BERTH_CALLER_NODE_OPTIONS,
  }));
`;

describe('launchers', () => {
  let dir: string;
  let lib: string;
  let cache: string;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'berth-launcher-'));
    cache = join(dir, 'cache');
    await mkdir(join(dir, 'entry'));
    for (const name of ['berth', ...NAMES]) await writeFile(join(dir, 'entry', `${name}.ts`), ENTRY);
    ({ lib } = await build({ entries: join(dir, 'entry'), out: dir }));
    await symlink(process.execPath, join(lib, 'node'));
    await relocate(join(lib, 'launch.cjs'), '/var/cache/berth', cache);

    await mkdir(join(dir, 'bin'));
    await writeFile(join(dir, 'bin/berth'), await readFile(join(root, 'bin/berth')));
    await relocate(join(dir, 'bin/berth'), '/usr/lib/berth', lib);
    await chmod(join(dir, 'bin/berth'), 0o755);
    for (const name of [...NAMES, 'podman']) await symlink('berth', join(dir, 'bin', name));
  });

  after(() => rm(dir, { recursive: true, force: true }));

  function launch(name: string, args: string[], env: Record<string, string> = {}): SpawnSyncReturns<string> {
    return spawnSync(join(dir, 'bin', name), args, {
      encoding: 'utf8',
      env: { PATH: process.env.PATH ?? '', ...env },
    });
  }

  function answer(name: string, args: string[], env?: Record<string, string>): Record<string, unknown> {
    const { status, stdout, stderr } = launch(name, args, env);
    assert.equal(status, 0, stderr);
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  it('are one executable script, under the name of every entry point, and one that does without Node', async () => {
    const scripts = await readdir(join(root, 'bin'));
    assert.deepEqual(scripts.sort(), ['berth', 'berth-check']);
    for (const script of scripts) assert.equal((await stat(join(root, 'bin', script))).mode & 0o111, 0o111);
    const entries = (await readdir(join(root, 'src/entry'))).map((file) => basename(file, '.ts'));
    assert.deepEqual(entries.sort(), ['berth', ...NAMES]);
  });

  it('run the bundle of their name with the arguments as they are', () => {
    for (const name of NAMES) {
      const told = answer(name, ['--root', '/a b', '', '$HOME', '*']);
      assert.equal(told.name, `${name}.cjs`);
      assert.deepEqual(told.arguments, ['--root', '/a b', '', '$HOME', '*']);
    }
  });

  it('run the command line under any other name', () => {
    assert.equal(answer('podman', ['ps']).name, 'berth.cjs');
  });

  it('give a bundle the argv and the import.meta that it would have without them', () => {
    const { main, url } = answer('berth', []);
    assert.equal(main, true);
    assert.equal(url, `file://${lib}/berth.cjs`);
  });

  it('keep NODE_OPTIONS away from Node and leave it in the environment', () => {
    const { NODE_OPTIONS, BERTH_CALLER_NODE_OPTIONS } = answer('berth', [], {
      NODE_OPTIONS: '--no-such-option',
    });
    assert.equal(NODE_OPTIONS, '--no-such-option');
    assert.equal(BERTH_CALLER_NODE_OPTIONS, undefined);
  });

  it('keep the --env-file of a container away from Node, which has an option of that name', async () => {
    const file = join(dir, 'container.env');
    await writeFile(file, 'NODE_OPTIONS=--no-such-option\n');
    for (const args of [
      ['create', '--env-file', file],
      ['create', `--env-file=${file}`],
      ['create', '--env-file', '/nonexistent'],
    ])
      assert.deepEqual(answer('berth', args).arguments, args);
  });

  it('of berth-stop ends without Node when systemd has no process left to stop', () => {
    for (const env of [{}, { MAINPID: '' }] as Record<string, string>[]) {
      const { status, stdout } = launch('berth-stop', ['ID'], env);
      assert.deepEqual([status, stdout], [0, ''], JSON.stringify(env));
    }
    assert.deepEqual(answer('berth-stop', ['ID'], { MAINPID: '42' }).arguments, ['ID']);
    for (const args of [['--help'], []]) assert.deepEqual(answer('berth-stop', args).arguments, args);
  });

  describe('with a code cache', () => {
    const makeCache = (): SpawnSyncReturns<string> =>
      spawnSync(process.execPath, [join(lib, 'codecache.cjs'), cache], { encoding: 'utf8' });

    it('make one for each bundle, of the right name, that V8 accepts, and run nothing but --help for it', async () => {
      await rm(join(lib, 'ran'), { force: true });
      const { status, stdout, stderr } = makeCache();
      assert.deepEqual([status, stdout, stderr], [0, '', '']);
      const ran = (await readFile(join(lib, 'ran'), 'utf8')).trim().split(' ').sort();
      assert.deepEqual(ran, ['berth-create.cjs--help', 'berth.cjs--help']);
      const files = (await readdir(cache)).sort();
      assert.equal(files.length, NAMES.length + 1);
      for (const file of files) {
        const [, name, key] = /^(.*)-([0-9a-f]{16})\.v8$/.exec(file) ?? assert.fail(file);
        assert.equal((await readFile(join(lib, `${name}.cjs`), 'latin1')).slice(2, 18), key);
      }
      // The launcher falls back in silence, so its own answer to "was it refused?" is asked for here.
      await relocate(
        join(lib, 'launch.cjs'),
        'script.runInThisContext',
        'console.log(script.cachedDataRejected);$&',
      );
      for (const name of ['berth', ...NAMES])
        assert.match(launch(name, ['ID'], { MAINPID: '42' }).stdout, /^false\n/, name);
      await relocate(join(lib, 'launch.cjs'), 'console.log(script.cachedDataRejected);', '');
    });

    it('run all the same when it is damaged', async () => {
      for (const file of await readdir(cache)) await writeFile(join(cache, file), 'not a cache');
      assert.equal(answer('berth-start', ['ID']).sum, 6);
    });

    it('replace what was there before, also what was left by another version', async () => {
      await writeFile(join(cache, 'berth-start-0123456789abcdef.v8'), '');
      assert.equal(makeCache().status, 0);
      assert.equal((await readdir(cache)).length, NAMES.length + 1);
      assert.equal(answer('berth-start', ['ID']).sum, 6);
    });

    it('do not use the cache of another bundle of the same length', async () => {
      const file = join(lib, 'berth-start.cjs');
      const text = await readFile(file, 'latin1');
      const other = text.replace(/^\/\*.{16}/, '/*fedcba9876543210').replace(/(\[1,\s*2,\s*)3\]/, '$14]');
      assert.equal(other.length, text.length);
      await writeFile(file, other);
      assert.equal(answer('berth-start', ['ID']).sum, 7);
      await writeFile(file, text);
    });
  });
});

async function relocate(file: string, from: string, to: string): Promise<void> {
  const text = await readFile(file, 'utf8');
  assert.ok(text.includes(from), `${file} no longer says ${from}`);
  await writeFile(file, text.replaceAll(from, to));
}
