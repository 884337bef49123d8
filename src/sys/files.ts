/** Files that must be whole or not there. */
import {
  closeSync,
  existsSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { isErrno } from '../model/errors.ts';

export interface WriteOptions {
  /** Permission bits, whatever the umask; 0600 unless told. */
  mode?: number;
  /** Survive a power loss: fsync the file and its directory. Off for files in /run. */
  durable?: boolean;
  /** Whose it shall be; the caller's unless told. */
  owner?: { uid: number; gid: number };
}

/** Replaces a file in one step: a reader sees the old text or the new one. */
export function writeFileAtomic(file: string, data: string | Uint8Array, options: WriteOptions = {}): void {
  const temporary = path.join(
    path.dirname(file),
    `${temporaryPrefix(file)}${process.pid}${TEMPORARY_SUFFIX}`,
  );
  try {
    const fd = openSync(temporary, 'w', 0o600);
    try {
      if (options.owner !== undefined) fchownSync(fd, options.owner.uid, options.owner.gid);
      fchmodSync(fd, options.mode ?? 0o600);
      writeFileSync(fd, data); // all of it, or an error: a plain write may stop half way on a full disk
      if (options.durable) fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  if (options.durable) syncDirectory(path.dirname(file));
}

/** Replaces a file, if there is one, by a symbolic link, at once. */
export function replaceByLink(file: string, target: string): void {
  const temporary = path.join(
    path.dirname(file),
    `${temporaryPrefix(file)}${process.pid}${TEMPORARY_SUFFIX}`,
  );
  rmSync(temporary, { force: true });
  symlinkSync(target, temporary);
  renameSync(temporary, file);
}

/**
 * Makes a directory with its parents; one that is there is success. Not mkdir's own `recursive`: below /proc, where no
 * directory can be made but every parent exists, Node tries for ever.
 */
export function makeDirectory(directory: string, mode = 0o700): void {
  try {
    mkdirSync(directory, { mode });
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return;
    const parent = path.dirname(directory);
    if (!isErrno(error, 'ENOENT') || existsSync(parent)) throw error;
    makeDirectory(parent, mode);
    makeDirectory(directory, mode);
  }
}

/** What writers of this file left when they were killed half way. */
export function halfWritten(file: string): string[] {
  const directory = path.dirname(file);
  try {
    return readdirSync(directory)
      .filter((name) => name.startsWith(temporaryPrefix(file)) && name.endsWith(TEMPORARY_SUFFIX))
      .map((name) => path.join(directory, name));
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}

const TEMPORARY_SUFFIX = '.tmp';

function temporaryPrefix(file: string): string {
  return `.${path.basename(file)}.`;
}

/** Makes a rename or an unlink in this directory survive a power loss (fsync(2), NOTES). */
export function syncDirectory(directory: string): void {
  const fd = openSync(directory, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** The text of a file, or undefined if there is none; ESRCH and ENODEV: a file of a process or a cgroup that has gone. */
export function readFileIfAny(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ESRCH', 'ENODEV')) return undefined;
    throw error;
  }
}
