/** Volumes, as the lifecycle's Volumes port. */
import path from 'node:path';
import type { Ports } from '../lifecycle/ports.ts';
import type { Settings } from '../model/settings.ts';
import { containerPaths, storagePaths } from '../storage/paths.ts';
import { relabelTree } from '../storage/relabel.ts';
import { mountForRun, runMountPoint, unmountRun } from '../storage/run-mounts.ts';
import { diskUsage } from '../storage/sizes.ts';
import {
  adoptOwner,
  chownTree,
  copyUp,
  finishCopyUp,
  isCopyingUp,
  isVolumeEmpty,
  isVolumeMounted,
  makeVolume,
  mountVolume,
  putVolumeAside,
  sweepVolumes,
  unmountVolume,
  volumeData,
} from '../storage/volumes.ts';

export function volumesPort({ stateDir }: Pick<Settings, 'stateDir'>): Pick<Ports, 'volumes'> {
  const paths = storagePaths(stateDir);
  const rootOf = (id: string): string => path.join(containerPaths(paths, id).root, 'merged');
  return {
    volumes: {
      path: (name) => volumeData(paths, name),
      make: (config) => makeVolume(paths, config),
      isMounted: (name) => isVolumeMounted(paths, name),
      mount: (config) => mountVolume(paths, config),
      unmount: (name) => unmountVolume(paths, name),
      isEmpty: (name) => isVolumeEmpty(paths, name),
      copyUp: (config, { id, ...from }) => copyUp(paths, config, { root: rootOf(id), ...from }),
      isCopyingUp: (name) => isCopyingUp(paths, name),
      finishCopyUp: (name) => finishCopyUp(paths, name),
      adoptOwner: (name, { id, ...from }) => adoptOwner(paths, name, { root: rootOf(id), ...from }),
      chownTree,
      relabel: relabelTree,
      putAside: (name) => putVolumeAside(paths, name),
      sweep: () => sweepVolumes(paths),
      size: (name) => diskUsage(volumeData(paths, name)),
      runMountPoint: (id, index) => runMountPoint(paths, id, index),
      mountForRun: (place, what) => mountForRun(paths, place, what),
      unmountRun: (id) => unmountRun(paths, id),
    },
  };
}
