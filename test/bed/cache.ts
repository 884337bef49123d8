/**
 * The recipe cache: what is expensive to make (root file systems, images) is made once per recipe and
 * kept outside the tree, under a name that holds the hash of its recipe.
 *
 * Two rules make it safe to kill a build at any point and to run two at once: an entry is built under a
 * temporary name and renamed when it is complete, and one lock per entry makes the second builder wait.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { lock } from 'proper-lockfile';
import { isAlive, self } from './owner.ts';

/** The cache's folder: `$BERTH_BED_CACHE`, or /var/cache/berth-bed. Created if missing. */
export function cacheDir(...below: string[]): string {
  const dir = join(process.env.BERTH_BED_CACHE || '/var/cache/berth-bed', ...below);
  mkdirSync(dir, { recursive: true });
  return dir;
}

/** 16 hex digits that stand for a recipe: every part that can change what the recipe makes. */
export function recipeHash(...parts: string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}

/** The text of a source file beside this one, as a part of a recipe. */
export function sourceText(file: string): string {
  return readFileSync(join(import.meta.dirname, file), 'utf8');
}

export interface CacheEntry {
  /** Folder below the cache. */
  kind: string;
  name: string;
  hash: string;
  /** File name ending, with its dot; none for a folder. */
  suffix?: string;
}

/** How long an entry stays that nobody has asked for: a bed of another checkout may be running on it. */
const KEEP_UNUSED_MS = 12 * 3_600_000;

/**
 * The path of a cache entry, built by `build(temporaryPath)` if it is not there yet.
 * `build` may create a file or a folder at that path; nothing else is taken over.
 */
export async function cached(entry: CacheEntry, build: (path: string) => Promise<void>): Promise<string> {
  const dir = cacheDir(entry.kind);
  const suffix = entry.suffix ?? '';
  const path = join(dir, `${entry.name}-${entry.hash}${suffix}`);
  if (await used(path)) return path;

  const lockFile = join(cacheDir('locks'), `${entry.kind}-${entry.name}`);
  await writeFile(lockFile, '', { flag: 'a' });
  const release = await lock(lockFile, {
    stale: 15_000,
    retries: { forever: true, minTimeout: 250, maxTimeout: 250 },
  });
  try {
    if (await used(path)) return path;
    await clearAbandoned(dir);
    // The same suffix, because archive tools choose the compression by it.
    const temporary = join(dir, `.new-${self()}-${entry.name}${suffix}`);
    try {
      await build(temporary);
      await rename(temporary, path);
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
    await prune(path, entry);
    return path;
  } finally {
    await release();
  }
}

/** Removes half-built entries whose builder is dead. */
async function clearAbandoned(dir: string): Promise<void> {
  for (const name of await readdir(dir)) {
    const owner = /^\.new-(\d+_\d+)-/.exec(name)?.[1];
    if (owner !== undefined && !isAlive(owner)) await rm(join(dir, name), { recursive: true, force: true });
  }
}

/**
 * Removes entries of the same name with another hash: the recipe has changed. Those that were asked for lately stay, because
 * a root file system that goes while a bed runs on it takes files out of that bed one by one.
 */
async function prune(path: string, entry: CacheEntry): Promise<void> {
  const dir = dirname(path);
  const form = new RegExp(`^${entry.name}-[0-9a-f]{16}${(entry.suffix ?? '').replaceAll('.', '\\.')}$`);
  for (const name of await readdir(dir)) {
    const other = join(dir, name);
    if (other === path || !form.test(name)) continue;
    if (Date.now() - (await stat(other)).mtimeMs > KEEP_UNUSED_MS)
      await rm(other, { recursive: true, force: true });
  }
}

/** Is the entry there? Its time then says that it was asked for now. */
async function used(path: string): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true });
  const now = new Date();
  return utimes(path, now, now).then(
    () => true,
    () => false,
  );
}
