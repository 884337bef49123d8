/** The unit's own cgroup (v2) and the two below it. All paths are under /sys/fs/cgroup; cgroups(7). */
import {
  existsSync,
  type FSWatcher,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  watch,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { BerthError, isErrno } from '../model/errors.ts';
import { readFileIfAny } from './files.ts';

export const CGROUP_ROOT = '/sys/fs/cgroup';

/** The cgroup of this process, like `/system.slice/berth-cache.service`. Throws 'unsupported' without cgroup v2. */
export function ownCgroup(): string {
  const match = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'));
  if (match?.[1] === undefined || !existsSync(`${CGROUP_ROOT}/cgroup.controllers`)) {
    throw new BerthError(
      'unsupported',
      'this host does not use cgroup v2 (unified hierarchy): boot with systemd.unified_cgroup_hierarchy=1',
    );
  }
  return match[1];
}

/** The controllers that the kernel offers on the unified hierarchy. */
export function availableControllers(): string[] {
  return (readFileIfAny(`${CGROUP_ROOT}/cgroup.controllers`) ?? '')
    .split(/\s+/)
    .filter((name) => name !== '');
}

/** Makes a cgroup; one that is there is success. */
export function makeCgroup(cgroup: string): void {
  try {
    mkdirSync(CGROUP_ROOT + cgroup);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  }
}

/**
 * Makes a cgroup and moves this process into it, if it is not there yet: also a move from a cgroup into itself waits until
 * every processor has left the kernel once (percpu_down_write() of cgroup_threadgroup_rwsem), some ten ms.
 */
export function enterCgroup(cgroup: string): void {
  if (ownCgroup() === cgroup) return;
  makeCgroup(cgroup);
  addToCgroup(cgroup, process.pid);
}

/** Moves a process into a cgroup that is there. */
export function addToCgroup(cgroup: string, pid: number): void {
  writeFileSync(`${CGROUP_ROOT}${cgroup}/cgroup.procs`, String(pid));
}

/** Is any live process in this cgroup or below? False if it does not exist. */
export function isPopulated(cgroup: string): boolean {
  return /^populated 1$/m.test(readFileIfAny(`${CGROUP_ROOT}${cgroup}/cgroup.events`) ?? '');
}

/** Is everything in this cgroup stopped, by itself or with a cgroup above it? False if it does not exist. */
export function isFrozen(cgroup: string): boolean {
  return /^frozen 1$/m.test(readFileIfAny(`${CGROUP_ROOT}${cgroup}/cgroup.events`) ?? '');
}

/**
 * Stops (cgroup.freeze 1) or resumes (0) everything in the cgroup and below. Resolves when the kernel says so: a
 * process in a system call that can't be interrupted is frozen only when that is over. Rejects after `timeoutMs`; a
 * cgroup that is frozen from above stays so.
 */
export async function freezeCgroup(cgroup: string, frozen: boolean, timeoutMs = 10_000): Promise<void> {
  try {
    writeFileSync(`${CGROUP_ROOT}${cgroup}/cgroup.freeze`, frozen ? '1' : '0');
  } catch (error) {
    if (!frozen && isErrno(error, 'ENOENT', 'ENODEV')) return; // what has ended is not frozen
    throw error;
  }
  if (!(await waitForEvents(cgroup, () => isFrozen(cgroup) === frozen, timeoutMs)))
    throw new BerthError(
      'state',
      `the kernel did not ${frozen ? 'freeze' : 'thaw'} ${cgroup} in ${timeoutMs / 1000} s: a process in it hangs, or a unit above it is frozen`,
    );
}

/** Kills everything in the cgroup at once (cgroup.kill, Linux 5.14), or one by one where that is missing. */
export function killCgroup(cgroup: string): void {
  try {
    writeFileSync(`${CGROUP_ROOT}${cgroup}/cgroup.kill`, '1');
  } catch (error) {
    if (isErrno(error, 'ENODEV')) return; // removed meanwhile
    if (!isErrno(error, 'ENOENT')) throw error;
    for (const pid of cgroupProcesses(cgroup)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch (killError) {
        if (!isErrno(killError, 'ESRCH')) throw killError;
      }
    }
  }
}

/** The pids in a cgroup and below; empty if it does not exist. */
export function cgroupProcesses(cgroup: string): number[] {
  const own = (readFileIfAny(`${CGROUP_ROOT}${cgroup}/cgroup.procs`) ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .map(Number);
  return [...own, ...subCgroups(cgroup).flatMap(cgroupProcesses)];
}

/** Removes an empty cgroup with those below it; one that is not there, or still in use, is left alone. */
export function removeCgroup(cgroup: string): void {
  for (const child of subCgroups(cgroup)) removeCgroup(child);
  try {
    rmdirSync(CGROUP_ROOT + cgroup);
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'EBUSY')) throw error;
  }
}

/** Has the kernel's OOM killer ended a process of this cgroup? (memory.events, oom_kill) */
export function wasOomKilled(cgroup: string): boolean {
  return parseOomKills(readFileIfAny(`${CGROUP_ROOT}${cgroup}/memory.events`) ?? '') > 0;
}

/** The oom_kill count in the text of memory.events. */
export function parseOomKills(memoryEvents: string): number {
  return Number(/^oom_kill (\d+)$/m.exec(memoryEvents)?.[1] ?? 0);
}

/**
 * Calls `listener` at each change of cgroup.events and when the cgroup is removed. Returns what ends it; undefined for one that
 * is not there.
 *
 * The kernel tells of one change in 10 ms, later of the next, and never if the cgroup is removed by then (cgroup_file_notify()
 * in kernel/cgroup/cgroup.c). A watch on what is removed is not told of that either, one on the directory above it is.
 */
export function onCgroupEvent(cgroup: string, listener: () => void): (() => void) | undefined {
  const directory = CGROUP_ROOT + cgroup;
  const watchers: FSWatcher[] = [];
  const stop = (): void => {
    for (const watcher of watchers) watcher.close();
  };
  try {
    watchers.push(watch(`${directory}/cgroup.events`, listener));
    watchers.push(
      watch(path.dirname(directory), (_, name) => {
        if (name === path.basename(directory)) listener();
      }),
    );
  } catch (error) {
    stop();
    if (isErrno(error, 'ENOENT', 'ENODEV')) return undefined;
    throw error;
  }
  for (const watcher of watchers) watcher.on('error', listener);
  return stop;
}

/** Resolves true when the cgroup has no live process left, or does not exist; false after `timeoutMs`. */
export function waitUntilEmpty(cgroup: string, timeoutMs: number): Promise<boolean> {
  return waitForEvents(cgroup, () => !isPopulated(cgroup), timeoutMs);
}

/** What tells a cgroup from the next one of its name; undefined for one that is not there. */
export function cgroupId(cgroup: string): number | undefined {
  return statSync(CGROUP_ROOT + cgroup, { throwIfNoEntry: false })?.ino;
}

/** Resolves true when that cgroup is not there any more, whatever has its name then; false after `timeoutMs`. */
export function waitUntilGone(cgroup: string, id: number, timeoutMs: number): Promise<boolean> {
  return waitForEvents(cgroup, () => cgroupId(cgroup) !== id, timeoutMs);
}

/**
 * Resolves true when the condition on cgroup.events holds or the cgroup is gone, false after `timeoutMs`. Woken by the
 * kernel's notification, not by polling.
 */
function waitForEvents(cgroup: string, holds: () => boolean, timeoutMs: number): Promise<boolean> {
  const isOver = (): boolean => holds() || cgroupId(cgroup) === undefined;
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const finish = (result: boolean): void => {
      stop?.();
      clearTimeout(timer);
      resolve(result);
    };
    const stop = onCgroupEvent(cgroup, () => {
      if (isOver()) finish(true);
    });
    // Looked at after the watch is set, so that a change in between is not missed.
    if (stop === undefined || isOver()) return finish(true);
    if (timeoutMs !== Number.POSITIVE_INFINITY) timer = setTimeout(() => finish(isOver()), timeoutMs);
  });
}

function subCgroups(cgroup: string): string[] {
  try {
    return readdirSync(CGROUP_ROOT + cgroup, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => path.posix.join(cgroup, entry.name));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}
