/** As much of the ImageFiles port as a removal takes: for berth-cleanup, whose bundle has no archives in it. */
import path from 'node:path';
import type { RemovingFiles } from '../lifecycle/ports.ts';
import type { Settings } from '../model/settings.ts';
import { unmountImage } from '../storage/image-mount.ts';
import { listLayers, removeLayers } from '../storage/layers.ts';
import { storagePaths } from '../storage/paths.ts';
import { isMountPoint } from '../sys/mountinfo.ts';

/** Where an image is mounted: gone with the boot, as the mount is. */
export function imageMountDirectory({ runDir }: Pick<Settings, 'runDir'>, id: string): string {
  return path.join(runDir, 'images', id);
}

export function imageRemoval(settings: Settings): RemovingFiles {
  const paths = storagePaths(settings.stateDir);
  const directory = (id: string): string => imageMountDirectory(settings, id);
  return {
    listLayers: () => listLayers(paths),
    removeLayers: (diffIds) => removeLayers(paths, diffIds),
    isMounted: (id) => isMountPoint(path.join(directory(id), 'merged')),
    unmount: (id) => unmountImage(directory(id)),
  };
}
