/**
 * Who made this folder, and does he still live? A process is named by its pid and its start time in
 * clock ticks since boot (/proc/PID/stat, field 22), because a pid alone is used again.
 */
import { readFileSync } from 'node:fs';

/** `PID_STARTTIME` of this process, fit for a file name. */
export function self(): string {
  return `${process.pid}_${startTime(process.pid)}`;
}

/** Whether the process that `self()` named there is still running. */
export function isAlive(owner: string): boolean {
  const [pid, start] = owner.split('_');
  return startTime(Number(pid)) === start;
}

function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command name (field 2) may hold blanks and parentheses; what follows its last ")" is field 3.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined; // no such process
  }
}
