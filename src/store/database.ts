/** Opening the one SQLite file: WAL, FULL, immediate transactions, explicit migrations. */
import { closeSync, openSync, statfsSync, statSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { BerthError, isErrno, messageOf } from '../model/errors.ts';
import { makeDirectory } from '../sys/files.ts';
import { MIGRATIONS } from './migrations.ts';

export type Db = Database.Database;

/** How long a writer waits for another one, in ms. Write transactions last a few ms; this is for a stuck disk. */
const BUSY_TIMEOUT_MS = 30_000;

/**
 * File systems on which SQLite's WAL is known to break, because shared memory or locks are not kept between
 * hosts (sqlite.org/wal.html, "all processes … must be on the same host computer"). Magic numbers: statfs(2).
 */
const REMOTE_FILE_SYSTEMS = new Map<number, string>([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x01021997, '9p'],
  [0x00c36400, 'Ceph'],
  [0x65735546, 'FUSE or virtiofs'],
]);

/** Where the database of a state directory lies. */
export function databaseFile(stateDir: string): string {
  return path.join(stateDir, 'berth.db');
}

/**
 * Opens (and, the first time, makes) the database in `stateDir`. One connection per process and for its whole
 * life: closing any other handle of the file would drop SQLite's POSIX locks (sqlite.org/howtocorrupt.html, 2.2).
 * Throws BerthError 'store' for a newer schema, a remote file system, a corrupt file; 'permission' when it may not.
 */
export function openDatabase(stateDir: string): Db {
  const file = databaseFile(stateDir);
  try {
    makeDirectory(stateDir);
    refuseRemoteFileSystem(stateDir);
    makePrivate(file);
    const db = new Database(file, { timeout: BUSY_TIMEOUT_MS });
    db.pragma('synchronous = FULL');
    db.pragma('foreign_keys = ON');
    migrate(db, file);
    shortenLog(db, file);
    return db;
  } catch (error) {
    throw explainOpening(error, file);
  }
}

/**
 * Bytes of the write-ahead log from which on it is emptied. SQLite itself would begin it anew at the second write after a
 * checkpoint; where each process writes once and ends, as checks do, there is none, and each next process reads all of it.
 */
const LONG_LOG = 1_048_576;

/** Without waiting: where others are at the database, the next process to open it does this. */
function shortenLog(db: Db, file: string): void {
  if ((statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) < LONG_LOG) return;
  db.pragma('busy_timeout = 0');
  try {
    db.pragma('wal_checkpoint(TRUNCATE)');
  } catch (error) {
    // Busy, or no room: whoever writes is told of that, and reading needs none.
    if (!((error as { code?: unknown }).code ?? '').toString().startsWith('SQLITE_')) throw error;
  } finally {
    db.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
  }
}

/** Configs hold environments, thus secrets. SQLite gives its -wal and -shm the mode of the database. */
function makePrivate(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  }
}

function refuseRemoteFileSystem(directory: string): void {
  const kind = REMOTE_FILE_SYSTEMS.get(statfsSync(directory).type >>> 0);
  if (kind !== undefined) {
    throw new BerthError(
      'store',
      `${directory} lies on ${kind}, where a SQLite database is not safe: put it on a local disk with --root`,
    );
  }
}

function migrate(db: Db, file: string): void {
  const version = (): number => db.pragma('user_version', { simple: true }) as number;
  if (version() === MIGRATIONS.length) return;
  if (version() > MIGRATIONS.length) throw newerSchema(file, version());
  db.pragma('journal_mode = WAL');
  db.transaction(() => {
    // Someone else may have migrated while this process waited for the write lock.
    for (let step = version(); step < MIGRATIONS.length; step++) {
      db.exec(MIGRATIONS[step] ?? '');
      db.pragma(`user_version = ${step + 1}`);
    }
  }).immediate();
}

function newerSchema(file: string, version: number): BerthError {
  return new BerthError(
    'store',
    `${file} has schema version ${version}, this Berth knows ${MIGRATIONS.length}: it was written by a newer Berth, install that one`,
  );
}

/** What SQLite's errors mean to a person; anything else is returned as it is. */
export function explainSqlite(error: unknown, file: string): unknown {
  const { code } = error as { code?: unknown };
  if (typeof code !== 'string' || !code.startsWith('SQLITE_')) return error;
  const because = { cause: error };
  const why = messageOf(error);
  if (/^SQLITE_(CANTOPEN|READONLY|PERM|AUTH)/.test(code)) return forbidden(error, file);
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code)) {
    return new BerthError(
      'store',
      `${file} is damaged (${why}): move it away and restore it from a copy`,
      because,
    );
  }
  if (code.startsWith('SQLITE_BUSY'))
    return new BerthError('store', `${file} is kept busy by another program: end it and try again`, because);
  if (/^SQLITE_(FULL|IOERR)/.test(code))
    return new BerthError('store', `cannot read or write ${file} (${why}): make room on its disk`, because);
  return error;
}

function explainOpening(error: unknown, file: string): unknown {
  if (isErrno(error, 'EACCES', 'EPERM', 'EROFS')) return forbidden(error, file);
  if (isErrno(error, 'EEXIST', 'ENOTDIR', 'ENOSPC', 'EIO', 'ENOENT'))
    return new BerthError('store', `cannot make ${file}: ${messageOf(error)}`, { cause: error });
  return explainSqlite(error, file);
}

function forbidden(error: unknown, file: string): BerthError {
  return new BerthError('permission', `cannot open ${file}: ${messageOf(error)}: berth must run as root`, {
    cause: error,
  });
}
