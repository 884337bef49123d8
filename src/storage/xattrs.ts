/**
 * Extended attributes, which Node cannot set: collected and handed to `setfattr --restore=-` (package attr) in
 * batches. They come last, because chown drops security.capability (capabilities(7)).
 */

import { spawnSync } from 'node:child_process';
import { BerthError } from '../model/errors.ts';
import { cleanEnvironment, spawnError } from '../sys/spawn.ts';
import { fromText, toBytes } from './byte-string.ts';
import type { Place } from './rooted.ts';

/** Bytes of input held before setfattr runs; a layer of a million attributes must not fill the memory. */
const BATCH = 1 << 20;

export interface XattrBatch {
  add(path: string, attributes: readonly [name: string, value: string][]): void;
  /** Is there something pending for this path or below it? It must be flushed before the path goes away. */
  concerns(path: string): boolean;
  flush(): void;
}

/** @param directory paths are relative to it. Names, values and paths are byte strings. */
export function xattrBatch(directory: string): XattrBatch {
  let pending = new Map<string, string>();
  let size = 0;
  const flush = () => {
    if (pending.size === 0) return;
    const input = [...pending.values()].join('');
    pending = new Map();
    size = 0;
    // -h: the attribute of a symlink, never of what it points to.
    const { error, status, stderr } = spawnSync('setfattr', ['-h', '--restore=-'], {
      cwd: directory,
      env: { ...cleanEnvironment(), LC_ALL: 'C' },
      input,
      encoding: 'utf8',
      maxBuffer: Number.POSITIVE_INFINITY,
    });
    if (error !== undefined) throw spawnError('setfattr', error);
    if (status !== 0) throw refusal(stderr);
  };
  return {
    add(path, attributes) {
      if (attributes.length === 0) return;
      // Before, not after: what this path names need not be there yet.
      if (size > BATCH) flush();
      const record = restoreRecord(path, attributes);
      pending.set(path, (pending.get(path) ?? '') + record);
      size += record.length;
    },
    concerns(path) {
      return pending.has(path) || [...pending.keys()].some((key) => key.startsWith(`${path}/`));
    },
    flush,
  };
}

/** What says that the disk is to blame and not the attribute. */
const OF_THE_DISK =
  /: (No space left on device|Disk quota exceeded|Input\/output error|Operation not supported)$/;

/** setfattr(1) goes on after an error and says one line for each: the first tells enough. */
function refusal(stderr: string): BerthError {
  const first = stderr.split('\n')[0]?.replace(/^setfattr: /, '') ?? '';
  const code = OF_THE_DISK.test(first) ? 'storage' : 'archive';
  return new BerthError(code, `cannot set the extended attributes that the layer has: ${first}`);
}

/** The form that getfattr(1) --dump prints and setfattr(1) --restore reads. */
export function restoreRecord(path: string, attributes: readonly [name: string, value: string][]): string {
  const lines = attributes.map(([name, value]) => `${quote(name)}=0s${toBytes(value).toString('base64')}\n`);
  return `# file: ${quote(path === '' ? '.' : `./${path}`)}\n${lines.join('')}\n`;
}

/** Backslash and three octal digits for every byte that could mean something to the reader. */
function quote(byteString: string): string {
  return byteString.replace(
    /[^A-Za-z0-9._/@+-]/g,
    (byte) => `\\${byte.charCodeAt(0).toString(8).padStart(3, '0')}`,
  );
}

/** Names and values, byte strings. */
export type Xattrs = [name: string, value: string][];

/** What `export` and `cp` keep, as Podman: labels and overlay state belong to the place, not to the file. */
const KEPT = '^(user\\.|security\\.capability$)';

/**
 * The attributes of open files and directories, asked for by descriptor, so that nothing can come between. Those without
 * any, and those on file systems without attributes, have no entry.
 */
export function readXattrs(places: readonly Place[]): Map<Place, Xattrs> {
  const found = new Map<Place, Xattrs>();
  if (places.length === 0) return found;
  const byPath = new Map(places.map((place) => [`/proc/${process.pid}/fd/${place.fd}`, place]));
  const { error, stdout } = spawnSync(
    'getfattr',
    ['--absolute-names', '--encoding=base64', `--match=${KEPT}`, '--dump', '--', ...byPath.keys()],
    { env: cleanEnvironment(), encoding: 'latin1', maxBuffer: Number.POSITIVE_INFINITY },
  );
  if (error !== undefined) throw spawnError('getfattr', error);
  for (const record of stdout.split('\n\n')) {
    const [head = '', ...lines] = record.trim().split('\n');
    const place = byPath.get(head.replace('# file: ', ''));
    if (place !== undefined) found.set(place, lines.flatMap(parseAttribute));
  }
  return found;
}

/** What getfattr(1) --dump --encoding=base64 prints for paths that begin with `./`: relative paths and their attributes. */
export function parseXattrDump(text: string): [path: string, attributes: Xattrs][] {
  return text.split('\n\n').flatMap((record): [string, Xattrs][] => {
    const [head = '', ...lines] = record.trim().split('\n');
    if (!head.startsWith('# file: ')) return [];
    return [[plainBytes(fromText(head.slice('# file: '.length))), lines.flatMap(parseAttribute)]];
  });
}

/** Sets attributes on what is open; a file system that has none is no error. */
export function writeXattrs({ fd }: Pick<Place, 'fd'>, attributes: Xattrs): void {
  if (attributes.length === 0) return;
  const path = `/proc/${process.pid}/fd/${fd}`;
  const lines = attributes.map(([name, value]) => `${quote(name)}=0s${toBytes(value).toString('base64')}\n`);
  const { error, status, stderr } = spawnSync('setfattr', ['--restore=-'], {
    env: { ...cleanEnvironment(), LC_ALL: 'C' },
    input: `# file: ${path}\n${lines.join('')}\n`,
    encoding: 'utf8',
  });
  if (error !== undefined) throw spawnError('setfattr', error);
  if (status !== 0 && !/Operation not supported/.test(stderr))
    throw new BerthError('storage', `cannot set extended attributes: ${stderr.trim()}`);
}

/** `user.name=0sBASE64`, an empty value without `=`; names have what is odd as three octal digits. */
function parseAttribute(line: string): Xattrs {
  const [, name = '', value = ''] = /^([^=]+)(?:=0s(.*))?$/.exec(line) ?? [];
  if (name === '') return [];
  return [[plainBytes(name), Buffer.from(value, 'base64').toString('latin1')]];
}

function plainBytes(quoted: string): string {
  return quoted.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
