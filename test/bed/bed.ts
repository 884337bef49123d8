/**
 * The bed: a real systemd machine, booted in well under a second on a throw-away overlay of a root file
 * system, for tests, the demo and the benchmark.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { type Commands, commandsFor } from './command.ts';
import { type KeeperOptions, startKeeper } from './keeper.ts';

export interface BedOptions extends Omit<KeeperOptions, 'name'> {
  /** Host name in there; letters, digits and "-". */
  name?: string;
}

export interface Bed extends Commands {
  readonly name: string;
  /** Pid of its systemd, seen from the host; changes with every boot. */
  readonly pid: number;
  /** What `systemctl is-system-running` said after the last boot: running or degraded. */
  readonly state: string;
  /** Milliseconds the last boot took until then. */
  readonly bootMs: number;
  /**
   * The host's path of a file in the bed, /run and /tmp included. Absolute symbolic links on the way
   * would be followed on the host: name the real path.
   */
  path(path: string): string;
  /** The kernel's name for this boot of the bed. */
  bootId(): string;
  /** What systemd printed on the console, for a boot that went wrong. */
  console(): string;
  /** `journalctl ARGS`, as text, with all that was said until now. */
  journal(...args: string[]): Promise<string>;
  /** Shuts down in order, and boots the same disk again. */
  reboot(): Promise<void>;
  /** Everything in the bed is gone at once, unsaved work with it; then the same disk boots again. */
  powerLoss(): Promise<void>;
  /** Ends the bed and removes every trace of it on the host. May be called again. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Limits for what hangs, on a machine of any speed. */
const BOOT_TIMEOUT = 300_000;
const POWEROFF_TIMEOUT = 300_000;

/** Boots a bed and waits until systemd has finished starting; throws with its console if it does not. */
export async function bootBed(options: BedOptions): Promise<Bed> {
  const { name = 'bed', ...rest } = options;
  const keeper = await startKeeper({ name, ...rest });
  let machine = await boot();

  async function boot() {
    const started = performance.now();
    const { ended } = keeper.boot();
    let over = false;
    ended.then(() => {
      over = true;
    });
    while (!over && performance.now() - started < BOOT_TIMEOUT) {
      const pid = keeper.machinePid();
      // Its socket is there a moment before it answers; --wait is the event, the pause only for that moment.
      const state = pid === undefined ? '' : await systemState(pid);
      if (pid !== undefined && (state === 'running' || state === 'degraded')) {
        return { pid, state, ended, bootMs: performance.now() - started };
      }
      await delay(5);
    }
    const text = keeper.console();
    await keeper.close();
    throw new Error(`the bed did not come up; its console says:\n${text}`);
  }

  const commands = commandsFor(() => machine.pid);

  async function off(what: Promise<unknown>, how: string): Promise<void> {
    const timer = new AbortController();
    const late = delay(POWEROFF_TIMEOUT, 'late', { signal: timer.signal }).catch(() => 'ended');
    await what;
    if ((await Promise.race([machine.ended, late])) === 'late') {
      const jobs = await commands.nsenter(['systemctl', 'list-jobs']);
      await keeper.close();
      throw new Error(
        `the bed is not off ${POWEROFF_TIMEOUT / 1000} s after ${how}; its open jobs:\n${jobs.stdout}`,
      );
    }
    timer.abort();
  }

  const bed: Bed = {
    ...commands,
    name,
    get pid() {
      return machine.pid;
    },
    get state() {
      return machine.state;
    },
    get bootMs() {
      return machine.bootMs;
    },
    path: (path) => `/proc/${machine.pid}/root${path}`,
    bootId: () => readFileSync(`/proc/${machine.pid}/root/proc/sys/kernel/random/boot_id`, 'utf8').trim(),
    console: () => keeper.console(),
    async journal(...args) {
      await commands.ok(['journalctl', '--sync'], { quick: true });
      return commands.ok(['journalctl', '--no-pager', ...args], { quick: true });
    },
    async reboot() {
      await off(commands.nsenter(['systemctl', 'poweroff']), 'poweroff');
      machine = await boot();
    },
    async powerLoss() {
      process.kill(machine.pid, 'SIGKILL');
      await off(Promise.resolve(), 'the loss of power');
      machine = await boot();
    },
    close: () => keeper.close(),
    [Symbol.asyncDispose]: () => keeper.close(),
  };
  return bed;

  async function systemState(pid: number): Promise<string> {
    const result = await commandsFor(() => pid).nsenter(['systemctl', 'is-system-running', '--wait']);
    return result.stdout.trim();
  }
}
