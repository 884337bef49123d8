/** Locks that the kernel holds: gone with their holder; see ports.ts. */
import type { VolumeConfig } from '../../model/volume/volume.ts';

export interface HeldLock {
  release(): void;
}

export interface Locks {
  /** The lock of one container; waits for its holder, and says so after two seconds. */
  acquire(id: string): HeldLock;
  /** Removes the lock's files, by its holder, when the container is gone. */
  forget(id: string): void;
  /**
   * The lock of one volume, taken under that of a container or none, never under another volume's. Waits longer: whoever holds
   * it may be copying an image's files in.
   */
  acquireVolume(volume: VolumeKey): HeldLock;
  forgetVolume(volume: VolumeKey): void;
  /** Of all networks of the host, which Podman takes too; taken under that of a container or none. */
  acquireNetworks(): HeldLock;
}

/** A name may be given again: the time says which volume of that name it is. */
export type VolumeKey = Pick<VolumeConfig, 'name' | 'createdAt'>;
