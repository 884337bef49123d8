/**
 * What a command holds in memory together with the processes that it starts: Podman unpacks a layer in a second process of its own,
 * of which the largest resident set of one process says nothing.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

/** How long after a sample the next one is taken, in ms. */
const EVERY = 2;

/**
 * The largest sum of the proportional set sizes (proc_pid_smaps(5), Pss), in kB, of all processes of a command while `work` runs it.
 * @param mark what stands on the command line of the first process and of none outside
 */
export async function treeMemory(mark: string, work: () => Promise<unknown>): Promise<number> {
  let isOver = false;
  const over = work().finally(() => {
    isOver = true;
  });
  let peak = 0;
  for (let top: string | undefined; !isOver; await setTimeout(EVERY)) {
    top = top !== undefined && read(`/proc/${top}/cmdline`).includes(mark) ? top : processOf(mark);
    if (top !== undefined) peak = Math.max(peak, memoryOf(top, ''));
  }
  await over;
  return peak;
}

function processOf(mark: string): string | undefined {
  return readdirSync('/proc').find((pid) => /^\d+$/.test(pid) && read(`/proc/${pid}/cmdline`).includes(mark));
}

/** @param parent command line of the parent: a child of vfork(2) is in its parent's memory, and has it, until it executes something. */
function memoryOf(pid: string, parent: string): number {
  const command = read(`/proc/${pid}/cmdline`);
  const pss = /^Pss: +(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0;
  const own = command === parent ? 0 : Number(pss);
  return childrenOf(pid).reduce((sum, child) => sum + memoryOf(child, command), own);
}

/** Those of each thread. */
function childrenOf(pid: string): string[] {
  return threadsOf(pid).flatMap((thread) =>
    read(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean),
  );
}

function threadsOf(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return []; // it is gone
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // the process is gone
  }
}
