/**
 * `--user` and the image's USER, looked up in the container's own /etc/passwd and /etc/group.
 */
import { BerthError } from '../model/errors.ts';

export interface ResolvedUser {
  uid: number;
  gid: number;
  /** The own gid first, then `--group-add`, then the groups that list the user; each once. */
  additionalGids: number[];
  home: string;
  /** Empty when the uid has no entry in passwd. */
  name: string;
}

/**
 * Resolves `name`, `uid`, `name:group`, `uid:gid`, `:gid` or nothing (root).
 *
 * Digits are always a number, never a name. A number needs no entry: an unknown uid has gid 0 and home `/`. With a
 * group given, the user's other groups are not added; without one, all groups that list the user are. The own gid is
 * always among the supplementary groups, so that a process cannot drop it and pass a "group may not" permission
 * (CVE-2022-2989).
 * @param passwd the text of the container's /etc/passwd, empty when there is none; @param group likewise.
 * @throws BerthError `invalid`, exit code 126 as Podman's.
 */
export function lookupUser(
  spec: string,
  passwd: string,
  group: string,
  options: { groupAdd?: readonly string[] } = {},
): ResolvedUser {
  const colon = spec.indexOf(':');
  const { userPart: given, groupPart } = splitUser(spec);
  const userPart = given || '0';
  const groups = parseGroup(group);

  const wantedUid = parseId(userPart);
  const entry = parsePasswd(passwd).find((one) =>
    wantedUid === undefined ? one.name === userPart : one.uid === wantedUid,
  );
  const uid = wantedUid ?? entry?.uid;
  if (uid === undefined) {
    throw notFound('user', userPart, 'passwd');
  }
  const gid = groupPart === '' ? (entry?.gid ?? 0) : lookupGroup(groupPart, groups);
  const listing =
    colon < 0 && entry !== undefined ? groups.filter((one) => one.members.includes(entry.name)) : [];
  const added = (options.groupAdd ?? []).map((name) => lookupGroup(name, groups));
  return {
    uid,
    gid,
    additionalGids: [...new Set([gid, ...added, ...listing.map((one) => one.gid)])],
    home: entry?.home || '/',
    name: entry?.name ?? '',
  };
}

/** `user:group`; a part that is not there is empty. */
export function splitUser(spec: string): { userPart: string; groupPart: string } {
  const [userPart = '', ...group] = spec.split(':');
  return { userPart, groupPart: group.join(':') };
}

interface PasswdEntry {
  name: string;
  uid: number;
  gid: number;
  home: string;
}

interface GroupEntry {
  name: string;
  gid: number;
  members: string[];
}

function lookupGroup(given: string, groups: readonly GroupEntry[]): number {
  const gid = parseId(given) ?? groups.find((one) => one.name === given)?.gid;
  if (gid === undefined) {
    throw notFound('group', given, 'group');
  }
  return gid;
}

/** The number that the text is, undefined if it is a name. */
export function parseId(text: string): number | undefined {
  if (!/^[+-]?\d+$/.test(text)) {
    return undefined;
  }
  const id = Number(text);
  if (id < 0 || id > 0x7fffffff) {
    throw new BerthError('invalid', 'uids and gids must be in range 0-2147483647', { exitCode: 126 });
  }
  return id;
}

function notFound(kind: 'user' | 'group', name: string, file: 'passwd' | 'group'): BerthError {
  return new BerthError('invalid', `unable to find ${kind} ${name}: no matching entries in ${file} file`, {
    exitCode: 126,
  });
}

export function parsePasswd(text: string): PasswdEntry[] {
  return records(text).flatMap(([name, , uid, gid, , home]) =>
    isEntry(name, uid) && isDecimal(gid)
      ? [{ name, uid: Number(uid), gid: Number(gid), home: home?.trim() ?? '' }]
      : [],
  );
}

export function parseGroup(text: string): GroupEntry[] {
  return records(text).flatMap(([name, , gid, members]) =>
    isEntry(name, gid)
      ? [{ name, gid: Number(gid), members: (members ?? '').split(',').map((one) => one.trim()) }]
      : [],
  );
}

function records(text: string): string[][] {
  return text.split('\n').map((line) => line.trim().split(':'));
}

/** A line whose id is no number is skipped: taking it for 0 would make its owner root. */
function isEntry(name: string | undefined, id: string | undefined): name is string {
  return name !== undefined && name !== '' && !name.startsWith('#') && isDecimal(id);
}

function isDecimal(id: string | undefined): boolean {
  return id !== undefined && /^\d+$/.test(id);
}
