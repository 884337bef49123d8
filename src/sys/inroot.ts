/** Paths inside a container's root, followed on the host without ever leaving that root. */
import { lstatSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { BerthError, isErrno } from '../model/errors.ts';

/** What the kernel allows on one path (path_resolution(7)). */
const MAX_SYMLINKS = 40;

export interface ResolvedPath {
  /** Absolute host path; no component of it is a symlink. */
  hostPath: string;
  /** The same as the container sees it: absolute, no `..`, no symlinks. */
  path: string;
  /** What lies there, or `missing`. */
  type: 'directory' | 'file' | 'other' | 'missing';
}

/**
 * Resolves a container's path as the kernel would with the root as `/`: absolute symlinks start at the
 * root again, `..` stops there. Components behind a missing one are taken as they are, so that a path yet to be
 * made resolves too. A relative path counts from the root.
 *
 * Only good while nobody else can change the tree (a stopped container); it is a lookup, not a sandbox.
 * Throws BerthError('invalid') for too many symlinks and for a path through something that is no directory.
 */
export function resolveInRoot(root: string, path: string): ResolvedPath {
  let pending = path.split('/');
  let resolved: string[] = [];
  let type: ResolvedPath['type'] = 'directory';
  let symlinks = 0;
  while (pending.length > 0) {
    const [name = '', ...rest] = pending;
    pending = rest;
    if (name === '' || name === '.') {
      requireDirectory(type, path);
      continue;
    }
    if (name === '..') {
      requireDirectory(type, path);
      resolved = resolved.slice(0, -1);
      type = resolved.length === 0 ? 'directory' : typeOf(join(root, ...resolved));
      continue;
    }
    requireDirectory(type, path);
    const next = [...resolved, name];
    const target = type === 'missing' ? undefined : linkTarget(join(root, ...next));
    if (target === undefined) {
      resolved = next;
      type = type === 'missing' ? 'missing' : typeOf(join(root, ...next));
      continue;
    }
    symlinks += 1;
    if (symlinks > MAX_SYMLINKS)
      throw new BerthError('invalid', `${path}: too many levels of symbolic links`);
    if (target.startsWith('/')) {
      resolved = [];
      type = 'directory';
    }
    pending = [...target.split('/'), ...pending];
  }
  return { hostPath: join(root, ...resolved), path: `/${resolved.join('/')}`, type };
}

/** A trailing slash or a further component needs a directory before it; a missing one may become one. */
function requireDirectory(type: ResolvedPath['type'], path: string): void {
  if (type === 'directory' || type === 'missing') return;
  throw new BerthError('invalid', `${path}: not a directory`);
}

function linkTarget(hostPath: string): string | undefined {
  try {
    return readlinkSync(hostPath);
  } catch (error) {
    if (isErrno(error, 'EINVAL', 'ENOENT')) return undefined;
    throw error;
  }
}

function typeOf(hostPath: string): ResolvedPath['type'] {
  const stat = lstatSync(hostPath, { throwIfNoEntry: false });
  if (stat === undefined) return 'missing';
  if (stat.isDirectory()) return 'directory';
  return stat.isFile() ? 'file' : 'other';
}
