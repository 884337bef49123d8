/**
 * `npm run build`: src/entry/*.ts → dist/lib, as it will lie in /usr/lib/berth.
 *
 * One bundle per entry point. Lazy commands (`import()`) stay inside the bundle of the CLI: esbuild turns them into
 * functions that are called on first use, and with the code cache a function that is not called costs nothing.
 */
import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as esbuild, type Metafile } from 'esbuild';
import { ADDONS, bundleOptions, KEY_PLACEHOLDER } from './bundle.ts';

export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

export interface BuildResult {
  /** The directory that holds the bundles. */
  lib: string;
  /** Entry name (`berth-start`) → what its bundle was made of. */
  metafiles: Record<string, Metafile>;
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

  await rm(lib, { recursive: true, force: true });
  await mkdir(join(lib, 'addons'), { recursive: true });
  const bundles = names.map(async (file) => {
    const name = basename(file, '.ts');
    return [name, await bundle(join(entries, file), join(lib, `${name}.cjs`), options)] as const;
  });
  const metafiles = Object.fromEntries(await Promise.all(bundles));
  await copyRuntime(lib);
  await writeFile(join(out, 'meta.json'), JSON.stringify(metafiles));
  return { lib, metafiles };
}

async function bundle(entry: string, outfile: string, { testCuts = false }: BuildOptions): Promise<Metafile> {
  const replaced = testCuts
    ? { [join(root, 'src/lifecycle/cut-point.ts')]: join(root, 'test/support/cut-point.ts') }
    : {};
  const { outputFiles, metafile } = await esbuild({
    ...bundleOptions(entry, outfile, replaced),
    absWorkingDir: root,
  });
  for (const file of outputFiles ?? []) {
    await writeFile(file.path, file.path.endsWith('.cjs') ? stampKey(toAscii(file.text)) : file.contents);
  }
  return metafile as Metafile;
}

/** Escapes what esbuild's `charset: 'ascii'` leaves as it is: characters in regular expressions. */
function toAscii(text: string): string {
  return text.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Puts the bundle's hash into its first comment, where the launcher finds it without hashing. */
function stampKey(text: string): string {
  const key = createHash('sha256').update(text).digest('hex').slice(0, KEY_PLACEHOLDER.length);
  if (!text.startsWith(`/*${KEY_PLACEHOLDER}*/`))
    throw new Error('a bundle does not begin with the place of its key');
  return text.replace(KEY_PLACEHOLDER, key);
}

async function copyRuntime(lib: string): Promise<void> {
  for (const file of ['launch.cjs', 'codecache.cjs']) {
    await copyFile(join(root, 'packaging/runtime', file), join(lib, file));
  }
  for (const [from, to] of Object.entries(ADDONS)) {
    await copyFile(join(root, 'node_modules', from), join(lib, 'addons', to));
    await chmod(join(lib, 'addons', to), 0o644);
  }
}

if (import.meta.main) {
  const { lib, metafiles } = await build({ testCuts: process.argv.includes('--test-cuts') });
  for (const [name, { outputs }] of Object.entries(metafiles)) {
    const bytes = Object.entries(outputs).find(([file]) => file.endsWith('.cjs'))?.[1].bytes ?? 0;
    console.log(`${lib}/${name}.cjs  ${Math.ceil(bytes / 1024)} KiB`);
  }
}
