/**
 * `npm run build`: src/entry/*.ts → dist/lib, as it will lie in /usr/lib/berth: one program, and addons that it loads.
 *
 * One bundle per entry point, made by esbuild; Bun compiles them to bytecode and puts them into the program. Lazy commands
 * (`import()`) stay inside the bundle of the CLI: esbuild turns them into functions that are called on first use, and as
 * bytecode a function that is not called costs nothing.
 */
import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build as esbuild, type Metafile } from 'esbuild';
import { ADDONS, bundleOptions } from './bundle.ts';
import { writeBytecodeOrder } from './bytecode-order.ts';

const run = promisify(execFile);

export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

/** The program that runs Berth. The build for any 64-bit processor: the other one needs AVX2. */
export const BUN = join(root, 'node_modules/@oven/bun-linux-x64-baseline/bin/bun');

export interface BuildResult {
  /** The directory that holds the program and its addons. */
  lib: string;
  /** Entry name (`berth-start`) → what its bundle was made of. */
  metafiles: Record<string, Metafile>;
  /** Entry name → its bundle, as it goes into the program. */
  bundles: Record<string, string>;
}

export interface BuildOptions {
  entries?: string;
  out?: string;
  testCuts?: boolean;
}

/**
 * Bundles every entry point. The metafiles are also written to OUT/meta.json.
 * @param options.entries folder of the entry points, src/entry unless told
 * @param options.out folder to fill, dist unless told
 * @param options.testCuts with test/support/cut-point.ts in the place of src/lifecycle/cut-point.ts: never in a package
 * @throws when there is no entry point, or when esbuild finds an error (which it has then printed)
 */
export async function build(options: BuildOptions = {}): Promise<BuildResult> {
  const entries = options.entries ?? join(root, 'src/entry');
  const out = options.out ?? join(root, 'dist');
  const lib = join(out, 'lib');
  const names = (await readdir(entries)).filter((file) => file.endsWith('.ts')).sort();
  if (names.length === 0) throw new Error(`no entry point in ${entries}`);

  const folder = join(out, 'bundles');
  for (const old of [lib, folder]) await rm(old, { recursive: true, force: true });
  for (const place of [join(lib, 'addons'), folder]) await mkdir(place, { recursive: true });
  const built = await Promise.all(
    names.map(async (file) => {
      const name = basename(file, '.ts');
      return { name, ...(await bundle(join(entries, file), join(folder, `${name}.cjs`), options)) };
    }),
  );
  await copyAddons(lib);
  const inputs = built.map(({ name }) => join(folder, `${name}.cjs`));
  const program = join(lib, 'berth');
  const order = join(folder, 'order');
  await compile(inputs, program);
  await writeBytecodeOrder(program, order);
  await compile(inputs, program, [`--bytecode-order=${order}`]);
  await rm(folder, { recursive: true });
  const metafiles = Object.fromEntries(built.map(({ name, metafile }) => [name, metafile]));
  await writeFile(join(out, 'meta.json'), JSON.stringify(metafiles));
  return { lib, metafiles, bundles: Object.fromEntries(built.map(({ name, text }) => [name, text])) };
}

async function bundle(
  entry: string,
  outfile: string,
  { testCuts = false }: BuildOptions,
): Promise<{ metafile: Metafile; text: string }> {
  const replaced = testCuts
    ? { [join(root, 'src/lifecycle/cut-point.ts')]: join(root, 'test/support/cut-point.ts') }
    : {};
  const { outputFiles, metafile } = await esbuild({
    ...bundleOptions(entry, outfile, replaced),
    absWorkingDir: root,
  });
  const text = toAscii(outputFiles?.[0]?.text ?? '');
  await writeFile(outfile, text);
  return { metafile: metafile as Metafile, text };
}

/** Escapes what esbuild's `charset: 'ascii'` leaves as it is: characters in regular expressions. */
function toAscii(text: string): string {
  return text.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/**
 * Puts all bundles, with their bytecode, into one program with Bun: LIB/berth. Where it is called, it looks for nothing but
 * its arguments: no .env, bunfig.toml, package.json or tsconfig.json. Measured, a compiled program also starts in half the time
 * that `bun BUNDLE` takes.
 */
async function compile(bundles: string[], program: string, layout: string[] = []): Promise<void> {
  const folder = dirname(bundles[0] ?? '');
  const main = join(folder, 'main.cjs');
  await copyFile(join(root, 'packaging/runtime/main.cjs'), main);
  const options = ['--compile', '--bytecode', '--format=cjs', '--minify-whitespace', '--external=x11'];
  const obeyed = ['dotenv', 'bunfig', 'tsconfig', 'package-json'].map((it) => `--no-compile-autoload-${it}`);
  await run(BUN, ['build', ...options, ...layout, ...obeyed, `--outfile=${program}`, main, ...bundles], {
    cwd: folder,
    env: {},
  });
}

async function copyAddons(lib: string): Promise<void> {
  for (const [from, to] of Object.entries(ADDONS)) {
    await copyFile(join(root, 'node_modules', from), join(lib, 'addons', to));
    await chmod(join(lib, 'addons', to), 0o644);
  }
}

if (import.meta.main) {
  const { lib, metafiles } = await build({ testCuts: process.argv.includes('--test-cuts') });
  for (const [name, { outputs }] of Object.entries(metafiles)) {
    const [{ bytes = 0 } = {}] = Object.values(outputs);
    console.log(`${name}  ${Math.ceil(bytes / 1024)} KiB`);
  }
  const { size } = await stat(join(lib, 'berth'));
  console.log(`${lib}/berth  ${(size / 1e6).toFixed(1)} MB`);
}
