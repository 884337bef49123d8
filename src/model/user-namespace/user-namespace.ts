/** `--userns`: which user namespace a container has (podman-run(1), --userns). Pure; texts are Podman's. */
import { BerthError } from '../errors.ts';
import { type JoinedNamespace, parseNamespaceMode } from '../namespace.ts';
import { assertMappable, byContainer, IDENTITY, type IdMappings, type IdRange, toHost } from './id-map.ts';
import {
  type IdMapRequest,
  parsePlainIdMap,
  requestedMappings,
  type SubIds,
  subIdRanges,
} from './id-map-flags.ts';

/** What follows `auto:`; what is not said is chosen when the container is created. */
export interface AutoRequest {
  size?: number;
  /** Mapped as they are, beyond what is chosen. */
  uids: IdRange[];
  gids: IdRange[];
}

/** Another one than the host's; joined ones have the name or path as typed. */
export type UserNamespaceRequest =
  | { auto: AutoRequest }
  | { maps: IdMapRequest }
  /** `user`: who the command is unless `--user` or the image says it. */
  | { identity: true; user: string }
  | { joined: JoinedNamespace };

/** Whose sub-IDs `auto` shares out, as Podman. */
export const AUTO_OWNER = 'containers';
const AUTO_MIN_SIZE = 1024;
const AUTO_MAX_SIZE = 65536;

/**
 * What `--userns`, `--uidmap` and the like ask for; undefined is the host's.
 * @throws BerthError `invalid`
 */
export function parseUserNamespace(text: string, maps: IdMapRequest): UserNamespaceRequest | undefined {
  const { uidMaps, gidMaps, subUidName = '', subGidName = '' } = maps;
  const mapped = uidMaps.length + gidMaps.length > 0 || subUidName !== '' || subGidName !== '';
  if (mapped && text !== '')
    throw new BerthError(
      'invalid',
      '--userns and --uidmap/--gidmap/--subuidname/--subgidname are mutually exclusive',
    );
  if (mapped || text === 'private') return { maps };
  if (text === '') return undefined;
  const [, word = text, options] = /^(auto|keep-id):(.*)$/s.exec(text) ?? [];
  if (word === 'auto') return { auto: parseAuto(options) };
  if (word === 'keep-id') {
    return { identity: true, user: keepIdUser(options) };
  }
  if (word === 'nomap') throw new BerthError('invalid', 'nomap is only supported in rootless mode');
  const mode = parseNamespaceMode(text);
  return mode === 'host' || mode === 'private' ? undefined : { joined: mode };
}

/** The mappings of a namespace that is the container's own, but for `auto`. */
export function ownMappings(
  request: Exclude<UserNamespaceRequest, { auto: AutoRequest } | { joined: JoinedNamespace }>,
  subIds: SubIds,
): IdMappings {
  return 'identity' in request ? IDENTITY : requestedMappings(request.maps, subIds);
}

/** What is known of the container that `auto` is for. */
export interface AutoNeeds {
  /** The highest ID in its image; -1 if it has none. */
  highestId: number;
  /** `--user`, as typed. */
  user: string;
}

/** How many IDs `auto` gives. */
export function autoSize(asked: number | undefined, { highestId, user }: AutoNeeds): number {
  if (asked !== undefined && asked > 0) return asked;
  const named = user.split(':').filter((part) => /^\d+$/.test(part));
  const size = Math.max(1, highestId + 1, ...named.map((id) => Number(id) + 1));
  if (size > AUTO_MAX_SIZE)
    throw new BerthError(
      'invalid',
      `creating container storage: the container needs a user namespace with size ${size} that is bigger than the maximum value allowed with userns=auto ${AUTO_MAX_SIZE}`,
    );
  return Math.max(size, AUTO_MIN_SIZE);
}

/**
 * Mappings that no other container has: `size` IDs from 0 on, but those that are mapped on request, taken from the
 * lowest free sub-IDs.
 * @param used of all other containers
 * @throws BerthError `invalid` if there are not enough
 */
export function autoMappings(
  request: AutoRequest,
  size: number,
  { subIds, used }: { subIds: SubIds; used: readonly IdMappings[] },
): IdMappings {
  const chosen = (kind: 'uids' | 'gids'): IdRange[] => {
    const free = withoutRanges(subIdRanges(subIds[kind], AUTO_OWNER), [
      ...used.flatMap((ids) => ids[kind]),
      ...request[kind],
    ]);
    const wanted = withoutRanges(
      [{ host: 0, size }],
      request[kind].map(({ container, size: length }) => ({ host: container, size: length })),
    );
    return byContainer([...zipped(wanted, free), ...request[kind]]);
  };
  const ids = { uids: chosen('uids'), gids: chosen('gids') };
  assertMappable(ids);
  return ids;
}

/** @throws BerthError, `command-not-invocable` unless said otherwise, for a user or group that the container has not. */
export function assertMapped(
  ids: IdMappings | undefined,
  { uid, gid }: { uid: number; gid: number },
  code: 'command-not-invocable' | 'invalid' = 'command-not-invocable',
): void {
  if (ids === undefined) return;
  const missing =
    toHost(ids.uids, uid) === undefined
      ? ['UID', uid, ids.uids]
      : toHost(ids.gids, gid) === undefined
        ? ['GID', gid, ids.gids]
        : undefined;
  if (missing === undefined) return;
  const [kind, id, ranges] = missing as [string, number, IdRange[]];
  const shown = ranges.map(({ container, host, size }) => `${container}:${host}:${size}`).join(' ');
  throw new BerthError(code, `container uses ID mappings (${shown}), but doesn't map ${kind} ${id}`);
}

function parseAuto(options: string | undefined): AutoRequest {
  const request: AutoRequest = { uids: [], gids: [] };
  if (options === undefined) return request;
  for (const [key, value] of optionsOf(options)) {
    if (key === 'size') {
      if (!/^\d+$/.test(value))
        throw new BerthError(
          'invalid',
          `strconv.ParseUint: parsing ${JSON.stringify(value)}: invalid syntax`,
        );
      request.size = Number(value);
    } else if (key === 'uidmapping') request.uids.push(parsePlainIdMap(value, 'UID'));
    else if (key === 'gidmapping') request.gids.push(parsePlainIdMap(value, 'GID'));
    else throw unknownOption(key);
  }
  return request;
}

/** For root there is nobody else to keep: what it would choose has no effect, as with Podman. */
/** Root's IDs are kept, and so the user is root, unless the options name another one. */
function keepIdUser(options: string | undefined): string {
  const given = options === undefined ? [] : optionsOf(options);
  for (const [key, value] of given) {
    if (!['uid', 'gid', 'size'].includes(key)) throw unknownOption(key);
    if (!/^\d+$/.test(value))
      throw new BerthError('invalid', `strconv.ParseUint: parsing ${JSON.stringify(value)}: invalid syntax`);
  }
  const { uid = '0', gid = '0' } = Object.fromEntries(given);
  return `${Number(uid)}:${Number(gid)}`;
}

function optionsOf(text: string): [string, string][] {
  return text.split(',').map((option) => {
    const [, key, value] = /^([^=]*)=(.*)$/s.exec(option) ?? [];
    if (key === undefined || value === undefined)
      throw new BerthError('invalid', `invalid option specified: ${JSON.stringify(option)}`);
    return [key, value];
  });
}

function unknownOption(key: string): BerthError {
  return new BerthError('invalid', `unknown option specified: ${JSON.stringify(key)}`);
}

interface Stretch {
  host: number;
  size: number;
}

/** What is left of the stretches, in order. */
function withoutRanges(stretches: readonly Stretch[], taken: readonly Stretch[]): Stretch[] {
  return taken.reduce<Stretch[]>(
    (left, { host, size }) =>
      left.flatMap((stretch) => {
        const end = stretch.host + stretch.size;
        const before = { host: stretch.host, size: Math.min(host, end) - stretch.host };
        const from = Math.max(host + size, stretch.host);
        const after = { host: from, size: end - from };
        return host >= end || host + size <= stretch.host
          ? [stretch]
          : [before, after].filter((part) => part.size > 0);
      }),
    stretches.toSorted((one, other) => one.host - other.host),
  );
}

/** The container's IDs `wanted`, one after another, with free ones of the host's. */
function zipped(wanted: readonly Stretch[], free: readonly Stretch[]): IdRange[] {
  const ranges: IdRange[] = [];
  const left = free.map((stretch) => ({ ...stretch }));
  for (const need of wanted.map((stretch) => ({ ...stretch }))) {
    while (need.size > 0) {
      const next = left[0];
      if (next === undefined)
        throw new BerthError(
          'invalid',
          `creating container storage: not enough unused IDs in user namespace: give the user ${AUTO_OWNER} more of them in /etc/subuid and /etc/subgid`,
        );
      const size = Math.min(need.size, next.size);
      ranges.push({ container: need.host, host: next.host, size });
      need.host += size;
      need.size -= size;
      next.host += size;
      next.size -= size;
      if (next.size === 0) left.shift();
    }
  }
  return ranges;
}
