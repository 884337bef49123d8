/** The IDs of a user namespace: which of the host's the container's users and groups are (user_namespaces(7)). Pure. */
import { BerthError } from '../errors.ts';

/** `size` IDs, from `container` on in the container and from `host` on outside of it. */
export interface IdRange {
  container: number;
  host: number;
  size: number;
}

/** Each by the container's IDs, in order. */
export interface IdMappings {
  uids: IdRange[];
  gids: IdRange[];
}

/** What the kernel shows in the place of an ID that is not mapped. */
export const OVERFLOW_ID = 65534;

/** (uid_t) -1 is no ID. */
const MAX_ID = 4294967294;

/** All IDs, each itself: a user namespace that changes no owner. */
export const IDENTITY: IdMappings = {
  uids: [{ container: 0, host: 0, size: MAX_ID + 1 }],
  gids: [{ container: 0, host: 0, size: MAX_ID + 1 }],
};

/** The host's ID of one of the container's; undefined if it has none. */
export function toHost(ranges: readonly IdRange[], id: number): number | undefined {
  const range = ranges.find(({ container, size }) => id >= container && id < container + size);
  return range === undefined ? undefined : range.host + (id - range.container);
}

/** The container's ID of one of the host's; undefined if it has none. */
export function toContainer(ranges: readonly IdRange[], id: number): number | undefined {
  const range = ranges.find(({ host, size }) => id >= host && id < host + size);
  return range === undefined ? undefined : range.container + (id - range.host);
}

/** An owner on the host, of a file that belongs to these in the container; what cannot be mapped belongs to nobody. */
export function hostOwner(
  ids: IdMappings | undefined,
  { uid, gid }: { uid: number; gid: number },
): { uid: number; gid: number } {
  if (ids === undefined) return { uid, gid };
  return { uid: toHost(ids.uids, uid) ?? OVERFLOW_ID, gid: toHost(ids.gids, gid) ?? OVERFLOW_ID };
}

/** The same the other way round: what the container sees. */
export function containerOwner(
  ids: IdMappings | undefined,
  { uid, gid }: { uid: number; gid: number },
): { uid: number; gid: number } {
  if (ids === undefined) return { uid, gid };
  return {
    uid: toContainer(ids.uids, uid) ?? OVERFLOW_ID,
    gid: toContainer(ids.gids, gid) ?? OVERFLOW_ID,
  };
}

/** What files have to be shown with another owner for; undefined where every ID is itself. */
export function shifting(ids: IdMappings | undefined): IdMappings | undefined {
  const isSelf = ({ container, host }: IdRange): boolean => container === host;
  return ids === undefined || [...ids.uids, ...ids.gids].every(isSelf) ? undefined : ids;
}

/** `0:100000:65536`, as Podman shows it. */
export function rangeText({ container, host, size }: IdRange): string {
  return `${container}:${host}:${size}`;
}

export function byContainer(ranges: readonly IdRange[]): IdRange[] {
  return ranges.toSorted((one, other) => one.container - other.container);
}

/** The text of /proc/PID/uid_map: lines of container, host, size. */
export function parseProcMap(text: string): IdRange[] {
  return byContainer(
    text
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number))
      .filter((numbers) => numbers.length === 3)
      .map(([container = 0, host = 0, size = 0]) => ({ container, host, size })),
  );
}

/**
 * Checks mappings that a container is to have: nothing twice, root among them, all of it IDs.
 * @throws BerthError `invalid`, with Podman's words where it has them
 */
export function assertMappable(ids: IdMappings): void {
  for (const ranges of [ids.uids, ids.gids]) {
    const byHost = ranges.toSorted((one, other) => one.host - other.host);
    for (const [index, range] of byHost.entries()) {
      if (range.container + range.size - 1 > MAX_ID || range.host + range.size - 1 > MAX_ID)
        throw new BerthError('invalid', `invalid mapping ${rangeText(range)}: IDs end at ${MAX_ID}`);
      if (byHost.slice(0, index).some((earlier) => overlaps(earlier, range)))
        throw new BerthError(
          'invalid',
          `creating container storage: the specified UID and/or GID mapping ${rangeText(range)} conflicts with other mappings: invalid mappings specified`,
        );
    }
  }
  if (toHost(ids.uids, 0) === undefined || toHost(ids.gids, 0) === undefined)
    throw new BerthError('invalid', 'container ID 0 cannot be mapped to a host ID: map it, as 0:HOST:SIZE');
}

function overlaps(one: IdRange, other: IdRange): boolean {
  const meet = (a: number, b: number): boolean => a < b + other.size && b < a + one.size;
  return meet(one.container, other.container) || meet(one.host, other.host);
}

/**
 * Ranges with another one in its place: what they had of its IDs, in the container or on the host, is cut out of them, as
 * after `+` in `--uidmap`.
 */
export function replaceRange(ranges: readonly IdRange[], range: IdRange): IdRange[] {
  const rest = ranges
    .flatMap((old) => cut(old, range.container - old.container, range.size))
    .flatMap((old) => cut(old, range.host - old.host, range.size));
  return byContainer([...rest, range]);
}

/** A range without `size` IDs from the offset on. */
function cut({ container, host, size }: IdRange, offset: number, length: number): IdRange[] {
  const before = Math.min(Math.max(offset, 0), size);
  const from = Math.min(Math.max(offset + length, 0), size);
  if (from <= before) return [{ container, host, size }];
  return [
    { container, host, size: before },
    { container: container + from, host: host + from, size: size - from },
  ].filter((part) => part.size > 0);
}
