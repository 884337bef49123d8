/** The tree that becomes the package: every file, its place and its mode. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, copyFile, lstat, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { gzip as gzipCallback } from 'node:zlib';
import type { Metafile } from 'esbuild';
import { root } from './build.ts';
import { copyright } from './copyright.ts';

const gzip = promisify(gzipCallback);

export interface StageOptions {
  /** An empty directory. */
  tree: string;
  /** Where build() has put the bundles. */
  lib: string;
  metafiles: Record<string, Metafile>;
  /** Debian version. */
  version: string;
}

/** The newest version in packaging/debian/changelog; its upstream part must be package.json's. */
export async function packageVersion(): Promise<string> {
  const changelog = await readFile(join(root, 'packaging/debian/changelog'), 'utf8');
  const version = /^berth \(([^)]+)\)/.exec(changelog)?.[1];
  const { version: upstream } = await packageJson();
  if (version === undefined || version.replace(/-[^-]*$/, '') !== upstream) {
    throw new Error(
      `packaging/debian/changelog begins with ${version}, package.json says ${upstream}: add an entry`,
    );
  }
  return version;
}

/** Fills the tree, DEBIAN/ included. */
export async function stageTree(options: StageOptions): Promise<void> {
  const { tree, lib, metafiles, version } = options;
  const put = (from: string, to: string, mode = 0o644): Promise<void> => putFile(from, join(tree, to), mode);

  for (const file of await filesBelow(lib))
    await put(join(lib, file), join('usr/lib/berth', file), file === 'berth' ? 0o755 : 0o644);
  await stageLaunchers(tree, Object.keys(metafiles));
  for (const unit of await listing('units'))
    await put(join(root, 'units', unit), join('usr/lib/systemd/system', unit));
  for (const page of await listing('packaging/man')) {
    const text = await readFile(join(root, 'packaging/man', page));
    await write(
      join(tree, 'usr/share/man', `man${page.slice(-1)}`, `${page}.gz`),
      await gzip(text, { level: 9 }),
    );
  }
  const changelog = await readFile(join(root, 'packaging/debian/changelog'));
  await write(join(tree, 'usr/share/doc/berth/changelog.Debian.gz'), await gzip(changelog, { level: 9 }));
  await write(join(tree, 'usr/share/doc/berth/copyright'), await copyright(metafiles));
  await put(join(root, 'packaging/debian/lintian-overrides'), 'usr/share/lintian/overrides/berth');
  await stageControl(tree, version);
  await setDirectoryModes(tree);
}

/**
 * bin/berth is /usr/bin/berth; what units run are links to it, one for each other entry point, and berth-create. They are made here and not
 * kept in the checkout: a link does not survive every way in which sources are handed on. bin/berth-check needs no JavaScript.
 */
async function stageLaunchers(tree: string, entries: string[]): Promise<void> {
  await putFile(join(root, 'bin/berth'), join(tree, 'usr/bin/berth'), 0o755);
  const libexec = join(tree, 'usr/libexec/berth');
  await mkdir(libexec, { recursive: true });
  for (const name of [...entries, 'berth-create'])
    if (name !== 'berth') await symlink('../../bin/berth', join(libexec, name));
  await putFile(join(root, 'bin/berth-check'), join(libexec, 'berth-check'), 0o755);
}

async function stageControl(tree: string, version: string): Promise<void> {
  const files = await filesBelow(tree);
  let bytes = 0;
  const sums: string[] = [];
  for (const file of files) {
    const path = join(tree, file);
    // deb-substvars(5): regular files count by their size rounded up to a KiB, all else as one KiB.
    bytes += 1024 * Math.max(1, Math.ceil((await lstat(path)).size / 1024));
    if ((await lstat(path)).isFile()) sums.push(`${await md5(path)}  ${file}\n`);
  }
  await write(join(tree, 'DEBIAN/md5sums'), sums.join(''));
  await write(join(tree, 'DEBIAN/control'), await controlFile(version, bytes));
  for (const script of ['postinst', 'prerm', 'postrm']) {
    await putFile(join(root, 'packaging/debian', script), join(tree, 'DEBIAN', script), 0o755);
  }
}

/** The text of DEBIAN/control. */
export async function controlFile(version: string, installedBytes: number): Promise<string> {
  const { description } = await packageJson();
  return fill(await readFile(join(root, 'packaging/debian/control.in'), 'utf8'), {
    VERSION: version,
    INSTALLED_SIZE: String(Math.ceil(installedBytes / 1024)),
    // Debian wants a synopsis that could follow "this package provides".
    SYNOPSIS: description.toLowerCase(),
  });
}

/** Replaces ${NAME} by its value; a name without a value is an error. */
function fill(template: string, values: Record<string, string>): string {
  return template.replace(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`nothing to put in for ${name}`);
    return value;
  });
}

async function packageJson(): Promise<{ version: string; description: string }> {
  return JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
}

/** Names in a folder of the checkout, sorted, none when git has nothing to keep there; hidden files are not shipped. */
async function listing(folder: string): Promise<string[]> {
  const path = join(root, folder);
  if (!existsSync(path)) return [];
  return (await readdir(path)).filter((name) => !name.startsWith('.')).sort();
}

/** Paths of all that is not a directory, relative to it, sorted. */
async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .sort();
}

async function putFile(from: string, to: string, mode: number): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await copyFile(from, to);
  await chmod(to, mode);
}

async function write(path: string, content: string | Buffer): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  await chmod(path, 0o644);
}

/** Whatever umask the build ran with. */
async function setDirectoryModes(tree: string): Promise<void> {
  await chmod(tree, 0o755);
  for (const entry of await readdir(tree, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) await chmod(join(entry.parentPath, entry.name), 0o755);
  }
}

async function md5(path: string): Promise<string> {
  return createHash('md5')
    .update(await readFile(path))
    .digest('hex');
}
