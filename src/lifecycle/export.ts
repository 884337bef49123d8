/** export: a container's root as a tar. */
import type { ContainerRecord } from '../model/records.ts';
import { withMountedRoot } from './mount.ts';
import type { Ports } from './ports.ts';

type ExportPorts = Pick<Ports, 'host' | 'store' | 'locks' | 'runtime' | 'rootfs' | 'openTree' | 'now'>;

/**
 * Hands the tar of the root to `write`, chunk by chunk, mounting the root for that time if it was not. What is mounted
 * over it in a running container (volumes, /proc) is not in it.
 */
export async function exportContainer(
  ports: ExportPorts,
  container: ContainerRecord,
  write: (tar: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<void> {
  await withMountedRoot(ports, container, async (directory) => {
    const { idMappings: ids } = container.config;
    const tree = await ports.openTree({ directory, mounts: [], ids });
    await write(tree.pack('/', { devices: true, exactTimes: false }));
  });
}
