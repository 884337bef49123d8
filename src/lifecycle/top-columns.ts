/** The columns of `top` (podman-top(1), "FORMAT DESCRIPTORS"), as data. */
import { formatDuration } from '../model/duration.ts';
import { type ProcessFacts, terminalName } from '../model/process.ts';
import { containerOwner, type IdMappings } from '../model/user-namespace/id-map.ts';
import { capabilitiesOfMask } from '../oci/capabilities.ts';

export interface TopContext {
  /** Seconds after boot. */
  uptime: number;
  /** ms since the epoch */
  now: number;
  processes: readonly ProcessFacts[];
  /** In the container's /etc/passwd and /etc/group, and in the host's. */
  users: Names;
  groups: Names;
  hostUsers: Names;
  hostGroups: Names;
  /** Of the container's user namespace. */
  ids: IdMappings | undefined;
  /** Security label of a process, `?` for none. */
  label(process: ProcessFacts): string;
}

type Names = ReadonlyMap<number, string>;

export interface Column {
  heading: string;
  value(process: ProcessFacts, context: TopContext): string;
}

export const DEFAULT_DESCRIPTORS = ['user', 'pid', 'ppid', 'pcpu', 'etime', 'tty', 'time', 'args'];

const name = (names: Names, id: number): string => names.get(id) ?? String(id);

/** As the container names its user, or itself one of its groups. */
const user = (id: number, { users, ids }: TopContext): string =>
  name(users, containerOwner(ids, { uid: id, gid: 0 }).uid);
const group = (id: number, { groups, ids }: TopContext): string =>
  name(groups, containerOwner(ids, { uid: 0, gid: id }).gid);

const elapsed = ({ startedAt }: ProcessFacts, { uptime }: TopContext): number =>
  Math.max(0, uptime - startedAt);

function capabilities(heading: string, set: keyof ProcessFacts['capabilities']): Column {
  return {
    heading: `${heading} CAPS`,
    value: ({ capabilities: sets }) => {
      const names = capabilitiesOfMask(sets[set]).map((each) => each.replace(/^CAP_/, ''));
      return names.length === 0 ? 'none' : names.sort().join(',');
    },
  };
}

/** Of a process of the container; one outside it is 0. */
function parentOf({ hostParent }: ProcessFacts, { processes }: TopContext): number {
  return processes.find(({ hostPid }) => hostPid === hostParent)?.pid ?? 0;
}

const COLUMNS: Record<string, Column> = {
  args: {
    heading: 'COMMAND',
    value: ({ args, command }) => (args.length > 0 ? args.join(' ') : `[${command}]`),
  },
  capamb: capabilities('AMBIENT', 'Amb'),
  capbnd: capabilities('BOUNDING', 'Bnd'),
  capeff: capabilities('EFFECTIVE', 'Eff'),
  capinh: capabilities('INHERITED', 'Inh'),
  capprm: capabilities('PERMITTED', 'Prm'),
  comm: { heading: 'COMMAND', value: ({ command }) => command },
  etime: {
    heading: 'ELAPSED',
    value: (process, context) => formatDuration(elapsed(process, context) * 1000),
  },
  group: { heading: 'GROUP', value: ({ gids }, context) => group(gids[1], context) },
  groups: {
    heading: 'GROUPS',
    value: (process, context) => process.groups.map((id) => group(id, context)).join(','),
  },
  hgroup: { heading: 'HGROUP', value: ({ gids }, { hostGroups }) => name(hostGroups, gids[1]) },
  hgroups: {
    heading: 'HGROUPS',
    value: ({ groups }, { hostGroups }) => groups.map((id) => name(hostGroups, id)).join(','),
  },
  hpid: { heading: 'HPID', value: ({ hostPid }) => String(hostPid) },
  huid: { heading: 'HUID', value: ({ uids }) => String(uids[1]) },
  huser: { heading: 'HUSER', value: ({ uids }, { hostUsers }) => name(hostUsers, uids[1]) },
  label: { heading: 'LABEL', value: (process, { label }) => label(process) },
  nice: { heading: 'NI', value: ({ nice }) => String(nice) },
  pcpu: {
    heading: '%CPU',
    value: (process, context) => {
      const seconds = elapsed(process, context);
      return (seconds === 0 ? 0 : (100 * process.cpuSeconds) / seconds).toFixed(3);
    },
  },
  pgid: { heading: 'PGID', value: ({ processGroup }) => String(processGroup) },
  pid: { heading: 'PID', value: ({ pid }) => String(pid) },
  ppid: { heading: 'PPID', value: (process, context) => String(parentOf(process, context)) },
  rgroup: { heading: 'RGROUP', value: ({ gids }, context) => group(gids[0], context) },
  rss: { heading: 'RSS', value: ({ residentBytes }) => String(residentBytes / 1024) },
  ruser: { heading: 'RUSER', value: ({ uids }, context) => user(uids[0], context) },
  seccomp: { heading: 'SECCOMP', value: ({ seccomp }) => seccomp },
  state: { heading: 'STATE', value: ({ state }) => state },
  stime: {
    heading: 'STIME',
    value: (process, context) =>
      new Date(context.now - elapsed(process, context) * 1000)
        .toISOString()
        .replace(/^(.+)T(.+)\.\d+Z$/, '$1 $2 +0000 UTC'),
  },
  time: { heading: 'TIME', value: ({ cpuSeconds }) => formatDuration(Math.floor(cpuSeconds) * 1000) },
  tty: { heading: 'TTY', value: ({ tty }) => terminalName(tty) },
  uid: {
    heading: 'UID',
    value: ({ uids }, { ids }) => String(containerOwner(ids, { uid: uids[1], gid: 0 }).uid),
  },
  user: { heading: 'USER', value: ({ uids }, context) => user(uids[1], context) },
  vsz: { heading: 'VSZ', value: ({ virtualBytes }) => String(Math.floor(virtualBytes / 1024)) },
};

/** ps(1)'s AIX codes. */
const CODES: Record<string, string> = {
  '%a': 'args',
  '%C': 'pcpu',
  '%c': 'comm',
  '%G': 'group',
  '%g': 'rgroup',
  '%n': 'nice',
  '%P': 'ppid',
  '%p': 'pid',
  '%r': 'pgid',
  '%t': 'etime',
  '%U': 'user',
  '%u': 'ruser',
  '%x': 'time',
  '%y': 'tty',
  '%z': 'vsz',
};

/** Every descriptor, for the help text. */
export const DESCRIPTORS = Object.keys(COLUMNS);

/** The columns of `pid,user %C`; undefined when a word is no descriptor, and so the words are meant for ps(1). */
export function topColumns(words: readonly string[]): Column[] | undefined {
  const names = words.length === 0 ? DEFAULT_DESCRIPTORS : words.flatMap((word) => word.split(','));
  const columns = names.map((word) => COLUMNS[CODES[word] ?? word]);
  return columns.every((column) => column !== undefined) ? columns : undefined;
}
