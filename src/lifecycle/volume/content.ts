/** volume export and import: what is in a volume, as a tar. */
import type { VolumeRecord } from '../../model/volume/volume.ts';
import type { Ports, Tree } from '../ports.ts';
import { type VolumePorts, withMountedVolume } from './use.ts';

type ContentPorts = VolumePorts & Pick<Ports, 'openTree'>;

/** The tar of all that is in it: owners, modes, attributes, devices. */
export function exportVolume(
  ports: ContentPorts,
  volume: VolumeRecord,
  output: (tar: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<void> {
  return withTree(ports, volume, (tree) => output(tree.pack('/', { devices: true, exactTimes: true })));
}

/** Unpacks a tar into it. Files are replaced, what else is there stays. Errors: storage/tree-unpack.ts. */
export function importVolume(
  ports: ContentPorts,
  volume: VolumeRecord,
  tar: AsyncIterable<Uint8Array>,
): Promise<void> {
  return withTree(ports, volume, (tree) => tree.unpack('/', { tar, overwrite: true, mayBeEmpty: true }));
}

function withTree<T>(
  ports: ContentPorts,
  { config }: VolumeRecord,
  work: (tree: Tree) => Promise<T>,
): Promise<T> {
  return withMountedVolume(ports, config.name, async (directory) => {
    const tree = await ports.openTree({ directory, mounts: [] });
    try {
      return await work(tree);
    } finally {
      tree.close();
    }
  });
}
