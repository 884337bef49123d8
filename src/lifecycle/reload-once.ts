/** One reload of systemd for the removal of several containers. */
import type { Ports } from './ports.ts';

/** Whether systemd remembers units that are gone by now. */
export interface Reloads {
  isDue: boolean;
}

/**
 * Lets removals (RemoveOptions) leave the reload of systemd to their end, also when one of them throws. Each reload reads all units
 * of the host anew: one for each of a thousand enabled containers would make a million.
 */
export async function reloadOnce<T>(
  ports: Pick<Ports, 'systemd'>,
  work: (reloads: Reloads) => Promise<T>,
): Promise<T> {
  const reloads = { isDue: false };
  try {
    return await work(reloads);
  } finally {
    if (reloads.isDue) await (await ports.systemd()).reload();
  }
}
