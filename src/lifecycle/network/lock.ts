/** One at a time with the networks of the host: netavark starts aardvark-dns twice when it runs twice, and Podman holds the same lock. */
import type { Ports } from '../ports.ts';

/** Does the work while nobody else, be it Podman, sets up, takes down or defines networks. */
export async function withNetworkLock<T>(
  { locks }: Pick<Ports, 'locks'>,
  work: () => T | Promise<T>,
): Promise<T> {
  const held = locks.acquireNetworks();
  try {
    return await work();
  } finally {
    held.release();
  }
}
