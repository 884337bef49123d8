/** Exec sessions that run, as far as anybody has said. */
import type { ExecSession } from '../model/records.ts';
import type { ProcessRef } from '../model/state.ts';
import type { Db } from './database.ts';

export function sessionStore(db: Db) {
  return {
    saveSession({ id, containerId, owner }: ExecSession): void {
      db.prepare(
        'INSERT OR REPLACE INTO exec_session (id, container_id, pid, start_time) VALUES (?, ?, ?, ?)',
      ).run(id, containerId, owner.pid, owner.startTime);
    },

    /** From now on it lives as long as another process; nothing if it has ended already. */
    adoptSession(id: string, owner: ProcessRef): void {
      db.prepare('UPDATE exec_session SET pid = ?, start_time = ? WHERE id = ?').run(
        owner.pid,
        owner.startTime,
        id,
      );
    },

    /** False if there is none (any more). */
    deleteSession(id: string): boolean {
      return db.prepare('DELETE FROM exec_session WHERE id = ?').run(id).changes > 0;
    },

    /** Sessions of one container. */
    sessions(containerId: string): ExecSession[] {
      return db
        .prepare<[string], { id: string; pid: number; start_time: number }>(
          'SELECT id, pid, start_time FROM exec_session WHERE container_id = ? ORDER BY id',
        )
        .all(containerId)
        .map((row) => ({ id: row.id, containerId, owner: { pid: row.pid, startTime: row.start_time } }));
    },
  };
}
