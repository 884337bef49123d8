/** What /proc says about one process (proc(5)), as facts. Pure: from the texts of its files. */

export interface ProcessFacts {
  /** As the host sees it, and as the container does. */
  hostPid: number;
  pid: number;
  hostParent: number;
  processGroup: number;
  command: string;
  args: string[];
  /** R, S, D … */
  state: string;
  /** 0 = none; as in /proc/PID/stat. */
  tty: number;
  nice: number;
  cpuSeconds: number;
  /** Seconds after boot. */
  startedAt: number;
  virtualBytes: number;
  residentBytes: number;
  /** Real, effective. */
  uids: [number, number];
  gids: [number, number];
  groups: number[];
  /** Hex masks: inherited, permitted, effective, bounding, ambient. */
  capabilities: Record<'Inh' | 'Prm' | 'Eff' | 'Bnd' | 'Amb', string>;
  seccomp: 'disabled' | 'strict' | 'filter';
}

/** Linux shows times in /proc/PID/stat in units of 1/100 s on every architecture (USER_HZ). */
const TICKS = 100;

/** From the texts of /proc/PID/stat, status and cmdline. */
export function processFacts(stat: string, status: string, cmdline: string): ProcessFacts {
  const end = stat.lastIndexOf(')');
  // Field 3 of proc(5) and those behind it; the command before them may contain anything.
  const fields = stat.slice(end + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3] ?? 0);
  const lines = new Map(
    status.split('\n').map((line) => [line.split(':')[0], line.split(':')[1]?.trim() ?? '']),
  );
  const numbers = (name: string): number[] =>
    (lines.get(name) ?? '').split(/\s+/).filter(Boolean).map(Number);
  const last = (name: string, fallback: number): number => numbers(name).at(-1) ?? fallback;
  const pair = (name: string): [number, number] => [numbers(name)[0] ?? 0, numbers(name)[1] ?? 0];
  const hostPid = Number(stat.slice(0, stat.indexOf(' ')));
  return {
    hostPid,
    pid: last('NSpid', hostPid),
    hostParent: field(4),
    processGroup: last('NSpgid', field(5)),
    command: stat.slice(stat.indexOf('(') + 1, end),
    args: cmdline === '' ? [] : cmdline.replace(/\0$/, '').split('\0'),
    state: fields[0] ?? '?',
    tty: field(7),
    nice: field(19),
    cpuSeconds: (field(14) + field(15)) / TICKS,
    startedAt: field(22) / TICKS,
    virtualBytes: field(23),
    residentBytes: (numbers('VmRSS')[0] ?? 0) * 1024,
    uids: pair('Uid'),
    gids: pair('Gid'),
    groups: numbers('Groups'),
    capabilities: {
      Inh: lines.get('CapInh') ?? '0',
      Prm: lines.get('CapPrm') ?? '0',
      Eff: lines.get('CapEff') ?? '0',
      Bnd: lines.get('CapBnd') ?? '0',
      Amb: lines.get('CapAmb') ?? '0',
    },
    seccomp: (['disabled', 'strict', 'filter'] as const)[last('Seccomp', 0)] ?? 'disabled',
  };
}

/** `pts/0`, `tty1`, `?`: the device number of /proc/PID/stat by its name (proc(5), tty_nr; Linux's devices.txt). */
export function terminalName(tty: number): string {
  const major = (tty >> 8) & 0xff;
  const minor = (tty & 0xff) | ((tty >>> 12) & 0xfff00);
  if (major >= 136 && major <= 143) return `pts/${minor + (major - 136) * 256}`;
  if (major === 4) return minor < 64 ? `tty${minor}` : `ttyS${minor - 64}`;
  return major === 5 && minor === 1 ? 'console' : '?';
}

/** Names by number, from a passwd or group file; the first line of a number counts. */
export function namesById(text: string): Map<number, string> {
  const names = new Map<number, string>();
  for (const line of text.split('\n')) {
    const [name = '', , id = ''] = line.split(':');
    if (/^\d+$/.test(id) && !names.has(Number(id))) names.set(Number(id), name);
  }
  return names;
}
