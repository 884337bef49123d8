/** Who holds how much memory in a bed where nothing happens: the proportional set of each process (proc_pid_smaps(5)). */
import { readdirSync } from 'node:fs';
import { readFileIfAny } from '../../src/sys/files.ts';
import type { Bed } from '../bed/bed.ts';
import { until } from '../support/machine.ts';

/** kB of PSS by the name of the program (comm), all processes of that name together. */
export type Rest = ReadonlyMap<string, number>;

/** Read from outside, as nothing shall run in the bed for it, once no process comes or goes any more. */
export async function atRest(bed: Bed): Promise<Rest> {
  const proc = bed.path('/proc');
  let pids = '';
  return until('the bed is at rest', async () => {
    const before = pids;
    const all = readdirSync(proc).filter((name) => /^\d+$/.test(name));
    pids = all.join();
    return pids === before ? heldBy(all.map((pid) => `${proc}/${pid}`)) : undefined;
  });
}

/** Undefined when one of them has gone. */
function heldBy(processes: readonly string[]): Rest | undefined {
  const held = new Map<string, number>();
  for (const directory of processes) {
    const comm = readFileIfAny(`${directory}/comm`)?.trim();
    const pss = /^Pss:\s+(\d+) kB$/m.exec(readFileIfAny(`${directory}/smaps_rollup`) ?? '')?.[1];
    if (comm === undefined || pss === undefined) return undefined;
    held.set(comm, (held.get(comm) ?? 0) + Number(pss));
  }
  return held;
}

/**
 * What was added to a machine at rest that had nothing to do: by programs that were not there, but for the payload's, and by
 * those that were there already, systemd and the journal.
 */
export function addedTo(empty: Rest, full: Rest, payload: string): { ownKb: number; baseKb: number } {
  let ownKb = 0;
  let baseKb = 0;
  for (const [comm, kb] of full) {
    if (comm === payload) continue;
    if (empty.has(comm)) baseKb += kb - (empty.get(comm) ?? 0);
    else ownKb += kb;
  }
  return { ownKb, baseKb };
}
