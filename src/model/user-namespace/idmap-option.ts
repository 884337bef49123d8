/** The mount option `idmap[=uids=FIRST-HOST-SIZE[#…];gids=…]` (crun(1), "idmap mount options"). Pure. */
import { BerthError } from '../errors.ts';
import { type IdMappings, type IdRange, shifting, toHost } from './id-map.ts';

const IDMAP = /^idmap(=|$)/;

export function isIdmapOption(option: string): boolean {
  return IDMAP.test(option);
}

/**
 * With which owners a mount with these options is shown: `container` is an ID on the disk, `host` whom it is. Without
 * ranges those of the container's user namespace, of which those after `@` are the container's own IDs. Undefined: as they are.
 * @param ids of the container
 * @throws BerthError `invalid`
 */
export function shownOwners(options: readonly string[], ids: IdMappings | undefined): IdMappings | undefined {
  const option = options.find(isIdmapOption);
  if (option === undefined) return undefined;
  const given = option === 'idmap' ? {} : parseRanges(option.slice('idmap='.length), ids);
  return shifting({ uids: given.uids ?? ids?.uids ?? [], gids: given.gids ?? ids?.gids ?? [] });
}

function parseRanges(text: string, ids: IdMappings | undefined): Partial<IdMappings> {
  return Object.fromEntries(
    text.split(';').map((part) => {
      const [, kind, list = ''] = /^(uids|gids)=(.*)$/.exec(part) ?? [];
      if (kind !== 'uids' && kind !== 'gids')
        throw invalid(`unknown option ${JSON.stringify(part.replace(/=.*/, ''))}`);
      return [kind, list.split('#').map((range) => parseRange(range, ids?.[kind]))];
    }),
  );
}

function parseRange(text: string, ranges: readonly IdRange[] | undefined): IdRange {
  const [, relative, first, host, length] = /^(@?)(\d+)-(\d+)-(\d+)$/.exec(text) ?? [];
  if (first === undefined) throw invalid('expected integer');
  const range = { container: Number(first), host: Number(host), size: Number(length) };
  if (relative === '' || ranges === undefined) return range;
  const absolute = toHost(ranges, range.host);
  if (absolute === undefined) throw invalid(`the container has no ID ${range.host}`);
  return { ...range, host: absolute };
}

function invalid(why: string): BerthError {
  return new BerthError('invalid', `${why}: write idmap=uids=FIRST-HOST-SIZE;gids=FIRST-HOST-SIZE`);
}
