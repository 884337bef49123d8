/** The edges between containers that need each other; written with the rows they belong to (containers.ts). */

import type { ContainerConfig } from '../model/config.ts';
import { type Dependency, dependenciesOf } from '../model/namespace.ts';
import type { Db } from './database.ts';

export function dependencyStore(db: Db) {
  const needsOf = (id: string): string[] =>
    db.prepare<[string], string>('SELECT needs FROM dependency WHERE id = ?').pluck().all(id);

  return {
    /** The containers that this one needs. */
    needsOf,

    /** The containers that need this one, the oldest first. */
    dependentsOf(id: string): Dependency[] {
      return db
        .prepare<[string], Dependency>(
          `SELECT d.id, d.kind FROM dependency d JOIN container c ON c.id = d.id
           WHERE d.needs = ? ORDER BY iif(json_valid(c.config), c.config ->> 'createdAt', '')`,
        )
        .all(id);
    },
  };
}

/** Rows for what a new container needs; inside the caller's transaction. */
export function insertDependencies(db: Db, config: ContainerConfig): void {
  const insert = db.prepare('INSERT INTO dependency (id, needs, kind) VALUES (?, ?, ?)');
  for (const { id, kind } of dependenciesOf(config)) insert.run(config.id, id, kind);
}
