/** What is mounted in this mount namespace: the kernel's own list, never a counter of ours. */
import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isErrno } from '../model/errors.ts';

export interface MountInfo {
  id: number;
  parentId: number;
  /** `major:minor` of the file system. */
  device: string;
  /** The directory of the file system that is mounted (for a bind mount of a subdirectory not `/`). */
  root: string;
  mountPoint: string;
  /** Per-mount options: rw, nodev, nosuid, relatime … */
  options: string[];
  /** `shared:N`, `master:N`, `propagate_from:N`, `unbindable`; empty for a private mount. */
  propagation: string[];
  fsType: string;
  source: string;
  /** Per-file-system options: lowerdir=…, size=… */
  superOptions: string[];
}

/** The mounts this process sees, in mount order: of two at one place the later one is on top. */
export function mountInfo(): MountInfo[] {
  return parseMountInfo(readFileSync('/proc/self/mountinfo', 'utf8'));
}

/** The topmost mount whose mount point is exactly this absolute path. */
export function mountAt(
  file: string,
  mounts: readonly MountInfo[] = mountsNaming(file),
): MountInfo | undefined {
  return mounts.findLast((mount) => mount.mountPoint === file);
}

/** The mounts at a directory and below, in mount order. */
export function mountsWithin(directory: string): MountInfo[] {
  return mountsNaming(directory).filter(
    ({ mountPoint }) => mountPoint === directory || mountPoint.startsWith(`${directory}/`),
  );
}

/** Some of all mounts, but those that have the path in them: where many are mounted, most lines need no reading. */
function mountsNaming(file: string): MountInfo[] {
  const text = readFileSync('/proc/self/mountinfo', 'utf8');
  if (ESCAPED.test(file)) return parseMountInfo(text);
  return text
    .split('\n')
    .filter((line) => line.includes(file))
    .flatMap((line) => parseLine(line) ?? []);
}

/** What the kernel writes otherwise than it is. */
const ESCAPED = /[ \t\n\\#]/;

/** open(2): a name is looked up, nothing is opened. */
const O_PATH = 0o10000000;

/**
 * Is something mounted at exactly this path? Links are not followed, nothing there is no mount. However many mounts there
 * are, this costs the same: a mount point is in another mount than its directory (`mnt_id` of proc_pid_fdinfo(5)).
 */
export function isMountPoint(file: string): boolean {
  const own = mountIdOf(file);
  return own !== undefined && own !== mountIdOf(path.dirname(file));
}

function mountIdOf(file: string): string | undefined {
  let fd: number;
  try {
    fd = openSync(file, O_PATH | constants.O_NOFOLLOW);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
  try {
    return /^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1];
  } finally {
    closeSync(fd);
  }
}

/** The mount that a path lies on: the topmost of those with the longest mount point above it. */
export function mountOf(file: string, mounts: readonly MountInfo[] = mountInfo()): MountInfo | undefined {
  const covering = mounts.filter(
    ({ mountPoint }) => mountPoint === '/' || file === mountPoint || file.startsWith(`${mountPoint}/`),
  );
  const longest = Math.max(...covering.map(({ mountPoint }) => mountPoint.length));
  return covering.findLast(({ mountPoint }) => mountPoint.length === longest);
}

/**
 * Parses the text of /proc/PID/mountinfo (proc_pid_mountinfo(5)). Lines that do not have the form are
 * left out: the kernel writes none, and one odd line must not hide all the others.
 */
export function parseMountInfo(text: string): MountInfo[] {
  return text.split('\n').flatMap((line) => parseLine(line) ?? []);
}

function parseLine(line: string): MountInfo | undefined {
  const fields = line.split(' ');
  // Optional fields stand between the sixth field and a single hyphen.
  const hyphen = fields.indexOf('-', 6);
  const [id, parentId, device, root, mountPoint, options] = fields;
  const [fsType, source, superOptions] = fields.slice(hyphen + 1);
  if (hyphen < 0 || mountPoint === undefined || fsType === undefined || source === undefined)
    return undefined;
  return {
    id: Number(id),
    parentId: Number(parentId),
    device: device ?? '',
    root: unescapeOctal(root ?? ''),
    mountPoint: unescapeOctal(mountPoint),
    options: (options ?? '').split(','),
    propagation: fields.slice(6, hyphen),
    fsType: unescapeOctal(fsType),
    source: unescapeOctal(source),
    superOptions: (superOptions ?? '').split(',').map(unescapeOctal),
  };
}

/** The kernel writes space, tab, newline, backslash and # as a backslash and three octal digits. */
function unescapeOctal(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
