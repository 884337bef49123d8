/** Root file systems, as the lifecycle's Rootfs port. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Layered, Ports } from '../lifecycle/ports.ts';
import type { ContainerConfig } from '../model/config.ts';
import { BerthError } from '../model/errors.ts';
import type { Settings } from '../model/settings.ts';
import {
  copySecrets,
  mountCredentials,
  secretCopy,
  unmountCredentials,
} from '../storage/container-secrets.ts';
import { containerPaths, layerDirectory, storagePaths } from '../storage/paths.ts';
import { readTextIn } from '../storage/rooted.ts';
import {
  deleteContainerStorage,
  mountRootfs,
  mountShm,
  type RootfsSource,
  unmountRootfs,
} from '../storage/rootfs.ts';
import { containerSizes } from '../storage/sizes.ts';
import { resolveInRoot } from '../sys/inroot.ts';
import { mountAt } from '../sys/mountinfo.ts';

export function rootfsPort({ stateDir }: Settings): Pick<Ports, 'rootfs'> {
  const paths = storagePaths(stateDir);
  // Beside the data, never in the bundle: the bundle is removed whole, and must not have a mount in it.
  const mountPoint = (id: string): string => path.join(containerPaths(paths, id).root, 'merged');
  const shm = (id: string): string => containerPaths(paths, id).shm;
  return {
    rootfs: {
      mountPoint,
      shm,
      isMounted: (id) => mountAt(mountPoint(id)) !== undefined,
      writable: (id) => containerPaths(paths, id),
      layerDirectories: (layers) => layers.map((diffId) => path.join(layerDirectory(paths, diffId), 'diff')),
      async mount(config) {
        await mountRootfs(paths, sourceOf(config), { id: config.id, mountPoint: mountPoint(config.id) });
        if (config.namespaces?.ipc === 'shareable') await mountShm(shm(config.id), config.shmSizeBytes);
      },
      async unmount(id) {
        await unmountRootfs(mountPoint(id));
        await unmountRootfs(shm(id));
        await unmountCredentials(paths, id);
      },
      create(id) {
        mkdirSync(containerPaths(paths, id).root, { recursive: true, mode: 0o700 });
      },
      copySecrets: (id, copies) => copySecrets(paths, id, copies),
      secretCopy: (id, index) => secretCopy(paths, id, index),
      mountCredentials: (id, directory, files) => mountCredentials(paths, id, { directory, files }),
      unmountCredentials: (id) => unmountCredentials(paths, id),
      delete: (id) => deleteContainerStorage(paths, id),
      readInRoot: (id, file) => readTextIn({ directory: mountPoint(id), mounts: new Map() }, file),
      writeInRoot: (id, file, text) =>
        writeFileSync(resolveInRoot(mountPoint(id), file).hostPath, text, { flag: 'r+' }),
      hasDirectory: (id, directory) => resolveInRoot(mountPoint(id), directory).type === 'directory',
      makeDirectory(id, directory) {
        mkdirSync(resolveInRoot(mountPoint(id), directory).hostPath, { recursive: true, mode: 0o755 });
      },
      changes: async (of) => (await import('../storage/diff.ts')).changesOf(paths, layersOf(of)),
      changesBetween: async (one, other) =>
        (await import('../storage/diff.ts')).changesBetween(paths, layersOf(one), layersOf(other)),
      sizes: (config) => containerSizes(paths, sourceOf(config), config.id),
    },
  };
}

function sourceOf({ image, rootfs }: ContainerConfig): RootfsSource {
  return rootfs === undefined ? { layers: image?.layers ?? [] } : { directory: rootfs };
}

/** Throws for a container that has none. */
function layersOf(of: Layered): { id?: string; layers: readonly string[] } {
  if ('layers' in of) return of;
  if (of.rootfs !== undefined)
    throw new BerthError('invalid', `container ${of.name} has no layers to compare with: it has --rootfs`);
  return { id: of.id, layers: of.image?.layers ?? [] };
}
