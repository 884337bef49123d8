/**
 * The database of the instance in a bed, by SQLite's own shell in there. Not from the host: SQLite resolves symbolic links by
 * itself, so that a path through /proc/PID/root ends at the host's own file.
 */
import type { Bed } from '../bed/bed.ts';

/** Directory of the installed instance's database. */
const STATE_DIR = '/var/lib/berth';

/** Rows of a query. */
export async function query<Row>(bed: Bed, sql: string, stateDir = STATE_DIR): Promise<Row[]> {
  const text = await bed.ok(sqlite(stateDir, sql), { quick: true });
  return text === '' ? [] : (JSON.parse(text) as Row[]);
}

/** Statements that change rows: damage that a test does on purpose. */
export async function execute(bed: Bed, sql: string, stateDir = STATE_DIR): Promise<void> {
  await bed.ok(sqlite(stateDir, sql), { quick: true });
}

/** Without anybody's settings, stopping at the first error, and waiting for who writes. */
function sqlite(stateDir: string, sql: string): string[] {
  const options = ['-init', '/dev/null', '-batch', '-bail', '-json', '-cmd', '.timeout 10000'];
  return ['sqlite3', ...options, `${stateDir}/berth.db`, sql];
}
