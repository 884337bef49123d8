/** What a container's /etc/passwd and /etc/group lack for the user it runs as, and for the host's users that it was promised. */
import type { ContainerConfig } from '../model/config.ts';
import { parseGroup, parseId, parsePasswd, splitUser } from './user.ts';

export interface AccountFiles {
  passwd: string;
  group: string;
}

type Asked = Pick<ContainerConfig, 'user' | 'workdir' | 'passwdEntry' | 'groupEntry'>;

/**
 * The files with what is missing, in Podman's form: a line for a uid that has none, with the working directory as its home,
 * one for each user of the host, and one for a gid that has none. What is there stays as it is, and nothing is added twice.
 * @param hostUsers lines of the host's passwd.
 */
export function withAccounts(asked: Asked, files: AccountFiles, hostUsers: readonly string[]): AccountFiles {
  const passwd = withLines(files.passwd, [
    ...hostUsers.flatMap((line) => hostUserLine(asked, files.passwd, line)),
  ]);
  return {
    passwd: withLines(passwd, userLine(asked, passwd)),
    group: withLines(files.group, groupLine(asked, files)),
  };
}

/**
 * The group file as the image has it: the line that withAccounts adds names a group, and does not make its user a member
 * of it at the next start.
 */
export function withoutOwnGroup(asked: Asked, group: string): string {
  const own = groupLine(asked, { passwd: '', group: '' });
  return group
    .split('\n')
    .filter((line) => !own.includes(line))
    .join('\n');
}

function userLine(asked: Asked, passwd: string): string[] {
  const { uid, gid } = numbers(asked);
  if (uid === undefined || parsePasswd(passwd).some((entry) => entry.uid === uid)) return [];
  const values = {
    USERNAME: `${uid}`,
    UID: `${uid}`,
    GID: `${gid ?? 0}`,
    NAME: 'container user',
    HOME: asked.workdir,
  };
  return [
    asked.passwdEntry === undefined
      ? `${uid}:*:${uid}:${gid ?? 0}:container user:${asked.workdir}:/bin/sh`
      : filledIn(asked.passwdEntry, values),
  ];
}

function hostUserLine({ workdir }: Asked, passwd: string, line: string): string[] {
  const [name = '', , uid = '', gid = '', gecos = ''] = line.split(':');
  const isKnown = parsePasswd(passwd).some((entry) => entry.name === name || entry.uid === Number(uid));
  return isKnown ? [] : [`${name}:*:${uid}:${gid}:${gecos}:${workdir}:/bin/sh`];
}

/** Without a group asked for, an unknown uid gets one of its own number, though it runs in group 0: so does Podman. */
function groupLine(asked: Asked, { passwd, group }: AccountFiles): string[] {
  const { uid, gid: askedGid, userPart, groupPart } = numbers(asked);
  const isUnknown = uid !== undefined && !parsePasswd(passwd).some((entry) => entry.uid === uid);
  const gid = groupPart === '' && isUnknown ? uid : askedGid;
  if (gid === undefined || parseGroup(group).some((entry) => entry.gid === gid)) return [];
  const values = { GROUPNAME: `${gid}`, GID: `${gid}`, USERLIST: userPart };
  return [
    asked.groupEntry === undefined ? `${gid}:x:${gid}:${userPart}` : filledIn(asked.groupEntry, values),
  ];
}

function numbers({ user }: Asked): { userPart: string; groupPart: string; uid?: number; gid?: number } {
  const { userPart, groupPart } = splitUser(user);
  const uid = parseId(userPart);
  const gid = parseId(groupPart);
  return {
    userPart,
    groupPart,
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  };
}

function filledIn(template: string, values: Record<string, string>): string {
  return template.replace(/\$([A-Z]+)/g, (all, name: string) => values[name] ?? all);
}

function withLines(text: string, lines: readonly string[]): string {
  if (lines.length === 0) return text;
  return `${text === '' || text.endsWith('\n') ? text : `${text}\n`}${lines.join('\n')}\n`;
}
