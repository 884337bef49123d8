/**
 * The database of the instance in a bed, by the Node that the package ships, in there. Not from the host: SQLite
 * resolves symbolic links by itself, so that a path through /proc/PID/root ends at the host's own file.
 */
import type { Bed } from '../bed/bed.ts';

/** Directory of the installed instance's database. */
const STATE_DIR = '/var/lib/berth';

/** Rows of a query. */
export async function query<Row>(bed: Bed, sql: string, stateDir = STATE_DIR): Promise<Row[]> {
  const program = `${OPEN} console.log(JSON.stringify(db.prepare(sql).all()));`;
  return JSON.parse(await bed.ok([...NODE, program, stateDir, sql], { quick: true })) as Row[];
}

/** Statements that change rows: damage that a test does on purpose. */
export async function execute(bed: Bed, sql: string, stateDir = STATE_DIR): Promise<void> {
  await bed.ok([...NODE, `${OPEN} db.exec(sql);`, stateDir, sql], { quick: true });
}

const NODE = ['/usr/lib/berth/node', '--no-warnings', '-e'];
const OPEN = `const [, dir, sql] = process.argv;
const { DatabaseSync } = require('node:sqlite');
const db = new DatabaseSync(dir + '/berth.db', { timeout: 10000 });`;
