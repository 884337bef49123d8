/** What the paths of `cp` mean, as for Podman and Docker. Pure: the trees answer what is where. */
import { posix } from 'node:path';
import { BerthError } from './errors.ts';

export interface HostPlace {
  /** Absolute, with the final slash or dot that was typed. */
  path: string;
  typed: string;
}

export interface StreamPlace {
  /** Standard input or output. */
  stream: true;
}

/** What `cp` was given: `CONTAINER:PATH`, a path of the host, or `-`. */
export type Place = { container: string; path: string } | { host: string } | StreamPlace;

/** What a path leads to, links followed. */
export interface Entry {
  path: string;
  type: 'directory' | 'file' | 'fifo' | 'other' | 'missing';
}

/** One end of a copy, in a tree that can be asked. */
export interface CopyEnd {
  /** Absolute, final slash or dot kept. */
  path: string;
  /** As errors name it. */
  typed: string;
  /** `the host` or `container NAME`. */
  on: string;
  tree: { find(path: string): Entry | undefined };
}

export interface CopySource {
  path: string;
  isDirectory: boolean;
  /** What it is called at its target; undefined: only what is in the directory is copied. */
  name?: string;
}

/**
 * Reads one argument. What stands before the first colon is a container, unless it is empty or looks like a path.
 * @throws BerthError `usage` for an empty container name
 */
export function parseCopyPlace(argument: string): Place {
  if (argument === '-') return { stream: true };
  const colon = argument.indexOf(':');
  if (colon < 0 || /^[./]/.test(argument)) return { host: argument };
  if (colon === 0) throw noContainer();
  return { container: argument.slice(0, colon), path: argument.slice(colon + 1) };
}

/** Both arguments; one of them at least is a container. */
export function parseCopyPlaces(from: string, to: string): [from: Place, to: Place] {
  const places: [Place, Place] = [parseCopyPlace(from), parseCopyPlace(to)];
  if (!places.some((place) => 'container' in place)) throw noContainer();
  if (from === '' || to === '' || places.some((place) => 'container' in place && place.path === '')) {
    throw new BerthError(
      'usage',
      `invalid arguments ${JSON.stringify(from)}, ${JSON.stringify(to)}: you must specify paths`,
    );
  }
  return places;
}

/** What is to be copied. A host's link gives its own name to what it leads to, a container's the other one, as for Podman. */
export function copySource(end: CopyEnd): CopySource {
  const entry = end.tree.find(end.path);
  if (entry === undefined || entry.type === 'missing') throw notFound(end);
  if (entry.type === 'other')
    throw new BerthError('invalid', `${end.typed} is a device or a socket, which cannot be copied`);
  const isDirectory = entry.type === 'directory';
  const last = end.path.slice(end.path.lastIndexOf('/') + 1);
  const name = posix.basename(end.on === 'the host' ? posix.normalize(end.path) : entry.path);
  const contentsOnly = isDirectory && (last === '.' || last === '..' || name === '');
  return { path: entry.path, isDirectory, ...(contentsOnly ? {} : { name }) };
}

/**
 * Where it is to be copied, and under which name; without one the directory is filled. `source` is undefined
 * for a tar from standard input, which needs a directory.
 */
export function copyTarget(
  end: CopyEnd,
  source: CopySource | undefined,
): { directory: string; name?: string } {
  const entry = end.tree.find(end.path);
  if (source === undefined) {
    if (entry?.type !== 'directory')
      throw new BerthError('invalid', 'destination must be a directory when copying from stdin');
    return { directory: entry.path };
  }
  if (entry === undefined) throw notFound(end);
  if (entry.type === 'directory')
    return { directory: entry.path, ...(source.name === undefined ? {} : { name: source.name }) };
  if (entry.type === 'missing' && /\/\.?$/.test(end.path)) throw notFound(end);
  if (entry.type !== 'missing' && source.isDirectory)
    throw new BerthError('invalid', 'destination must be a directory when copying a directory');
  return { directory: posix.dirname(entry.path), name: posix.basename(entry.path) };
}

function notFound({ typed, on }: CopyEnd): BerthError {
  return new BerthError(
    'invalid',
    `${JSON.stringify(typed)} could not be found on ${on}: no such file or directory`,
  );
}

function noContainer(): BerthError {
  return new BerthError('usage', 'name or ID cannot be empty');
}
