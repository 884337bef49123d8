/** /usr/share/doc/berth/copyright: Berth's own, then the licences of all that is in the bundles, then Bun's. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { root } from './build.ts';
import { ADDONS, packagesOf } from './bundle.ts';

/** Addons that are in the package although no bundle contains their files, and what they in turn contain. */
const BINARY_NOTES: Record<string, string> = {
  'better-sqlite3': 'Its addon contains SQLite, which its authors have put into the public domain.',
};

/** The addon is in a package of its own, without a licence text. */
const LICENSED_AS: Record<string, string> = {
  '@koromix/koffi-linux-x64/linux_x64/koffi.node': 'koffi/koffi.node',
};

/** @throws when a package in a bundle has no licence text: it may not be shipped before someone has looked. */
export async function copyright(metafiles: Record<string, Metafile>): Promise<string> {
  const inputs = Object.values(metafiles).flatMap(({ inputs }) => Object.keys(inputs));
  const addons = Object.keys(ADDONS).map((file) => `node_modules/${LICENSED_AS[file] ?? file}`);
  const parts = [await readFile(join(root, 'packaging/debian/copyright.in'), 'utf8')];
  // Equal texts once, under the names of all that use them.
  const titles = new Map<string, string[]>();
  for (const { name, version, folder } of packagesOf([...inputs, ...addons], root)) {
    const note = BINARY_NOTES[name];
    const text = (note === undefined ? '' : `${note}\n\n`) + (await licence(folder));
    titles.set(text, [...(titles.get(text) ?? []), `${name} ${version}`]);
  }
  for (const [text, names] of titles) parts.push(heading(names.join('\n')), text);
  const bun = join(root, 'node_modules/@oven/bun-linux-x64-baseline/package.json');
  const { version } = JSON.parse(await readFile(bun, 'utf8')) as { version: string };
  const licences = await readFile(join(root, 'packaging/debian/bun-licence'), 'utf8');
  parts.push(heading(`Bun ${version} (in /usr/lib/berth/berth)`), licences);
  return parts.join('');
}

async function licence(folder: string): Promise<string> {
  const file = (await readdir(folder)).find((name) => /^(licen[cs]e|copying)(\.\w+)?$/i.test(name));
  if (file !== undefined) return `${(await readFile(join(folder, file), 'utf8')).trim()}\n`;
  const readme = (await readdir(folder)).find((name) => /^readme/i.test(name));
  const section = /^#+\s*licen[cs]e\s*\n([\s\S]*)/im.exec(
    readme === undefined ? '' : await readFile(join(folder, readme), 'utf8'),
  )?.[1];
  if (section !== undefined) return `${section.trim()}\n`;
  throw new Error(`no licence text in ${folder}`);
}

function heading(title: string): string {
  return `\n${'-'.repeat(78)}\n${title}\n${'-'.repeat(78)}\n\n`;
}
