/** Events: one per step of a container's life, written after it, in the same transaction as the state. */
import type { HealthResult } from './health/health.ts';

export type ContainerEventStatus =
  | 'create'
  | 'init'
  | 'start'
  | 'restart'
  | 'stop'
  | 'kill'
  | 'pause'
  | 'unpause'
  | 'attach'
  | 'died'
  | 'cleanup'
  | 'remove'
  | 'rename'
  | 'update'
  | 'refresh'
  | 'mount'
  | 'unmount'
  | 'health_status'
  | 'exec'
  | 'exec_died'
  | 'commit';

export type ImageEventStatus =
  | 'loadfromarchive'
  | 'pull'
  | 'tag'
  | 'untag'
  | 'remove'
  | 'save'
  | 'import'
  | 'mount'
  | 'unmount';

/** Of networks; create and remove are as a container's. */
export type NetworkEventStatus = 'create' | 'remove' | 'connect' | 'disconnect';

export interface EventFacts {
  status: ContainerEventStatus | ImageEventStatus | NetworkEventStatus | 'prune';
  exitCode?: number;
  oomKilled?: boolean;
  healthStatus?: string;
  healthFailingStreak?: number;
  /** The check that it tells of, where the container's log goes to the events. */
  healthLog?: HealthResult;
  /** Of a `died`: the grace in seconds that the payload let pass, after which it was killed. */
  graceExceeded?: number;
}

export interface EventRecord extends EventFacts {
  type: 'container' | 'image' | 'network' | 'system' | 'volume';
  /** Empty for a volume, which has none. */
  id: string;
  name: string;
  image: string;
  /** A container's labels, absent if it has none; a network's driver. */
  attributes?: Record<string, string>;
  /** ISO 8601 UTC. */
  time: string;
}
