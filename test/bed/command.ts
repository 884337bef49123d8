/**
 * Running commands in a bed, in one of two ways:
 *
 * - as a transient unit of the bed's systemd (the way that is true: clean environment, cgroup of its own,
 *   delegated), about 50 ms;
 * - quick: entered directly from the host into a cgroup beside the units, about 10 ms; for what only asks
 *   (systemctl, cat), not for what makes cgroups.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { basename, dirname } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { execa } from 'execa';

export interface RunOptions {
  input?: string;
  env?: Record<string, string>;
  cwd?: string;
  /** Name of a user in the bed; root unless told. */
  user?: string;
  /** The command is killed and the call throws when it takes longer; ten minutes, which only what hangs takes, unless told. */
  timeoutMs?: number;
  /** Enter directly instead of through a unit (see above). */
  quick?: boolean;
}

export interface RunResult {
  /** Exit code; 128 + n for signal n, as a shell says it. */
  code: number;
  stdout: string;
  stderr: string;
}

export interface SpawnOptions extends Omit<RunOptions, 'input' | 'timeoutMs'> {
  /** Give the command a terminal of its own; its output then is one stream, with CR LF. */
  pty?: boolean;
}

export interface Spawned {
  stdin: Writable;
  stdout: Readable;
  stderr: Readable;
  exited: Promise<number>;
  /** Sends a signal (its name, as kill(1) knows it) to every process of the command. */
  kill(signal: string): Promise<void>;
}

export interface Commands {
  run(argv: string[], options?: RunOptions): Promise<RunResult>;
  /** Standard output of a command that must succeed, without the last newline. */
  ok(argv: string[], options?: RunOptions): Promise<string>;
  /** Standard output of a shell script of which every command must succeed (`sh -eu`). */
  sh(script: string, options?: RunOptions): Promise<string>;
  /** `run`, the quick way. */
  nsenter(argv: string[], options?: RunOptions): Promise<RunResult>;
  spawn(argv: string[], options?: SpawnOptions): Spawned;
  /** A login shell in the foreground of this process's terminal (or fed from its stdin); its exit code. */
  shell(): Promise<number>;
  /** Copies a file or folder of the host to that name in the bed, owned by root. */
  copyIn(source: string, target: string): Promise<void>;
  /** Copies a file or folder of the bed to that name on the host. */
  copyOut(source: string, target: string): Promise<void>;
}

/** A command in the bed failed or took too long; the text holds the command and all of its output. */
export class BedCommandError extends Error {
  override readonly name = 'BedCommandError';
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const DEFAULT_TIMEOUT = 600_000;
const { signals } = constants;
let count = 0;

export function commandsFor(machine: () => number): Commands {
  const run = async (argv: string[], options: RunOptions = {}): Promise<RunResult> => {
    const command = commandLine(machine(), argv, options);
    const child = execa(command.file, command.args, {
      ...command.options,
      ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
      stripFinalNewline: false,
    });
    const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT;
    let late = false;
    const timer = setTimeout(async () => {
      late = true;
      await command.kill('SIGKILL');
      killGroup(child.pid);
    }, timeoutMs);
    const result = await child;
    clearTimeout(timer);
    if (late) {
      const what = describe(argv, result.stdout, result.stderr);
      throw new BedCommandError(`killed, because it took more than ${timeoutMs} ms: ${what}`);
    }
    return { code: codeOf(result), stdout: result.stdout, stderr: result.stderr };
  };
  const ok = async (argv: string[], options?: RunOptions): Promise<string> => {
    const { code, stdout, stderr } = await run(argv, options);
    if (code !== 0) throw new BedCommandError(`exit code ${code} of ${describe(argv, stdout, stderr)}`);
    return stdout.replace(/\n$/, '');
  };
  return {
    run,
    ok,
    sh: (script, options) => ok(['sh', '-euc', script], options),
    nsenter: (argv, options) => run(argv, { ...options, quick: true }),
    spawn(argv, options = {}) {
      const wrapped = options.pty
        ? ['script', '--quiet', '--return', '--command', quote(argv), '/dev/null']
        : argv;
      const command = commandLine(machine(), wrapped, options);
      const child = execa(command.file, command.args, { ...command.options, buffer: false });
      return {
        stdin: child.stdin,
        stdout: child.stdout,
        stderr: child.stderr,
        exited: child.then(codeOf),
        kill: command.kill,
      };
    },
    async shell() {
      const [file = '', ...args] = [
        ...entered(machine()),
        ...['systemd-run', '--quiet', '--wait', '--collect', process.stdin.isTTY ? '--pty' : '--pipe'],
        ...['--property=Delegate=yes', '--setenv=HOME=/root', `--setenv=TERM=${process.env.TERM ?? 'dumb'}`],
        ...['--working-directory=/root', '--', 'bash', '--login'],
      ];
      const result = await execa(file, args, {
        extendEnv: false,
        env: { PATH },
        stdio: 'inherit',
        reject: false,
      });
      return codeOf(result);
    },
    copyIn: (source, target) =>
      pipeTar(
        [...pack(source), '--owner=0', '--group=0'],
        [...entered(machine()), 'sh', '-euc', UNPACK, 'unpack', target],
      ),
    copyOut: (source, target) =>
      pipeTar([...entered(machine()), ...pack(source)], ['sh', '-euc', UNPACK, 'unpack', target]),
  };
}

function codeOf(result: { exitCode?: number; signal?: NodeJS.Signals }): number {
  return result.exitCode ?? 128 + (result.signal === undefined ? 0 : signals[result.signal]);
}

/** nsenter forks, to be in the pid namespace: killing the process that was started is not enough. */
function killGroup(leader: number | undefined): void {
  try {
    if (leader !== undefined) process.kill(-leader, 'SIGKILL');
  } catch {
    // it has ended by itself
  }
}

function pack(path: string): string[] {
  return ['tar', '--create', '--file=-', `--directory=${dirname(path)}`, '--xattrs', basename(path)];
}

/** Unpacks the one file or folder of an archive under the name it is given. */
const UNPACK =
  'mkdir -p "$(dirname "$1")" && tar --extract --file=- --xattrs --same-owner --transform="s,^[^/]*,$(basename "$1")," -C "$(dirname "$1")"';

interface CommandLine {
  file: string;
  args: string[];
  options: { extendEnv: false; env: Record<string, string>; detached: true; reject: false };
  kill(signal: string): Promise<void>;
}

function commandLine(machine: number, argv: string[], options: RunOptions): CommandLine {
  const clean = { extendEnv: false, env: { PATH }, detached: true, reject: false } as const;
  const assignments = Object.entries(options.env ?? {}).map(([name, value]) => `${name}=${value}`);
  if (options.quick) {
    const [file = '', ...args] = [
      ...entered(machine, options.cwd),
      ...(options.user === undefined ? [] : asUser(options.user)),
      ...['env', ...assignments, ...argv],
    ];
    return { file, args, options: clean, kill: async () => undefined };
  }
  count += 1;
  const unit = `bed-run-${process.pid}-${count}.service`;
  const [file = '', ...args] = [
    ...entered(machine),
    ...SYSTEMD_RUN,
    ...[`--unit=${unit}`, ...assignments.map((text) => `--setenv=${text}`)],
    ...(options.user === undefined ? [] : [`--uid=${options.user}`]),
    ...(options.cwd === undefined ? [] : [`--working-directory=${options.cwd}`]),
    ...['--', 'sh', '-c', TELL_SIGNALS, 'sh', ...argv],
  ];
  const kill = async (signal: string) => {
    const [program = '', ...rest] = [...entered(machine), 'systemctl', 'kill', `--signal=${signal}`, unit];
    await execa(program, rest, clean);
  };
  return { file, args, options: clean, kill };
}

const SYSTEMD_RUN = [
  ...['systemd-run', '--quiet', '--pipe', '--wait', '--collect', '--expand-environment=no'],
  // What the command leaves running stays, as it would after a command in a shell.
  ...['--property=Delegate=yes', '--property=KillMode=process'],
];

/**
 * systemd-run says 255 for every signal; a shell says which, if it does not die of the same one, sent to
 * the whole unit (a caught signal is back at its default in the command). What the shell itself would
 * print about it is not the command's.
 */
const TELL_SIGNALS = 'exec 3>&2 2>/dev/null; trap : HUP INT QUIT TERM USR1 USR2; ( "$@" 2>&3 3>&- ); exit $?';

/** Prefix that puts a command into every namespace of the machine, and into a cgroup in there. */
function entered(machine: number, cwd = '/'): string[] {
  // --root, because on a host that is itself in a chroot the machine's root is not that of its mount namespace.
  const enter = ['nsenter', `--target=${machine}`, '--all', '--root', `--wdns=${cwd}`, '--'];
  const cgroup = guestCgroup(machine);
  return cgroup === undefined
    ? enter
    : ['sh', '-c', 'echo 0 >"$0/cgroup.procs" && exec "$@"', cgroup, ...enter];
}

function asUser(user: string): string[] {
  return ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--init-groups', '--'];
}

const guestCgroups = new Map<number, string>();

/** A cgroup in the machine, beside those of its systemd, for commands from the host; undefined in its first moments. */
function guestCgroup(machine: number): string | undefined {
  const known = guestCgroups.get(machine);
  if (known !== undefined) return known;
  const init = /^0::(.*)\/init\.scope$/m.exec(readFileSync(`/proc/${machine}/cgroup`, 'utf8'))?.[1];
  // proc_pid_mountinfo(5): id, parent, major:minor, root, mount point, options, optional fields, "-", type
  const mount = /^\d+ \d+ \S+ (\S+) (\S+) .* - cgroup2 /m.exec(readFileSync('/proc/self/mountinfo', 'utf8'));
  if (init === undefined || mount === null) return undefined;
  const [, root = '/', point = ''] = mount;
  const dir = `${point}${init.startsWith(root) && root !== '/' ? init.slice(root.length) : init}/bed-guest`;
  mkdirSync(dir, { recursive: true });
  guestCgroups.set(machine, dir);
  return dir;
}

/** One pipe between two programs: the kernel's, so that archives of any size need no memory here. */
async function pipeTar(from: string[], to: string[]): Promise<void> {
  const pipeline = ['--norc', '-o', 'pipefail', '-c', `${quote(from)} | ${quote(to)}`];
  await execa('bash', pipeline, { extendEnv: false, env: { PATH }, stdin: 'ignore' });
}

function quote(argv: string[]): string {
  return argv.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
}

function describe(argv: string[], stdout: string, stderr: string): string {
  return `${quote(argv)}\nstdout:\n${stdout}\nstderr:\n${stderr}`;
}
