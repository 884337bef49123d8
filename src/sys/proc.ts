/** Facts from /proc about processes and this boot. */
import { readFileSync, readlinkSync } from 'node:fs';
import { isErrno } from '../model/errors.ts';
import type { ProcessRef } from '../model/state.ts';

/**
 * The identity of a live process, or undefined if there is none or it is a zombie (proc(5), /proc/PID/stat:
 * field 3 is the state, field 22 the start time in clock ticks after boot).
 */
export function processRef(pid: number): ProcessRef | undefined {
  const fields = statFields(pid);
  if (fields === undefined || fields[0] === 'Z' || fields[0] === 'X') return undefined;
  return { pid, startTime: Number(fields[19]) };
}

/** The fields of /proc/PID/stat from the third one on. */
function statFields(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command, field 2, is in parentheses and may itself contain blanks and parentheses.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined; // no such process
  }
}

/** PF_EXITING of the kernel's task flags, field 9 of /proc/PID/stat. */
const EXITING = 0x4;

/**
 * Is the process gone, or in the middle of its end? The first process of a PID namespace ends only after all others of it
 * (pid_namespaces(7)): what it took along is known to have ended when it itself still looks alive.
 */
export function isEnding(ref: ProcessRef | undefined): boolean {
  return !isAlive(ref) || (Number(statFields(ref?.pid ?? 0)?.[6]) & EXITING) !== 0;
}

/** The identity of this process. */
export function selfRef(): ProcessRef {
  const self = processRef(process.pid);
  if (self === undefined) throw new Error('/proc does not know this process: is it mounted?');
  return self;
}

/** Is the process that was recorded still there, and not another one with its pid? */
export function isAlive(ref: ProcessRef | undefined): boolean {
  return ref !== undefined && processRef(ref.pid)?.startTime === ref.startTime;
}

/** Signals a process after making sure that it is the recorded one; false if it is gone. */
export function signalProcess(ref: ProcessRef, signal: number): boolean {
  if (!isAlive(ref)) return false;
  try {
    process.kill(ref.pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** This boot's id, random(4). */
export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/** A limit of this process, from /proc/self/limits; Infinity for unlimited. */
export function readLimits(): Record<string, { soft: number; hard: number }> {
  const limits: Record<string, { soft: number; hard: number }> = {};
  for (const line of readFileSync('/proc/self/limits', 'utf8').split('\n')) {
    const match = /^Max (.+?)\s{2,}(\S+)\s+(\S+)/.exec(line);
    if (match === null) continue;
    const [, name = '', soft, hard] = match;
    limits[name] = { soft: limitValue(soft), hard: limitValue(hard) };
  }
  return limits;
}

function limitValue(text: string | undefined): number {
  return text === 'unlimited' ? Number.POSITIVE_INFINITY : Number(text);
}

/** This process's capability bounding set as the kernel prints it, 16 hex digits (proc(5), CapBnd). */
export function capabilityBoundingMask(): string {
  return /^CapBnd:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
}

/** Inode numbers of a process's namespaces (namespaces(7)) by their names in /proc/PID/ns; empty if it is gone. */
export function processNamespaces(pid: number): Record<string, string> {
  const numbers: Record<string, string> = {};
  for (const name of ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'user', 'uts']) {
    try {
      numbers[name] = /\[(\d+)\]/.exec(readlinkSync(`/proc/${pid}/ns/${name}`))?.[1] ?? '';
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ESRCH')) return {};
      throw error;
    }
  }
  return numbers;
}

/** What confines a process for SELinux or AppArmor (proc(5), /proc/PID/attr); empty if nothing does or it is gone. */
export function securityLabel(pid: number): string {
  try {
    const label = readFileSync(`/proc/${pid}/attr/current`, 'utf8').replace(/[\0\n]+$/, '');
    return label === 'unconfined' ? '' : label;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH', 'EINVAL')) return ''; // EINVAL: no such security module
    throw error;
  }
}
