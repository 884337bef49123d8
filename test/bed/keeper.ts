/**
 * The host's side of one bed: its folder, its keeper process (keeper.sh), and their end.
 *
 * A bed cannot outlive its owner: the keeper is killed by the kernel when the process that started it
 * dies, and the keeper's pid and mount namespaces take everything else along. Only the folder and empty
 * cgroups can stay behind; they carry the owner's name and are cleared by the next bed.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { cacheDir } from './cache.ts';
import { CONTAINED, cleanEnvironment } from './host.ts';
import { isAlive, self } from './owner.ts';
import { isOverlay } from './rootfs.ts';

export interface Keeper {
  /** Folder of this bed on the host. */
  readonly dir: string;
  /** Starts the machine; the promise is of its end, with systemd-nspawn's exit code. */
  boot(): { ended: Promise<number> };
  /** Pid, seen from the host, of the machine's systemd; undefined while there is none. */
  machinePid(): number | undefined;
  /** Path on the host of a file on the bed's disk, also while the machine is off. */
  diskPath(path: string): string;
  /** What the machine has printed on its console. */
  console(): string;
  /** Kills everything in the bed and removes its folder and cgroups; may be called again. */
  close(): Promise<void>;
}

export interface KeeperOptions {
  name: string;
  /** Read-only folders, top first. */
  layers: string[];
  /** Folder that keeps /var/lib/berth and /var/lib/containers after the bed is closed. */
  data?: string;
  /** Further arguments for systemd-nspawn. */
  nspawnArgs?: string[];
}

const live = new Set<{ closeNow(): void }>();
let count = 0;

export async function startKeeper(options: KeeperOptions): Promise<Keeper> {
  const beds = cacheDir('beds');
  clearAbandoned(beds);
  closeAtExit();

  count += 1;
  const folder = `berth-bed-${self()}-${count}-${options.name}`;
  const dir = join(beds, folder);
  mkdirSync(dir, { mode: 0o755 });
  const data = options.data ?? join(dir, 'disk', 'data');
  const [file = '', ...args] = [
    ...(existsSync('/run/systemd/system') ? SCOPE : []),
    ...[...CONTAINED, 'sh', join(import.meta.dirname, 'keeper.sh'), dir, options.layers.join(':')],
    ...[(await isOverlay(dir)) ? 'yes' : 'no', join(data, 'berth'), join(data, 'containers')],
    ...nspawn(dir, options),
  ];
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], ...environment() });
  const exited = once(child, 'exit');
  const lines = linesOf(child);

  const closeNow = () => {
    live.delete(handle);
    const inner = childrenOf(child.pid)[0];
    if (inner !== undefined) kill(inner);
    else child.kill('SIGKILL');
  };
  const handle = {
    closeNow() {
      closeNow();
      waitUntilGone(child.pid);
      removeBed(dir);
    },
  };
  live.add(handle);

  const close = async () => {
    closeNow();
    await exited;
    removeBed(dir);
  };
  const first = await lines.next();
  if (first !== 'ready') {
    await close();
    throw new Error(`the bed's disk could not be mounted: ${lines.errors()}`);
  }

  return {
    dir,
    boot() {
      child.stdin.write('boot\n');
      return { ended: lines.next().then((line) => Number(line?.replace('ended ', '') ?? Number.NaN)) };
    },
    machinePid: () => machinePid(child.pid),
    diskPath: (path) => `/proc/${childrenOf(child.pid)[0]}/root${dir}/merged${path}`,
    console: () => readIfThere(join(dir, 'console.log')),
    close,
  };
}

/** On a host that is itself run by systemd, a bed is a scope whose cgroups systemd leaves to it. */
const SCOPE = ['systemd-run', '--scope', '--quiet', '--collect', '--property=Delegate=yes', '--'];

function nspawn(dir: string, options: KeeperOptions): string[] {
  return [
    ...[
      'systemd-nspawn',
      '--quiet',
      `--directory=${dir}/merged`,
      `--machine=${options.name}-${process.pid}-${count}`,
    ],
    ...[`--hostname=${options.name}`, '--boot', '--register=no', '--keep-unit', '--private-network'],
    ...['--console=pipe', '--capability=all', '--system-call-filter=@keyring bpf', '--link-journal=no'],
    ...['--settings=no', '--resolv-conf=off', '--timezone=off'],
    ...(existsSync('/dev/fuse') ? ['--bind=/dev/fuse'] : []),
    ...(options.nspawnArgs ?? []),
  ];
}

function environment(): { env: Record<string, string> } {
  const { env } = cleanEnvironment();
  // systemd-nspawn(1) knows these from systemd's ENVIRONMENT.md: cgroup v2 only, /sys and /proc/sys writable.
  return { env: { ...env, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1', SYSTEMD_NSPAWN_API_VFS_WRITABLE: 'yes' } };
}

/** The keeper's answers, one by one; undefined after its end. */
function linesOf(child: ChildProcessByStdio<Writable, Readable, Readable>) {
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  // The owner may die or close at any time; writing to a keeper that has ended is no news.
  child.stdin.on('error', () => undefined);
  const iterator = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    next: async (): Promise<string | undefined> => (await iterator.next()).value,
    errors: () => errors.trim(),
  };
}

/** unshare → keeper.sh → systemd-nspawn → systemd, which is PID 1 where it lives. */
function machinePid(keeper: number | undefined): number | undefined {
  for (const shell of childrenOf(keeper)) {
    for (const container of childrenOf(shell)) {
      const machine = childrenOf(container).find(
        (pid) =>
          /^NSpid:.*\t1$/m.test(readIfThere(`/proc/${pid}/status`)) &&
          readIfThere(`/proc/${pid}/comm`) === 'systemd\n',
      );
      if (machine !== undefined) return machine;
    }
  }
  return undefined;
}

function childrenOf(pid: number | undefined): number[] {
  const text = readIfThere(`/proc/${pid}/task/${pid}/children`);
  return text.split(' ').filter(Boolean).map(Number);
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // a process that has just ended, or a file not written yet
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // already gone
  }
}

/** Blocks until a child of ours has ended (it stays a zombie until the event loop collects it). */
function waitUntilGone(pid: number | undefined): void {
  const clock = new Int32Array(new SharedArrayBuffer(4));
  const deadline = performance.now() + 60_000;
  while (performance.now() < deadline) {
    const stat = readIfThere(`/proc/${pid}/stat`);
    if (stat === '' || / [ZX] /.test(stat.slice(stat.lastIndexOf(')')))) return;
    Atomics.wait(clock, 0, 0, 5);
  }
}

function removeBed(dir: string): void {
  for (const cgroup of readIfThere(join(dir, 'cgroups')).split('\n').filter(Boolean)) removeCgroup(cgroup);
  rmSync(dir, { recursive: true, force: true });
}

/** cgroupfs has no recursive removal: leaves first. */
function removeCgroup(dir: string): void {
  if (!existsSync(dir)) return;
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    if (entry.isDirectory()) removeCgroup(join(dir, entry.name));
  }
  rmdirSync(dir);
}

/**
 * Clears what beds of dead owners left. Their processes die with them, but not all at once, and somebody else's bed may be
 * clearing at the same time: what cannot go yet is left for the next one.
 */
function clearAbandoned(beds: string): void {
  for (const name of readdirSync(beds)) {
    const owner = /^berth-bed-(\d+_\d+)-/.exec(name)?.[1];
    if (owner === undefined || isAlive(owner)) continue;
    try {
      removeBed(join(beds, name));
    } catch (error) {
      if (!/^(ENOENT|EBUSY|ENOTEMPTY)$/.test(String((error as NodeJS.ErrnoException).code))) throw error;
    }
  }
}

let watching = false;

/** However this process ends, short of SIGKILL, its beds end before it. */
function closeAtExit(): void {
  if (watching) return;
  watching = true;
  process.on('exit', () => {
    for (const bed of live) bed.closeNow();
  });
  for (const [signal, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
    ['SIGHUP', 1],
  ] as const) {
    process.once(signal, () => process.exit(128 + number));
  }
}
