/**
 * `npm run deb`: dist/berth_VERSION_amd64.deb, by dpkg-deb over a staged tree.
 *
 * The same inputs give the same bytes: times are those of the last commit that touched an input, modes and owners are
 * set here, dpkg-deb sorts.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, readlink, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build, root } from './build.ts';
import { packageVersion, stageTree } from './stage.ts';

const run = promisify(execFile);

/** What the package's bytes depend on, relative to the checkout. */
const INPUTS = ['src', 'bin', 'units', 'packaging', 'package.json', 'package-lock.json', 'LICENSE'];

export interface Deb {
  /** Absolute path of the package. */
  path: string;
  /** Debian version, as in its control file. */
  version: string;
}

/**
 * Builds the package, or finds that the one in OUT was made from the same inputs.
 * @param options.out folder of the package, dist unless told
 * @param options.force build even when nothing changed
 */
export async function buildDeb(options: { out?: string; force?: boolean } = {}): Promise<Deb> {
  const out = options.out ?? join(root, 'dist');
  const version = await packageVersion();
  const path = join(out, `berth_${version}_amd64.deb`);
  const stamp = `${path}.inputs`;
  const inputs = await hashInputs();
  const built = existsSync(path) && existsSync(stamp) && (await readFile(stamp, 'utf8')) === inputs;
  if (built && options.force !== true) return { path, version };

  const { metafiles, lib } = await build({ out });
  await rm(stamp, { force: true });
  const work = await mkdtemp(join(out, 'deb-'));
  try {
    const tree = join(work, 'tree');
    await mkdir(tree);
    await stageTree({ tree, lib, metafiles, version });
    const half = join(work, 'berth.deb');
    // Measured on the tree of 140 MB: zstd 3 takes 1.1 s for 42 MB; zstd 10 6 s for 37; xz 1 10 s for 35; xz 6 49 s for 29.
    await run('dpkg-deb', ['--root-owner-group', '-Zzstd', '-z3', '--build', tree, half], {
      env: { ...process.env, SOURCE_DATE_EPOCH: String(await sourceDate()) },
    });
    await rename(half, path);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  await writeFile(stamp, inputs);
  return { path, version };
}

/** Seconds since 1970 of the last commit that touched an input; of the changelog's entry where there is no git. */
async function sourceDate(): Promise<number> {
  const fromEnvironment = Number(process.env.SOURCE_DATE_EPOCH);
  if (fromEnvironment > 0) return fromEnvironment;
  try {
    const { stdout } = await run('git', ['log', '-1', '--format=%ct', '--', ...INPUTS], { cwd: root });
    if (Number(stdout) > 0) return Number(stdout);
  } catch {
    // Not a checkout, or no git: the changelog also has a date.
  }
  const changelog = await readFile(join(root, 'packaging/debian/changelog'), 'utf8');
  return Date.parse(/^ -- .*> {2}(.*)$/m.exec(changelog)?.[1] ?? '') / 1000;
}

/** Hash over names, modes and contents of all inputs. The lock file stands for node_modules. */
async function hashInputs(): Promise<string> {
  const hash = createHash('sha256');
  const add = async (file: string): Promise<void> => {
    const path = join(root, file);
    const info = await stat(path).catch(() => undefined);
    if (info?.isDirectory()) {
      for (const name of (await readdir(path)).sort()) await add(join(file, name));
    } else if (info !== undefined) {
      const target = await readlink(path).catch(() => '');
      hash.update(`${file}\0${info.mode}\0${info.size}\0${target}\0`).update(await readFile(path));
    }
  };
  for (const input of INPUTS) await add(input);
  return hash.digest('hex');
}

if (import.meta.main) {
  const { path, version } = await buildDeb();
  console.log(`${path}  (${version}, ${((await stat(path)).size / 1e6).toFixed(1)} MB)`);
}
