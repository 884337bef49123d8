/** Where images and root file systems lie, derived from one state directory (`/var/lib/berth`). */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

export interface StoragePaths {
  /** The state directory; only root may enter it. */
  root: string;
  /** Finished layers: `layers/<diff id>/{diff/,layer.json}`. */
  layers: string;
  /** Where imports work: the same file system as `layers`, so that publishing is one rename. */
  staging: string;
  containers: string;
}

export interface ContainerPaths {
  /** `containers/<id>`: everything of this container that outlives a boot. */
  root: string;
  /** What the container wrote. */
  upper: string;
  /** overlayfs' own. */
  work: string;
  /** Short symlinks to the layers (see rootfs.ts). */
  lower: string;
  /** Mount point of the layers with other owners, while the overlay is being mounted; or copies of them. */
  mapped: string;
  shifted: string;
  /** Mount points of bind mounts' sources with other owners. */
  idmap: string;
  /** Mount point of a /dev/shm that others may share. */
  shm: string;
}

export function storagePaths(stateDirectory: string): StoragePaths {
  const layers = join(stateDirectory, 'layers');
  return {
    root: stateDirectory,
    layers,
    staging: join(layers, 'tmp'),
    containers: join(stateDirectory, 'containers'),
  };
}

/** Makes the directories where they are missing, closed to everyone but root. */
export function ensureStorage(paths: StoragePaths): void {
  for (const directory of [paths.root, paths.layers, paths.staging, paths.containers]) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }
}

/** @param diffId 64 hex digits. */
export function layerDirectory(paths: StoragePaths, diffId: string): string {
  return join(paths.layers, diffId);
}

export function containerPaths(paths: StoragePaths, id: string): ContainerPaths {
  const root = join(paths.containers, id);
  return {
    root,
    upper: join(root, 'upper'),
    work: join(root, 'work'),
    lower: join(root, 'lower'),
    mapped: join(root, 'mapped'),
    shifted: join(root, 'shifted'),
    idmap: join(root, 'idmap'),
    shm: join(root, 'shm'),
  };
}
