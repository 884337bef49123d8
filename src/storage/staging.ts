/**
 * A directory of one import's own, on the file system of the layers.
 *
 * A live import is known by its lock, which proper-lockfile keeps fresh. The lock is taken before the directory is made and
 * given back after it is gone, so a directory without a fresh lock is always a dead import's, and is swept by the
 * next one. That one need not wait for the lock to become stale if it can see that the process is gone: the directory is
 * named after it. A sweeper moves it aside first: if its owner was only asleep (a suspended machine), the owner's next step
 * fails instead of publishing what is being deleted.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { lock } from 'proper-lockfile';
import { BerthError, isErrno } from '../model/errors.ts';
import { isAlive, processNamespaces, selfRef } from '../sys/proc.ts';
import { removeAside } from './aside.ts';
import { ensureStorage, type StoragePaths } from './paths.ts';

/** Milliseconds without a sign of life after which an import counts as dead. */
export const STAGING_STALE_MS = 20_000;

export interface Staging {
  directory: string;
  /** Throws if another process took this import for dead. */
  assertOwned(): void;
}

/** Runs `work` with a fresh staging directory, which is gone afterwards whatever happened. */
export async function withStaging<Result>(
  paths: StoragePaths,
  work: (staging: Staging) => Promise<Result>,
): Promise<Result> {
  ensureStorage(paths);
  const directory = join(paths.staging, `${ownerName()}-${randomUUID()}`);
  let lost: Error | undefined;
  const release = await lock(directory, {
    realpath: false,
    stale: STAGING_STALE_MS,
    onCompromised: (error) => {
      lost = error;
    },
  });
  try {
    mkdirSync(directory, { mode: 0o700 });
    await sweep(paths, directory);
    return await work({
      directory,
      assertOwned() {
        if (lost)
          throw new BerthError(
            'storage',
            'the import was interrupted for too long and was given up, start it again',
            { cause: lost },
          );
      },
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
    if (!lost) await release();
  }
}

/** Removes what dead imports left. */
async function sweep(paths: StoragePaths, own: string): Promise<void> {
  const bases = new Set(
    readdirSync(paths.staging).map((name) => join(paths.staging, name.replace(/\.lock$/, ''))),
  );
  bases.delete(own);
  for (const base of bases) {
    if (isOrphan(basename(base))) {
      await removeAside(paths, base);
      await rm(`${base}.lock`, { recursive: true, force: true });
      continue;
    }
    const release = await lock(base, { realpath: false, stale: STAGING_STALE_MS }).catch((error: unknown) => {
      if (isErrno(error, 'ELOCKED')) return undefined;
      throw error;
    });
    if (release === undefined) continue;
    await removeAside(paths, base);
    await release();
  }
}

/** Names of other PID namespaces say nothing here. */
function ownerName(): string {
  const { pid, startTime } = selfRef();
  return `${pidNamespace()}-${pid}-${startTime}`;
}

/** Is this the directory of a process that is gone? */
function isOrphan(name: string): boolean {
  const [, namespace, pid, startTime] = /^(\d+)-(\d+)-(\d+)-/.exec(name) ?? [];
  return namespace === pidNamespace() && !isAlive({ pid: Number(pid), startTime: Number(startTime) });
}

function pidNamespace(): string | undefined {
  return processNamespaces(process.pid).pid;
}
