/** Health state and the bounded log of check results. */
import type { HealthResult, HealthState } from '../model/health/health.ts';
import type { Db } from './database.ts';

export function healthStore(db: Db) {
  return {
    saveHealth(id: string, state: HealthState): void {
      db.prepare(
        'INSERT OR REPLACE INTO health (id, status, failing_streak, startup_failures, startup_successes) VALUES (?, ?, ?, ?, ?)',
      ).run(
        id,
        state.status,
        state.failingStreak,
        state.startup?.failures ?? null,
        state.startup?.successes ?? null,
      );
    },

    /** Appends one result and keeps the newest `keep` (0 = all). */
    appendHealthLog(id: string, entry: HealthResult, keep: number): void {
      const last =
        db
          .prepare<[string], { seq: number | null }>('SELECT max(seq) AS seq FROM health_log WHERE id = ?')
          .get(id)?.seq ?? 0;
      db.prepare(
        'INSERT INTO health_log (id, seq, started_at, ended_at, exit_code, output) VALUES (?, ?, ?, ?, ?, ?)',
      ).run(id, last + 1, entry.start, entry.end, entry.exitCode, entry.output);
      if (keep > 0) db.prepare('DELETE FROM health_log WHERE id = ? AND seq <= ?').run(id, last + 1 - keep);
    },

    clearHealth(id: string): void {
      db.prepare('DELETE FROM health_log WHERE id = ?').run(id);
      db.prepare('DELETE FROM health WHERE id = ?').run(id);
    },

    healthLog(id: string): HealthResult[] {
      return db
        .prepare<[string], { started_at: string; ended_at: string; exit_code: number; output: string }>(
          'SELECT * FROM health_log WHERE id = ? ORDER BY seq',
        )
        .all(id)
        .map((row) => ({
          start: row.started_at,
          end: row.ended_at,
          exitCode: row.exit_code,
          output: row.output,
        }));
    },
  };
}
