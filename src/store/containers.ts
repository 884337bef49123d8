/** Rows of containers: the fixed config and the moving state. */
import type { ContainerConfig } from '../model/config.ts';
import { BerthError, messageOf } from '../model/errors.ts';
import type { HealthState } from '../model/health/health.ts';
import { nameInUse } from '../model/name.ts';
import type { BrokenRecord, ContainerRecord, ExitRecord } from '../model/records.ts';
import type { ContainerState } from '../model/state.ts';
import type { Db } from './database.ts';
import { insertDependencies } from './dependencies.ts';
import { insertVolumeUses } from './volumes.ts';

interface Row {
  id: string;
  name: string;
  config: string;
  state: string;
  health_status: HealthState['status'] | null;
  failing_streak: number | null;
  startup_failures: number | null;
  startup_successes: number | null;
}

/** Newest form of ContainerConfig that this program reads. */
const CONFIG_VERSION = 1;

const SELECT = `
  SELECT c.id, c.name, c.config, c.state, h.status AS health_status, h.failing_streak,
    h.startup_failures, h.startup_successes
  FROM container c LEFT JOIN health h ON h.id = c.id`;

export function containerStore(db: Db) {
  function assertNameFree({ id, name }: ContainerConfig): void {
    const owner = db.prepare<[string], { id: string }>('SELECT id FROM container WHERE name = ?').get(name);
    if (owner !== undefined && owner.id !== id) throw nameInUse(name, owner.id);
  }

  return {
    /** By full id; undefined if there is none. */
    getContainer(id: string): ContainerRecord | undefined {
      const row = db.prepare<[string], Row>(`${SELECT} WHERE c.id = ?`).get(id);
      return row === undefined ? undefined : read(row);
    },

    /** By exact name; undefined if there is none. */
    containerByName(name: string): ContainerRecord | undefined {
      const row = db.prepare<[string], Row>(`${SELECT} WHERE c.name = ?`).get(name);
      return row === undefined ? undefined : read(row);
    },

    /**
     * By name, full id or unique id prefix, in that order. Throws 'no-such-container', or 'invalid' when the
     * prefix fits several or there is nothing to look for.
     */
    findContainer(nameOrId: string): ContainerRecord {
      if (nameOrId === '') throw new BerthError('invalid', 'name or ID cannot be empty');
      const exact = db
        .prepare<[string, string, string], Row>(
          `${SELECT} WHERE c.name = ? OR c.id = ? ORDER BY c.name = ? DESC LIMIT 1`,
        )
        .get(nameOrId, nameOrId, nameOrId);
      if (exact !== undefined) return read(exact);
      const rows = /^[0-9a-f]+$/.test(nameOrId)
        ? db
            .prepare<[string, string], Row>(`${SELECT} WHERE c.id >= ? AND c.id < ? LIMIT 2`)
            .all(nameOrId, `${nameOrId}g`)
        : [];
      const [only, second] = rows;
      if (nameOrId === '') throw new BerthError('invalid', 'name or ID cannot be empty');
      if (only === undefined) {
        throw new BerthError(
          'no-such-container',
          `no container with name or ID ${JSON.stringify(nameOrId)} found: no such container`,
        );
      }
      if (second !== undefined) {
        throw new BerthError(
          'invalid',
          `more than one result for container ${JSON.stringify(nameOrId)}: container already exists: write more digits of the ID`,
        );
      }
      return read(only);
    },

    /** The row of this name or full ID, if there is one that cannot be read. */
    brokenContainer(nameOrId: string): BrokenRecord | undefined {
      const rows = db
        .prepare<[string, string], Row>(`${SELECT} WHERE c.name = ? OR c.id = ?`)
        .all(nameOrId, nameOrId);
      return readAll(rows).broken[0];
    },

    /** All containers in order of creation; unreadable rows apart, so that one of them never hides the rest. */
    listContainers(): { containers: ContainerRecord[]; broken: BrokenRecord[] } {
      // In the order in which they lie. Of itself SQLite goes by the names, and each name is a search that reads many rows.
      const { containers, broken } = readAll(db.prepare<[], Row>(`${SELECT} ORDER BY c.id`).all());
      containers.sort((a, b) => a.config.createdAt.localeCompare(b.config.createdAt));
      return { containers, broken };
    },

    /** Throws 'name-in-use' when the name is taken. The volumes that it names must be there. */
    insertContainer(config: ContainerConfig, state: ContainerState): void {
      assertNameFree(config);
      db.prepare('INSERT INTO container (id, name, config, state) VALUES (?, ?, ?, ?)').run(
        config.id,
        config.name,
        JSON.stringify(config),
        JSON.stringify(state),
      );
      insertDependencies(db, config);
      insertVolumeUses(db, config);
    },

    /** Another config for the same container (rename, update). Throws 'name-in-use' when the new name is taken. */
    replaceConfig(config: ContainerConfig): void {
      assertNameFree(config);
      db.prepare('UPDATE container SET name = ?, config = ? WHERE id = ?').run(
        config.name,
        JSON.stringify(config),
        config.id,
      );
    },

    saveState(id: string, state: ContainerState): void {
      db.prepare('UPDATE container SET state = ? WHERE id = ?').run(JSON.stringify(state), id);
    },

    deleteContainer(id: string): boolean {
      return db.prepare('DELETE FROM container WHERE id = ?').run(id).changes > 0;
    },

    saveExit(record: ExitRecord): void {
      db.prepare(
        'INSERT OR REPLACE INTO exit_record (id, start_number, exit_code, oom_killed, finished_at) VALUES (?, ?, ?, ?, ?)',
      ).run(record.id, record.startNumber, record.exitCode, record.oomKilled ? 1 : 0, record.finishedAt);
    },

    /** Exit records of one container, the latest start first; also after its removal. */
    exitRecords(id: string): ExitRecord[] {
      return db
        .prepare<
          [string],
          { id: string; start_number: number; exit_code: number; oom_killed: number; finished_at: string }
        >('SELECT * FROM exit_record WHERE id = ? ORDER BY start_number DESC')
        .all(id)
        .map((row) => ({
          id: row.id,
          startNumber: row.start_number,
          exitCode: row.exit_code,
          oomKilled: row.oom_killed !== 0,
          finishedAt: row.finished_at,
        }));
    },

    /** Drops exit records of removed containers that ended before `before`, and all but the last of living ones. */
    pruneExits(before: string): void {
      db.prepare(
        `DELETE FROM exit_record WHERE finished_at < ? AND (
           id NOT IN (SELECT id FROM container)
           OR start_number < (SELECT max(start_number) FROM exit_record newer WHERE newer.id = exit_record.id))`,
      ).run(before);
    },
  };
}

function readAll(rows: readonly Row[]): { containers: ContainerRecord[]; broken: BrokenRecord[] } {
  const containers: ContainerRecord[] = [];
  const broken: BrokenRecord[] = [];
  for (const row of rows) {
    try {
      containers.push(read(row));
    } catch (error) {
      broken.push({ id: row.id, name: row.name, reason: messageOf(error) });
    }
  }
  return { containers, broken };
}

function read(row: Row): ContainerRecord {
  const config = parse<ContainerConfig>(row, row.config, 'config');
  if (config.version > CONFIG_VERSION) {
    throw new BerthError(
      'store',
      `container ${row.name} was written by a newer Berth (config version ${config.version}, this one reads ${CONFIG_VERSION}): install that one, or remove the container with it`,
    );
  }
  if (config.id !== row.id || config.name !== row.name || typeof config.createdAt !== 'string')
    throw damaged(row, 'config');
  const state = parse<ContainerState>(row, row.state, 'state');
  if (typeof state.status !== 'string') throw damaged(row, 'state');
  const health = readHealth(row);
  return { config, state, ...(health === undefined ? {} : { health }) };
}

function readHealth(row: Row): HealthState | undefined {
  if (row.health_status === null) return undefined;
  const state = { status: row.health_status, failingStreak: row.failing_streak ?? 0 };
  if (row.startup_failures === null) return state;
  return { ...state, startup: { failures: row.startup_failures, successes: row.startup_successes ?? 0 } };
}

function parse<T>(row: Row, text: string, what: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw damaged(row, what);
  }
  if (typeof value !== 'object' || value === null) throw damaged(row, what);
  return value as T;
}

function damaged(row: Row, what: string): BerthError {
  return new BerthError(
    'store',
    `the ${what} of container ${row.name} (${row.id}) is damaged in the database: restore a copy of it, or remove the container with berth rm --force ${row.id}`,
  );
}
