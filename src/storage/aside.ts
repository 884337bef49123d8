/** Removing what somebody may be looking at. */
import { randomUUID } from 'node:crypto';
import { renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../model/errors.ts';
import type { StoragePaths } from './paths.ts';

/** Removes a directory that others may be looking at: it vanishes in one step. Already gone is fine. */
export async function removeAside(paths: StoragePaths, directory: string): Promise<void> {
  const aside = join(paths.staging, `dead-${randomUUID()}`);
  try {
    renameSync(directory, aside);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    throw error;
  }
  await rm(aside, { recursive: true, force: true });
}
