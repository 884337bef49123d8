/** What the store hands out: rows as values. */
import type { ContainerConfig } from './config.ts';
import type { HealthResult, HealthState } from './health/health.ts';
import type { ImageConfig } from './image/image.ts';
import type { ContainerState, ProcessRef } from './state.ts';

export interface ContainerRecord {
  config: ContainerConfig;
  state: ContainerState;
  /** Present while the container has a health check and has been started. */
  health?: HealthState;
}

/** A row that cannot be read; lists name it instead of failing. */
export interface BrokenRecord {
  id: string;
  name: string;
  reason: string;
}

export interface ExitRecord {
  id: string;
  startNumber: number;
  /** -1 = unknown. */
  exitCode: number;
  oomKilled: boolean;
  finishedAt: string;
}

/** A command that `exec` runs in a container. */
export interface ExecSession {
  /** 64 hex digits. */
  id: string;
  containerId: string;
  /** The session lives as long as this process: the exec command itself, or the conmon that holds it. */
  owner: ProcessRef;
}

export interface ImageRecord {
  /** sha256 hex of the config blob. */
  id: string;
  /** The newest first. */
  names: string[];
  /** The names that it has or ever had, the newest first; absent in a record that is about to be saved. */
  pastNames?: string[];
  /** Diff ids (hex), lowest first, with unpacked sizes. */
  layers: { diffId: string; sizeBytes: number }[];
  config: ImageConfig;
  /** sha256 hex of its manifest, where one is known. */
  digest?: string;
  /** sha256 hex of the list of manifests (for several platforms) by which it was pulled last. */
  listDigest?: string;
  /** When it came into this store, ISO 8601. */
  importedAt: string;
}

export interface HealthRecord extends HealthState {
  log: HealthResult[];
}
