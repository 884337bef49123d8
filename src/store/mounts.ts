/** Who needs a container's root mounted beyond its own run: people, by number, and processes at work in it. */
import type { ProcessRef } from '../model/state.ts';
import type { Db } from './database.ts';

export function mountStore(db: Db) {
  return {
    /** 0 for a container that nobody mounted. What is really mounted, only the kernel knows. */
    mountCount(id: string): number {
      const row = db
        .prepare<[string], { count: number }>('SELECT count FROM mount_count WHERE id = ?')
        .get(id);
      return row?.count ?? 0;
    },

    saveMountCount(id: string, count: number): void {
      if (count === 0) db.prepare('DELETE FROM mount_count WHERE id = ?').run(id);
      else db.prepare('INSERT OR REPLACE INTO mount_count (id, count) VALUES (?, ?)').run(id, count);
    },

    /** Processes that said they work in the root; those that were killed are still among them. */
    mountHolders(id: string): ProcessRef[] {
      return db
        .prepare<[string], { pid: number; startTime: number }>(
          'SELECT pid, start_time AS startTime FROM mount_holder WHERE id = ?',
        )
        .all(id);
    },

    addMountHolder(id: string, { pid, startTime }: ProcessRef): void {
      db.prepare('INSERT OR REPLACE INTO mount_holder (id, pid, start_time) VALUES (?, ?, ?)').run(
        id,
        pid,
        startTime,
      );
    },

    removeMountHolder(id: string, { pid, startTime }: ProcessRef): void {
      db.prepare('DELETE FROM mount_holder WHERE id = ? AND pid = ? AND start_time = ?').run(
        id,
        pid,
        startTime,
      );
    },
  };
}
