/** Images on disk, as the lifecycle's ImageFiles port. What only some verbs need is loaded when they call it. */
import { createHash } from 'node:crypto';
import type { Ports } from '../lifecycle/ports.ts';
import type { Settings } from '../model/settings.ts';
import { imageMountPoint, mountImage } from '../storage/image-mount.ts';
import { storagePaths } from '../storage/paths.ts';
import { imageMountDirectory, imageRemoval } from './image-removal.ts';

export function imageFilesPort(settings: Settings): Pick<Ports, 'imageFiles'> {
  const paths = storagePaths(settings.stateDir);
  const directory = (id: string): string => imageMountDirectory(settings, id);
  return {
    imageFiles: {
      ...imageRemoval(settings),
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
      mountPoint: (id) => imageMountPoint(directory(id)),
      mount: (id, layers) => mountImage(paths, layers, directory(id)),
    },
  };
}
