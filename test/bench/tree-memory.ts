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

/** @param parent of the parent, to recognize a child of vfork(2), which is in its parent's memory until it executes something. */
function memoryOf(pid: string, parent: string): number {
  const rollup = read(`/proc/${pid}/smaps_rollup`);
  const own = rollup === parent ? 0 : Number(/^Pss: +(\d+) kB/m.exec(rollup)?.[1] ?? 0);
  return childrenOf(pid).reduce((sum, child) => sum + memoryOf(child, rollup), own);
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
