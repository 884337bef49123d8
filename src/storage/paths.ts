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
  secrets: string;
  /** `volumes/<name>/{_data/,volume.json}` */
  volumes: string;
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
  /** The same of layers that another tool owns. */
  foreign: string;
  /** Mount points of bind mounts' sources with other owners. */
  idmap: string;
  /** Mount point of a /dev/shm that others may share. */
  shm: string;
  /** Copies of the secrets that it was created with: 0, 1 … */
  secrets: string;
  /** Mount point of its unit's credentials, while it is being started. */
  credentials: string;
  /** Of one run: its images, overlays and parts of volumes, `mounts/<number>/…` (see run-mounts.ts). */
  mounts: string;
}

export function storagePaths(stateDirectory: string): StoragePaths {
  const layers = join(stateDirectory, 'layers');
  return {
    root: stateDirectory,
    layers,
    staging: join(layers, 'tmp'),
    containers: join(stateDirectory, 'containers'),
    secrets: join(stateDirectory, 'secrets'),
    volumes: join(stateDirectory, 'volumes'),
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
    foreign: join(root, 'foreign'),
    idmap: join(root, 'idmap'),
    shm: join(root, 'shm'),
    secrets: join(root, 'secrets'),
    credentials: join(root, 'credentials'),
    mounts: join(root, 'mounts'),
  };
}
