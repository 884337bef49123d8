/** Root file systems, as the lifecycle's Rootfs port. */
import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Layered, Ports } from '../lifecycle/ports.ts';
import type { ContainerConfig } from '../model/config.ts';
import { BerthError } from '../model/errors.ts';
import { contextOption, labelsInForce } from '../model/selinux.ts';
import type { Settings } from '../model/settings.ts';
import { hostOwner, shifting } from '../model/user-namespace/id-map.ts';
import { shownOwners } from '../model/user-namespace/idmap-option.ts';
import { needsMountOfRun } from '../model/volume/volume.ts';
import {
  copySecrets,
  mountCredentials,
  secretCopy,
  unmountCredentials,
} from '../storage/container-secrets.ts';
import type { Layered as LayeredFiles } from '../storage/diff.ts';
import { highestId } from '../storage/highest-id.ts';
import { containerPaths, layerDirectory, storagePaths } from '../storage/paths.ts';
import { readTextIn } from '../storage/rooted.ts';
import {
  deleteContainerStorage,
  mountRootfs,
  mountShm,
  mountSource,
  type RootfsSource,
  unmountHelpers,
  unmountRootfs,
} from '../storage/rootfs.ts';
import { containerSizes } from '../storage/sizes.ts';
import { resolveInRoot } from '../sys/inroot.ts';
import { isMountPoint } from '../sys/mountinfo.ts';
import { isSelinuxEnabled } from '../sys/selinux.ts';

export function rootfsPort({ stateDir }: Settings): Pick<Ports, 'rootfs'> {
  const paths = storagePaths(stateDir);
  // Beside the data, never in the bundle: the bundle is removed whole, and must not have a mount in it.
  const mountPoint = (id: string): string => path.join(containerPaths(paths, id).root, 'merged');
  const shm = (id: string): string => containerPaths(paths, id).shm;
  return {
    rootfs: {
      mountPoint,
      shm,
      isMounted: (id) => isMountPoint(mountPoint(id)),
      writable: (id) => containerPaths(paths, id),
      layerDirectories: (layers) => layers.map((diffId) => path.join(layerDirectory(paths, diffId), 'diff')),
      async mount(config) {
        const { id, idMappings: ids, shmSizeBytes: sizeBytes } = config;
        const { root, others } = contextsOf(config);
        await mountRootfs(paths, sourceOf(config), { id, mountPoint: mountPoint(id), ids, context: root });
        if (config.namespaces?.ipc === 'shareable')
          await mountShm(shm(id), { sizeBytes, ids, context: others });
        for (const { place, mount, owners } of idmappedMounts(config))
          await mountSource(mount, place, owners);
      },
      async unmount(id) {
        await unmountRootfs(mountPoint(id));
        await unmountHelpers(paths, id);
        await unmountCredentials(paths, id);
      },
      create(id) {
        mkdirSync(containerPaths(paths, id).root, { recursive: true, mode: 0o700 });
      },
      copySecrets: (id, copies) => copySecrets(paths, id, copies),
      secretCopy: (id, index) => secretCopy(paths, id, index),
      mountCredentials: (config, directory, files) =>
        mountCredentials(paths, config.id, { directory, files, context: contextsOf(config).others }),
      unmountCredentials: (id) => unmountCredentials(paths, id),
      delete: (id) => deleteContainerStorage(paths, id),
      readInRoot: (id, file) => readTextIn({ directory: mountPoint(id), mounts: new Map() }, file),
      writeInRoot: (id, file, text) =>
        writeFileSync(resolveInRoot(mountPoint(id), file).hostPath, text, { flag: 'r+' }),
      hasDirectory: (id, directory) => resolveInRoot(mountPoint(id), directory).type === 'directory',
      makeDirectory({ id, idMappings }, directory) {
        const { uid, gid } = hostOwner(idMappings, { uid: 0, gid: 0 });
        const { hostPath } = resolveInRoot(mountPoint(id), directory);
        const first = mkdirSync(hostPath, { recursive: true, mode: 0o755 });
        for (let made = hostPath; first !== undefined; made = path.dirname(made)) {
          chownSync(made, uid, gid);
          if (made === first) break;
        }
      },
      idmapped: (config) =>
        Object.fromEntries(idmappedMounts(config).map(({ mount, place }) => [mount.destination, place])),
      highestId: (layers) => highestId(paths, layers),
      changes: async (of) => (await import('../storage/diff.ts')).changesOf(paths, layersOf(of)),
      changesBetween: async (one, other) =>
        (await import('../storage/diff.ts')).changesBetween(paths, layersOf(one), layersOf(other)),
      sizes: (config) => containerSizes(paths, sourceOf(config), config.id),
    },
  };

  function idmappedMounts({ id, mounts, idMappings }: ContainerConfig) {
    return mounts.flatMap((mount, index) => {
      const { source, destination, options } = mount;
      const owners = source === undefined ? undefined : shownOwners(options, idMappings);
      // What a run mounts for itself is shown so there.
      if (source === undefined || owners === undefined || needsMountOfRun(mount)) return [];
      const place = path.join(containerPaths(paths, id).idmap, String(index));
      return [{ place, mount: { source, destination, recursive: !options.includes('bind') }, owners }];
    });
  }
}

/** Options of mount(8) that label what is mounted for a container: of its root, which is labelled whole, and of all else. */
function contextsOf(config: ContainerConfig): { root?: string; others?: string } {
  const mount = labelsInForce(config, isSelinuxEnabled)?.mount;
  if (mount === undefined) return {};
  return {
    root: contextOption(mount),
    others: contextOption(mount, { nested: config.security.labelNested === true }),
  };
}

function sourceOf({ image, rootfs, rootfsOption = '', idMappings }: ContainerConfig): RootfsSource {
  if (rootfs === undefined) return { layers: image?.layers ?? [] };
  return {
    directory: rootfs,
    overlay: rootfsOption === 'O',
    shown: shownOwners([rootfsOption], idMappings),
  };
}

/** Throws for a container that has none. */
function layersOf(of: Layered): LayeredFiles {
  if ('layers' in of) return of;
  if (of.rootfs !== undefined)
    throw new BerthError('invalid', `container ${of.name} has no layers to compare with: it has --rootfs`);
  return { id: of.id, layers: of.image?.layers ?? [], ids: shifting(of.idMappings) };
}
