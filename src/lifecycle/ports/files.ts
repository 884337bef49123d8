/** The ports to files: containers' roots, and trees that are worked in. A part of ports.ts, which hands them on. */
import type { ContainerConfig } from '../../model/config.ts';
import type { SecretFile, SecretRecord } from '../../model/secret.ts';
import type { IdMappings } from '../../model/user-namespace/id-map.ts';
import type { VolumeConfig } from '../../model/volume/volume.ts';

/** Added, changed or deleted, by its absolute path in the container. */
export interface Change {
  kind: 'A' | 'C' | 'D';
  path: string;
}

/** A container by its config, or an image by its layers (diff ids, lowest first). */
export type Layered = ContainerConfig | { layers: readonly string[] };

/** Root file systems of containers. */
export interface Rootfs {
  /** Where the container's root is, or will be, mounted. */
  mountPoint(id: string): string;
  /** The tmpfs that a container made with `--ipc shareable` has as /dev/shm; mounted and unmounted with its root. */
  shm(id: string): string;
  isMounted(id: string): boolean;
  /** Where a container's overlay writes. */
  writable(id: string): { upper: string; work: string };
  /** Where layers (diff ids) are unpacked. */
  layerDirectories(layers: readonly string[]): string[];
  mount(config: ContainerConfig): Promise<void>;
  /** Not mounted is success. */
  unmount(id: string): Promise<void>;
  /** The container's own directory, with its writable layer. */
  create(id: string): void;
  /** Into the container's own directory, on the disk when it returns: the first becomes secretCopy(id, 0). */
  copySecrets(id: string, copies: readonly (SecretFile & { content: Uint8Array })[]): void;
  secretCopy(id: string, index: number): string;
  /** Copies credentials out of a directory into memory that is never swapped out, and says where each is. */
  mountCredentials(
    config: ContainerConfig,
    directory: string,
    files: readonly SecretFile[],
  ): Promise<string[]>;
  /** What containers have mounted of them stays with those. Not mounted is success. */
  unmountCredentials(id: string): Promise<void>;
  delete(id: string): Promise<void>;
  /** A file of the mounted root, found without following links out of it; undefined if there is none. */
  readInRoot(id: string, file: string): string | undefined;
  /** The same file gets another text; its owner and mode stay. */
  writeInRoot(id: string, file: string, text: string): void;
  /** Is there a directory of that name in the mounted root? */
  hasDirectory(id: string, directory: string): boolean;
  /** Makes a directory with its parents in the mounted root, owned by the container's root, mode 0755. */
  makeDirectory(config: ContainerConfig, directory: string): void;
  /** Where the sources of bind mounts with the option `idmap` are mounted with other owners, by their destinations. */
  idmapped(config: ContainerConfig): Record<string, string>;
  /** The highest user or group ID of the layers' files and of their /etc/passwd and /etc/group; -1 if they have none. */
  highestId(layers: readonly string[]): number;
  /** Bytes: what the container wrote, and that with its image's layers (Podman's SizeRw and SizeRootFs). */
  sizes(config: ContainerConfig): { rw: number; rootFs: number };
  /** What a container has changed of its image, or an image's topmost layer of those below. */
  changes(of: Layered): Promise<Change[]>;
  /** What makes the first of the second. */
  changesBetween(one: Layered, other: Layered): Promise<Change[]>;
}

/** The instance's secrets, each a file that is written whole or not at all. Writers are in a transaction of the store's. */
export interface Secrets {
  /** By name, in code point order. */
  list(): SecretRecord[];
  byName(name: string): SecretRecord | undefined;
  /** Undefined if there is none of that name (any more). */
  content(name: string): Uint8Array | undefined;
  /** In the place of an older one of that name; on the disk when it returns. */
  save(secret: SecretRecord, content: Uint8Array): void;
  remove(name: string): void;
}

/** Named blobs kept with one container. Adding replaces; what is not there is BerthError('invalid'). */
export interface Artifacts {
  add(name: string, content: AsyncIterable<Uint8Array>): Promise<void>;
  get(name: string): AsyncIterable<Uint8Array>;
  list(): string[];
  remove(name: string): void;
}

/** What a path in a tree leads to, links followed. */
export interface TreeEntry {
  /** Absolute in the tree, without links. */
  path: string;
  type: 'directory' | 'file' | 'fifo' | 'other' | 'missing';
  /** `device:inode`; '' if it is missing. */
  inode: string;
}

/** A file tree that no path in it leaves, whoever changes it meanwhile. */
export interface Tree {
  /** Undefined if even the directory is missing in which it would be. */
  find(path: string): TreeEntry | undefined;
  /** The tar of a file or directory under that name; without one, of what is in the directory. */
  pack(
    path: string,
    options: { name?: string; devices: boolean; exactTimes: boolean; notInto?: string },
  ): AsyncIterable<Uint8Array>;
  /** Unpacks a tar, compressed or not, into a directory; see storage/tree-unpack.ts for the errors. */
  unpack(
    path: string,
    options: {
      tar: AsyncIterable<Uint8Array>;
      owner?: { uid: number; gid: number };
      overwrite: boolean;
      mayBeEmpty?: boolean;
    },
  ): Promise<void>;
  readText(path: string): string | undefined;
  close(): void;
}

/** What a run needs mounted beside its root; see storage/run-mounts.ts. */
export interface RunMount {
  image?: { layers: readonly string[] };
  directory?: string;
  subpath?: string;
  overlay?: { upperdir?: string; workdir?: string };
  shown?: { ids: IdMappings; destination: string; recursive: boolean };
  context?: string | undefined;
}

/** A directory in a container's mounted root, and with which owners the container has the volume that lies over it. */
interface VolumeOrigin {
  id: string;
  directory: string;
  shown?: IdMappings | undefined;
}

/** Volumes on disk. What is mounted, made or copied may have been begun by a caller that was killed. */
export interface Volumes {
  /** Where the data lie. */
  path(name: string): string;
  /** Makes the directory, unless it is there. */
  make(config: VolumeConfig): void;
  isMounted(name: string): boolean;
  mount(config: VolumeConfig): Promise<void>;
  /** Not mounted is success. */
  unmount(name: string): Promise<void>;
  isEmpty(name: string): boolean;
  /** What is in a directory of the container's mounted root, into an empty volume; false if there is nothing to do. */
  copyUp(config: VolumeConfig, from: VolumeOrigin): Promise<boolean>;
  /** Somebody who copied was killed after the copy was whole. */
  isCopyingUp(name: string): boolean;
  /** Once it is recorded that it was done. */
  finishCopyUp(name: string): Promise<void>;
  /** Owner and mode of that directory; false if there is none: then it is the user's. */
  adoptOwner(name: string, from: VolumeOrigin & { user: { uid: number; gid: number } }): boolean;
  chownTree(directory: string, owner: { uid: number; gid: number }): void;
  /** Gives a file or a whole directory a label of SELinux's; see storage/relabel.ts. */
  relabel(file: string, label: string, stillAtIt: () => Promise<void>): Promise<void>;
  /** Takes the directory away at once; what is returned brings it back. */
  putAside(name: string): () => void;
  /** Removes what was put aside. */
  sweep(): Promise<void>;
  /** Bytes. */
  size(name: string): number;

  /** Where the runtime finds mount number `index` of a run. */
  runMountPoint(id: string, index: number): string;
  mountForRun(place: { id: string; index: number }, what: RunMount): Promise<void>;
  /** Unmounts and removes all of a run. */
  unmountRun(id: string): Promise<void>;
}
