/** A container in a list: the facts beside its record, and the orders that `ps --sort` knows. */
import type { PortMapping } from './network/network.ts';
import type { ContainerRecord } from './records.ts';
import { displayStatus } from './state.ts';

/** What is looked up only when it is shown. */
export interface ListedFacts {
  /** Inode numbers by the name in /proc/PID/ns: mnt, pid …; absent if there is no process. */
  namespaces: Record<string, string>;
  /** Bytes: what the container wrote, and that with its image's layers. */
  size: { rw: number; rootFs: number };
  /** systemd's NRestarts. */
  restarts: number;
}

export interface Listed extends Partial<ListedFacts> {
  record: ContainerRecord;
  /** Ports that lead to it: of the container whose network it uses. */
  published?: readonly PortMapping[];
}

export const SORT_KEYS = [
  ...(['command', 'created', 'id', 'image'] as const),
  ...(['names', 'runningfor', 'size', 'status'] as const),
];
export type SortKey = (typeof SORT_KEYS)[number];

/** In a new order; equal ones stay as they were. Podman's: never started is before all that was. */
export function sortListed(listed: readonly Listed[], by: SortKey): Listed[] {
  const key = KEYS[by];
  return listed.toSorted((a, b) => {
    const [first, second] = [key(a), key(b)];
    return first < second ? -1 : Number(first > second);
  });
}

const KEYS: Record<SortKey, (listed: Listed) => string | number> = {
  command: ({ record: { config } }) => [...config.entrypoint, ...config.command][0] ?? '',
  created: ({ record: { config } }) => config.createdAt,
  id: ({ record: { config } }) => config.id,
  image: ({ record: { config } }) => config.image?.name ?? '',
  names: ({ record: { config } }) => config.name,
  runningfor: ({ record: { state } }) => state.startedAt ?? '',
  size: ({ size }) => size?.rw ?? 0,
  status: ({ record: { state } }) => displayStatus(state.status),
};
