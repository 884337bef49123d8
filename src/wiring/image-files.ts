/** Images on disk, as the lifecycle's ImageFiles port. What only some verbs need is loaded when they call it. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import type { Ports } from '../lifecycle/ports.ts';
import type { Settings } from '../model/settings.ts';
import { listLayers, removeLayers } from '../storage/layers.ts';
import { storagePaths } from '../storage/paths.ts';
import { mountAt } from '../sys/mountinfo.ts';

export function imageFilesPort({ stateDir, runDir }: Settings): Pick<Ports, 'imageFiles'> {
  const paths = storagePaths(stateDir);
  // Gone with the boot, as the mount is.
  const directory = (id: string): string => path.join(runDir, 'images', id);
  const mountPoint = (id: string): string => path.join(directory(id), 'merged');
  return {
    imageFiles: {
      listLayers: () => listLayers(paths),
      removeLayers: (diffIds) => removeLayers(paths, diffIds),
      addLayer: async (source, hold) =>
        (await import('../storage/new-layer.ts')).addLayer(paths, source, hold),
      digest: (text) => createHash('sha256').update(text).digest('hex'),
      async *archive(format, images) {
        yield* (await import('../storage/image-archive.ts')).imageArchive(paths, format, images);
      },
      async writeArchive(file, format, images) {
        const { imageArchive } = await import('../storage/image-archive.ts');
        const { writeOutput } = await import('../storage/output-file.ts');
        await writeOutput(file, imageArchive(paths, format, images));
      },
      writeDirectory: async (target, image, options) =>
        (await import('../storage/image-archive.ts')).imageDirectory(paths, target, image, options),
      mountPoint,
      isMounted: (id) => mountAt(mountPoint(id)) !== undefined,
      mount: async (id, layers) =>
        (await import('../storage/image-mount.ts')).mountImage(paths, layers, directory(id)),
      unmount: async (id) => (await import('../storage/image-mount.ts')).unmountImage(directory(id)),
    },
  };
}
