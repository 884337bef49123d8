/**
 * The commands, once Node 24 and the packages are there: `main.ts test|demo|bench|bed [ARGUMENTS]`.
 * Each prepares what it needs, saying one line per step, and then runs one program.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { cacheDir } from './cache.ts';
import { HostError } from './host.ts';
import { ensureImage, type ImageName } from './images.ts';
import { bootInstalled, debPath } from './installed.ts';
import { inOrder } from './order.ts';
import { baseRoot, installedRoot } from './rootfs.ts';

const root = join(import.meta.dirname, '../..');

/**
 * Runs a program with memory as its temporary folder, for itself alone: tests mount overlays in theirs, which is not
 * possible where the host's is on an overlay (in most containers), and what they unpack there has to reach no disk.
 */
const TMPFS = ['unshare', '--mount', 'sh', '-euc', `mount -t tmpfs tmpfs '${tmpdir()}' && exec "$@"`, 'sh'];

/** A preparation failed; the text says all there is to say. */
class StepFailed extends Error {}

/** Of test/bench/, beside main.ts. */
const BENCHES = ['boot', 'crash', 'growth', 'health', 'images', 'network', 'scale', 'soak', 'volumes'];

const WORDS: Record<string, (args: string[]) => Promise<number>> = {
  test,
  demo: async (args) => {
    if (args.includes('--here')) await prepareHere();
    else await prepareBed(['redis']);
    return runNode([join(root, 'test/demo/demo.ts'), ...args]);
  },
  bench: async (args) => {
    const [first = '', ...others] = args;
    const isNamed = BENCHES.includes(first);
    const [rounds] = isNamed ? others : args;
    if (rounds !== undefined && !/^[1-9]\d*$/.test(rounds))
      throw new HostError(`bench takes [${BENCHES.join('|')}] [ROUNDS], not ${JSON.stringify(rounds)}`);
    await prepareBed(['busybox', 'redis']);
    return runNode([join(root, `test/bench/${isNamed ? first : 'main'}.ts`), ...(isNamed ? others : args)]);
  },
  bed,
};

const [word = '', ...args] = process.argv.slice(2);
const command = WORDS[word];
if (command === undefined) {
  console.error(`berth: say one of ${Object.keys(WORDS).join(', ')}`);
  process.exit(2);
}
try {
  process.exitCode = await command(args);
} catch (error) {
  console.error(error instanceof StepFailed || error instanceof HostError ? error.message : error);
  process.exit(1); // the other steps end with this process
}

/**
 * Types and style, the package, the bed and its images, then every test in one run of Node's test runner,
 * whose closing lines are the last ones printed. With patterns: only the test files that contain one, and
 * only what they need.
 */
async function test(patterns: string[]): Promise<number> {
  const files = testFiles(patterns);
  if (files.length === 0) throw new StepFailed(`no test file matches ${patterns.join(' ')}`);
  const preparations: Promise<unknown>[] = [];
  if (files.some((file) => file.startsWith('test/system/')))
    preparations.push(prepareBed(['busybox', 'redis', 'layers']));
  if (patterns.length === 0) preparations.push(checks());
  await Promise.all(preparations);

  return runNode([join(import.meta.dirname, 'run.ts'), ...files], room());
}

/**
 * Prefix of a program whose temporary folder is memory: not where that would hide the checkout or the cache from it.
 */
function room(): string[] {
  const hidden = [root, cacheDir()].some((path) => path.startsWith(`${tmpdir()}/`));
  return hidden ? [] : TMPFS;
}

/** Test files below test/, as paths below the root, in the order in which they run. */
function testFiles(patterns: string[]): string[] {
  const files = globSync('test/{unit,golden,fuzz,process,system}/**/*.test.ts', { cwd: root });
  return inOrder(
    files.filter((file) => patterns.length === 0 || patterns.some((pattern) => file.includes(pattern))),
  );
}

async function checks(): Promise<void> {
  await step('types', () => tool('tsc', '--noEmit'));
  await step('style', () => tool('biome', 'check', '--error-on-warnings', '.'));
}

async function tool(name: string, ...args: string[]): Promise<void> {
  const result = await execa(name, args, { cwd: root, all: true, reject: false, stdin: 'ignore' });
  if (result.failed) throw new StepFailed(`${name} ${args.join(' ')} failed:\n${result.all}`);
}

/**
 * Builds, in parallel, everything a bed with Berth in it needs. The slow ones (Debian's root, the root of
 * an image) wait mostly for the network and the disk.
 */
async function prepareBed(images: ImageName[]): Promise<void> {
  const deb = step('package', debPath);
  const base = step('root file system', baseRoot);
  const made = images.map((name) => step(`image ${name}`, () => ensureImage(name)));
  const installed = Promise.all([deb, base]).then(([path]) =>
    step('installed root', () => installedRoot(path)),
  );
  await Promise.all([installed, ...made]);
  process.env.BERTH_DEB = await deb;
}

/** For `demo --here`: the package on this very host, with what it depends on, and the image. */
async function prepareHere(): Promise<void> {
  if (!existsSync('/run/systemd/system'))
    throw new StepFailed(
      '--here needs a host that systemd runs; without --here the demo boots one of its own',
    );
  const [deb] = await Promise.all([
    step('package', debPath),
    step('image redis', () => ensureImage('redis')),
  ]);
  await step('installing the package here', () => tool('apt-get', 'install', '--yes', '--reinstall', deb));
}

/** A bed to look around in: a shell as root, Berth installed, the image archives under /images. */
async function bed(): Promise<number> {
  await prepareBed(['busybox', 'redis', 'layers']);
  await using machine = await bootInstalled({ name: 'bed', images: ['busybox', 'redis', 'layers'] });
  console.log(
    `Debian 13 with Berth, up after ${Math.round(machine.bootMs)} ms; image archives are in /images.`,
  );
  // Not without await: the bed would end before the shell.
  return await machine.shell();
}

async function step<T>(title: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const result = await work();
  const ms = performance.now() - started;
  // What was there already is not worth a line.
  if (ms > 500) console.log(`· ${title} (${(ms / 1000).toFixed(1)} s)`);
  return result;
}

/** Runs a program of ours in the foreground; it dies with this process, however that ends. */
async function runNode(argv: string[], prefix: string[] = []): Promise<number> {
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...prefix, process.execPath, ...argv], {
    cwd: root,
    stdio: 'inherit',
  });
  process.on('SIGINT', () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return signal === null ? (code ?? 1) : 1;
}
