/** Removing what somebody may be looking at. */
import { randomUUID } from 'node:crypto';
import { readdirSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../model/errors.ts';
import type { StoragePaths } from './paths.ts';

/** Among the imports' directories, of which none is called so. */
const DEAD = 'dead-';

/** Removes a directory that others may be looking at: it vanishes in one step. Already gone is fine. */
export async function removeAside(paths: StoragePaths, directory: string): Promise<void> {
  const aside = moveAside(paths, directory);
  if (aside !== undefined) await rm(aside, { recursive: true, force: true });
}

/** Its first half: afterwards nobody finds the directory any more. Undefined if it was gone. */
export function moveAside(paths: StoragePaths, directory: string): string | undefined {
  const aside = join(paths.staging, `${DEAD}${randomUUID()}`);
  try {
    renameSync(directory, aside);
    return aside;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Its second half, for all that lies aside, whoever moved it there. */
export async function clearAside(paths: StoragePaths): Promise<void> {
  for (const name of namesIn(paths.staging)) {
    if (name.startsWith(DEAD) && !name.endsWith('.lock'))
      await rm(join(paths.staging, name), { recursive: true, force: true });
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}
