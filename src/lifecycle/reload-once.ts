/** One reload of systemd for the removal of several containers. */
import type { Ports } from './ports.ts';

/** Whether systemd remembers units that are gone by now. */
export interface Reloads {
  isDue: boolean;
}

/**
 * Lets so many removals, given what `work` is given, leave the reload of systemd to their end, also when one of them throws. Each
 * reload reads all units of the host anew: one for each of a thousand enabled containers would read a million. Whoever
 * is killed before it leaves units in systemd's memory, which a create of such a name reads anew and any reload forgets.
 */
export async function reloadOnce<T>(
  ports: Pick<Ports, 'systemd'>,
  removals: number,
  work: (how: { reloads?: Reloads }) => Promise<T>,
): Promise<T> {
  // The reload of one alone has its place before the row goes, so that a removal cut short is finished with it.
  if (removals < 2) return work({});
  const reloads = { isDue: false };
  try {
    return await work({ reloads });
  } finally {
    if (reloads.isDue) await (await ports.systemd()).reload();
  }
}
