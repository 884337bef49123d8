/** `--uidmap`, `--gidmap` and the like → ID mappings (podman-run(1), --uidmap). Pure; texts are Podman's. */
import { BerthError } from '../errors.ts';
import { assertMappable, byContainer, type IdMappings, type IdRange, replaceRange } from './id-map.ts';

/** As typed. */
export interface IdMapRequest {
  uidMaps: string[];
  gidMaps: string[];
  /** Names in /etc/subuid and /etc/subgid; the one that is not given is the other. */
  subUidName?: string;
  subGidName?: string;
}

/** An owner's ranges in the texts of /etc/subuid and /etc/subgid (subuid(5)). */
export interface SubIds {
  uids: string;
  gids: string;
}

const FORM = '["[+ug]uint32:[@]uint32[:uint32]"]';
const PLAIN_FORM = '["uint32:[@]uint32[:uint32]"]';
const MAX_UINT32 = 4294967295;

type Kind = 'UID' | 'GID';

/**
 * The mappings that are asked for. One kind that is not given is as the other; the sub-IDs of a name follow in the
 * container one range after another, from 0 on.
 * @throws BerthError `invalid`
 */
export function requestedMappings(request: IdMapRequest, subIds: SubIds): IdMappings {
  const uidMaps = request.uidMaps.length > 0 ? request.uidMaps : request.gidMaps;
  const gidMaps = request.gidMaps.length > 0 ? request.gidMaps : request.uidMaps;
  const uidName = request.subUidName || request.subGidName;
  const gidName = request.subGidName || request.subUidName;
  const ids = {
    uids: [...ofName(uidName, subIds.uids, 'uid'), ...parseIdMap(uidMaps, 'UID')],
    gids: [...ofName(gidName, subIds.gids, 'gid'), ...parseIdMap(gidMaps, 'GID')],
  };
  if (ids.uids.length + ids.gids.length === 0)
    throw new BerthError(
      'invalid',
      'must provide at least one UID or GID mapping to configure a user namespace',
    );
  if (ids.uids.length === 0 || ids.gids.length === 0) {
    const [missing, flag] = ids.uids.length === 0 ? ['UID', 'uidmap'] : ['GID', 'gidmap'];
    throw new BerthError('invalid', `no ${missing} is mapped: map some with --${flag}`);
  }
  assertMappable(ids);
  return { uids: byContainer(ids.uids), gids: byContainer(ids.gids) };
}

/** The ranges of one kind, in the order given; `+` replaces what was there of the same IDs, `u` and `g` choose the kind. */
export function parseIdMap(texts: readonly string[], kind: Kind): IdRange[] {
  let ranges: IdRange[] = [];
  for (const text of texts) {
    const parts = text.split(':');
    if (parts.length < 2 || parts.length > 3)
      throw new BerthError(
        'invalid',
        `initializing ID mappings: ${kind} setting is malformed expected ${FORM} : ${JSON.stringify([text])}`,
      );
    const [, flags = ''] = /^(\D*)/.exec(parts[0] ?? '') ?? [];
    refuseUnknown(flags, parts);
    const range = rangeOf([(parts[0] ?? '').slice(flags.length), ...parts.slice(1)]);
    if (!isMeant(flags, kind) || range.size === 0) continue;
    ranges = flags.includes('+') ? replaceRange(ranges, range) : [...ranges, range];
  }
  return ranges;
}

/** The same without flags, as after `--userns auto:uidmapping=`. */
export function parsePlainIdMap(text: string, kind: Kind): IdRange {
  const parts = text.split(':');
  if (parts.length < 2 || parts.length > 3 || /^\D/.test(text))
    throw new BerthError(
      'invalid',
      `initializing ID mappings: ${kind} setting is malformed expected ${PLAIN_FORM} : ${JSON.stringify(text)}`,
    );
  return rangeOf(parts);
}

/** A name's ranges, or nothing without a name. */
function ofName(name: string | undefined, text: string, kind: 'uid' | 'gid'): IdRange[] {
  if (name === undefined || name === '') return [];
  const ranges = subIdRanges(text, name);
  if (ranges.length === 0)
    throw new BerthError(
      'invalid',
      `no sub${kind} ranges found for user ${JSON.stringify(name)} in /etc/sub${kind}`,
    );
  let container = 0;
  return ranges.map(({ host, size }) => {
    const range = { container, host, size };
    container += size;
    return range;
  });
}

/** The ranges that a file like /etc/subuid has for a name: `NAME:FIRST:COUNT`. */
export function subIdRanges(text: string, name: string): { host: number; size: number }[] {
  return text.split('\n').flatMap((line) => {
    const [owner, first, count] = line.trim().split(':');
    const [host, size] = [Number(first), Number(count)];
    return owner === name && Number.isInteger(host) && size > 0 ? [{ host, size }] : [];
  });
}

function refuseUnknown(flags: string, parts: readonly string[]): void {
  const unknown = [...flags].find((flag) => !'+ug'.includes(flag));
  if (unknown === undefined) return;
  throw new BerthError(
    'invalid',
    `invalid mapping: [${parts.join(' ')}]. Unknown flag ${unknown.codePointAt(0)}`,
  );
}

function isMeant(flags: string, kind: Kind): boolean {
  if (!flags.includes('u') && !flags.includes('g')) return true;
  return flags.includes(kind === 'UID' ? 'u' : 'g');
}

/** `@` marks an ID of the host's, which for root every one is already. */
function rangeOf([container = '', host = '', size = '1']: readonly string[]): IdRange {
  return { container: uint32(container), host: uint32(host.replace(/^@/, '')), size: uint32(size) };
}

function uint32(text: string): number {
  const isNumber = /^\d+$/.test(text);
  if (isNumber && Number(text) <= MAX_UINT32) return Number(text);
  const why = isNumber ? 'value out of range' : 'invalid syntax';
  const quoted = JSON.stringify(text);
  throw new BerthError(
    'invalid',
    `parsing id map value ${quoted}: strconv.ParseUint: parsing ${quoted}: ${why}`,
  );
}
