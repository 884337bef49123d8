/** Rows of volumes, and who uses them: containers by their configs, runs, people and processes. */

import type { ContainerConfig } from '../model/config.ts';
import { BerthError } from '../model/errors.ts';
import type { ProcessRef } from '../model/state.ts';
import type { VolumeConfig, VolumeRecord, VolumeState } from '../model/volume/volume.ts';
import type { Db } from './database.ts';

interface Row {
  name: string;
  config: string;
  state: string;
  peoples_mounts: number;
}

const SELECT = 'SELECT name, config, state, peoples_mounts FROM volume';

export function volumeStore(db: Db) {
  const names = (query: string, name: string): string[] =>
    db.prepare<[string], string>(query).pluck().all(name);
  const read = ({ name, config, state, peoples_mounts }: Row): VolumeRecord => ({
    config: parse<VolumeConfig>(name, config),
    state: parse<VolumeState>(name, state),
    usedBy: names(
      `SELECT u.container_id FROM volume_use u JOIN container c ON c.id = u.container_id
       WHERE u.volume = ? ORDER BY iif(json_valid(c.config), c.config ->> 'createdAt', '')`,
      name,
    ),
    inRuns: names('SELECT container_id FROM volume_use WHERE volume = ? AND in_run', name),
    peoplesMounts: peoples_mounts,
    holders: db
      .prepare<[string], ProcessRef>(
        'SELECT pid, start_time AS startTime FROM volume_holder WHERE volume = ?',
      )
      .all(name),
  });

  return {
    /** By its whole name; undefined if there is none. */
    getVolume(name: string): VolumeRecord | undefined {
      const row = db.prepare<[string], Row>(`${SELECT} WHERE name = ?`).get(name);
      return row === undefined ? undefined : read(row);
    },

    /** Those whose names begin so, the oldest first. */
    volumesLike(prefix: string): VolumeRecord[] {
      return db
        .prepare<[string, string], Row>(`${SELECT} WHERE substr(name, 1, length(?)) = ? ORDER BY seq`)
        .all(prefix, prefix)
        .map(read);
    },

    /** In order of creation. */
    listVolumes(): VolumeRecord[] {
      return db.prepare<[], Row>(`${SELECT} ORDER BY seq`).all().map(read);
    },

    /** False if there is one of that name. */
    insertVolume(config: VolumeConfig, state: VolumeState): boolean {
      return (
        db
          .prepare('INSERT OR IGNORE INTO volume (name, config, state) VALUES (?, ?, ?)')
          .run(config.name, JSON.stringify(config), JSON.stringify(state)).changes > 0
      );
    },

    saveVolumeState(name: string, state: VolumeState): void {
      db.prepare('UPDATE volume SET state = ? WHERE name = ?').run(JSON.stringify(state), name);
    },

    /** False if there is none. One that a container names cannot be deleted: SQLite refuses. */
    deleteVolume(name: string): boolean {
      return db.prepare('DELETE FROM volume WHERE name = ?').run(name).changes > 0;
    },

    /** Volumes that a container names. */
    volumesOf(containerId: string): VolumeRecord[] {
      return db
        .prepare<[string], Row>(
          `${SELECT} WHERE name IN (SELECT volume FROM volume_use WHERE container_id = ?) ORDER BY seq`,
        )
        .all(containerId)
        .map(read);
    },

    /** Has the container's run the volume mounted? */
    setVolumeInRun(name: string, containerId: string, inRun: boolean): void {
      db.prepare('UPDATE volume_use SET in_run = ? WHERE volume = ? AND container_id = ?').run(
        inRun ? 1 : 0,
        name,
        containerId,
      );
    },

    saveVolumeMounts(name: string, count: number): void {
      db.prepare('UPDATE volume SET peoples_mounts = ? WHERE name = ?').run(count, name);
    },

    addVolumeHolder(name: string, { pid, startTime }: ProcessRef): void {
      db.prepare('INSERT OR REPLACE INTO volume_holder (volume, pid, start_time) VALUES (?, ?, ?)').run(
        name,
        pid,
        startTime,
      );
    },

    removeVolumeHolder(name: string, { pid, startTime }: ProcessRef): void {
      db.prepare('DELETE FROM volume_holder WHERE volume = ? AND pid = ? AND start_time = ?').run(
        name,
        pid,
        startTime,
      );
    },
  };
}

/** Rows for the volumes that a new container names, which must be there; inside the caller's transaction. */
export function insertVolumeUses(db: Db, { id, mounts }: ContainerConfig): void {
  const insert = db.prepare('INSERT OR IGNORE INTO volume_use (volume, container_id) VALUES (?, ?)');
  for (const { volume } of mounts) if (volume !== undefined) insert.run(volume, id);
}

function parse<T>(name: string, text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new BerthError(
      'store',
      `volume ${name} is damaged in the database: restore a copy of it; the data lie in volumes/${name}/_data`,
      { cause: error },
    );
  }
}
