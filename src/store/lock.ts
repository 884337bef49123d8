/**
 * The lock of one container, held by the kernel: an EXCLUSIVE transaction on a small SQLite file of its own.
 * It is gone the moment its holder dies, however that happens, and conmon does not inherit it (POSIX record
 * locks belong to the process: fcntl(2)). Never hold it while waiting for a payload, a person or the network.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { BerthError } from '../model/errors.ts';
import { makeDirectory } from '../sys/files.ts';

export interface HeldLock {
  release(): void;
}

export interface LockOptions {
  /** Called once, when another holder has kept us waiting for two seconds. */
  onWait?: (holder: string) => void;
  /** What this process does, for whoever waits for it: `berth rm`; its program unless told. */
  caller?: string;
  /** Give up after so many ms; 60 s unless told. */
  timeoutMs?: number;
  /** What is locked, as a person calls it; a container with this ID unless told. */
  what?: string;
}

const TELL_AFTER_MS = 2000;

/** Takes the lock of `id`, waiting for its holder. Throws BerthError 'state' naming the holder after the time-out. */
export function lockContainer(lockDir: string, id: string, options: LockOptions = {}): HeldLock {
  makeDirectory(lockDir);
  const file = path.join(lockDir, `${id}.lock`);
  const holderFile = path.join(lockDir, `${id}.holder`);
  const timeoutMs = options.timeoutMs ?? 60_000;
  const db = new Database(file, { timeout: Math.min(TELL_AFTER_MS, timeoutMs) });
  try {
    if (!tryLock(db)) {
      options.onWait?.(readHolder(holderFile));
      db.pragma(`busy_timeout = ${Math.max(0, timeoutMs - TELL_AFTER_MS)}`);
      if (!tryLock(db)) {
        throw new BerthError(
          'state',
          `${options.what ?? `container ${id.slice(0, 12)}`} is kept busy by ${readHolder(holderFile)}: try again, or end that process`,
        );
      }
    }
  } catch (error) {
    db.close();
    throw error;
  }
  // Who has waited for the removal of what it locks gets a lock that is no file any more, and must leave none.
  if (existsSync(file)) noteHolder(holderFile, options.caller ?? path.parse(process.argv[1] ?? 'berth').name);
  return {
    release() {
      db.exec('ROLLBACK');
      db.close();
    },
  };
}

/** Removes the lock's files; only the holder may, when the container goes. */
export function deleteLock(lockDir: string, id: string): void {
  rmSync(path.join(lockDir, `${id}.lock`), { force: true });
  rmSync(path.join(lockDir, `${id}.holder`), { force: true });
}

function tryLock(db: Database.Database): boolean {
  try {
    // In an empty file SQLite prepares the first page here; its journal would outlive a holder that is killed.
    db.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (((error as { code?: string }).code ?? '').startsWith('SQLITE_BUSY')) return false;
    throw error;
  }
}

/** A help for people: without room for it, or where somebody else has put a file of that name, the lock is held all the same. */
function noteHolder(file: string, caller: string): void {
  try {
    writeFileSync(file, `${process.pid} (${caller}) since ${new Date().toISOString()}`);
  } catch {
    // Then who waits is told of "another process".
  }
}

function readHolder(file: string): string {
  try {
    return `process ${readFileSync(file, 'utf8')}`;
  } catch {
    return 'another process';
  }
}
