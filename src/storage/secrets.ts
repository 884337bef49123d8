/**
 * The secrets of an instance: `secrets/HASH`, mode 0600, the hash of the name. A line of JSON says what is known of the
 * secret, the rest of the file is its content: one file, so that the two are never of different secrets.
 *
 * INVARIANT: whoever writes here is in a transaction of the store's, which lets one writer at a time in. So what a writer
 * finds half written was left by one that was killed.
 */
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { BerthError, isErrno } from '../model/errors.ts';
import type { SecretRecord } from '../model/secret.ts';
import { syncDirectory, writeFileAtomic } from '../sys/files.ts';
import type { StoragePaths } from './paths.ts';

/** How much is read at a time of what is said of a secret. */
const CHUNK = 4096;

export function secretStore({ root, secrets: directory }: StoragePaths) {
  const fileOf = (name: string): string => join(directory, createHash('sha256').update(name).digest('hex'));

  return {
    /** All, by name. Contents are not read. Throws BerthError 'store' for a file that is damaged. */
    list(): SecretRecord[] {
      return namesIn(directory)
        .filter((name) => /^[0-9a-f]{64}$/.test(name))
        .flatMap((name) => readRecord(join(directory, name)) ?? [])
        .sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
    },

    byName: (name: string): SecretRecord | undefined => readRecord(fileOf(name)),

    content(name: string): Uint8Array | undefined {
      const bytes = readIfAny(fileOf(name));
      return bytes?.subarray(bytes.indexOf('\n') + 1);
    },

    save(secret: SecretRecord, content: Uint8Array): void {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      sweep(directory);
      const head = Buffer.from(`${JSON.stringify(secret)}\n`);
      writeFileAtomic(fileOf(secret.name), Buffer.concat([head, content]), { mode: 0o600, durable: true });
      syncDirectory(root); // the first secret has made the directory
    },

    remove(name: string): void {
      sweep(directory);
      rmSync(fileOf(name), { force: true });
      syncDirectory(directory);
    },
  };
}

/** Removes what killed writers have left. */
function sweep(directory: string): void {
  for (const name of namesIn(directory))
    if (name.startsWith('.')) rmSync(join(directory, name), { force: true });
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

function readIfAny(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** The first line of a file; undefined if there is none, which somebody may have removed meanwhile. */
function readRecord(file: string): SecretRecord | undefined {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
  try {
    return JSON.parse(firstLine(fd)) as SecretRecord;
  } catch (error) {
    throw new BerthError('store', `the secret in ${file} is damaged: remove the file and create it again`, {
      cause: error,
    });
  } finally {
    closeSync(fd);
  }
}

function firstLine(fd: number): string {
  const read: Buffer[] = [];
  for (;;) {
    const chunk = Buffer.alloc(CHUNK);
    const bytes = chunk.subarray(0, readSync(fd, chunk));
    const end = bytes.indexOf('\n');
    read.push(end < 0 ? bytes : bytes.subarray(0, end));
    if (end >= 0 || bytes.length === 0) return Buffer.concat(read).toString();
  }
}
