/** What is mounted in this mount namespace: the kernel's own list, never a counter of ours. */
import { readFileSync } from 'node:fs';

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
export function mountAt(path: string, mounts: readonly MountInfo[] = mountInfo()): MountInfo | undefined {
  return mounts.findLast((mount) => mount.mountPoint === path);
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
