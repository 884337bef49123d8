/** Being told when somebody, in this process or another, has changed the database. */
import { watch } from 'node:fs';
import path from 'node:path';
import { databaseFile } from './database.ts';

/**
 * When to look after a write to the WAL was seen, in ms. A commit becomes visible by a write to shared memory, which no
 * inotify tells of, after the WAL has been synced: at once on a quick disk, late on a busy one.
 */
const LOOK_AFTER_MS = [0, 5, 50, 500, 3000];

/**
 * Calls `listener` soon after every change (and now and then without one); costs nothing while nothing changes. Returns
 * what ends it. Events of the directory, because the WAL is removed and made anew when nobody has it open.
 */
export function watchChanges(stateDir: string, listener: () => void): () => void {
  const wal = `${path.basename(databaseFile(stateDir))}-wal`;
  let timers: NodeJS.Timeout[] = [];
  const lookSoon = (): void => {
    timers.forEach(clearTimeout);
    timers = LOOK_AFTER_MS.map((ms) => setTimeout(listener, ms));
  };
  const watcher = watch(stateDir, (_event, file) => {
    if (file === null || file === wal) lookSoon();
  });
  // A write from before this moment may become visible after the caller's first look.
  lookSoon();
  return () => {
    timers.forEach(clearTimeout);
    watcher.close();
  };
}
