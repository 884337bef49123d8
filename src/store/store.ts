/** The state store: one SQLite file, seen as plain functions. Readers take no lock; writers use `transaction`. */
import { bootStore } from './boot.ts';
import { watchChanges } from './changes.ts';
import { containerStore } from './containers.ts';
import { databaseFile, explainSqlite, openDatabase } from './database.ts';
import { dependencyStore } from './dependencies.ts';
import { eventStore } from './events.ts';
import { healthStore } from './health.ts';
import { imageStore } from './images.ts';
import { layerStore } from './layers.ts';
import { mountStore } from './mounts.ts';
import { networkStore } from './networks.ts';
import { sessionStore } from './sessions.ts';
import { volumeStore } from './volumes.ts';

/**
 * Opens the store in a state directory; see openDatabase for the errors. Any function may throw BerthError 'store' when
 * the disk is full or broken or the database is damaged.
 */
export function openStore(stateDir: string) {
  const db = openDatabase(stateDir);
  const functions = {
    ...containerStore(db),
    ...dependencyStore(db),
    ...imageStore(db),
    ...layerStore(db),
    ...healthStore(db),
    ...eventStore(db),
    ...mountStore(db),
    ...bootStore(db),
    ...sessionStore(db),
    ...volumeStore(db),
    ...networkStore(db),

    /** Runs `work` in one BEGIN IMMEDIATE transaction: all of it is kept, or nothing. */
    transaction<T>(work: () => T): T {
      return db.transaction(work).immediate();
    },

    /** Calls `listener` soon after any process changed something; returns what ends it. */
    onChange: (listener: () => void): (() => void) => watchChanges(stateDir, listener),

    close(): void {
      db.close();
    },
  };
  return explaining(functions, databaseFile(stateDir));
}

/** The same functions, with SQLite's errors in a person's words. */
function explaining<T extends object>(functions: T, file: string): T {
  const explained = Object.entries(functions).map(
    ([name, call]: [string, (...args: unknown[]) => unknown]) => [
      name,
      (...args: unknown[]): unknown => {
        try {
          return call(...args);
        } catch (error) {
          throw explainSqlite(error, file);
        }
      },
    ],
  );
  return Object.fromEntries(explained) as T;
}
