/**
 * Whose namespaces a container uses, and which other containers it therefore depends on. Pure.
 * The modes are Podman's, as `inspect` shows them: podman-create(1), --pid, --ipc, --uts, --cgroupns, --network.
 */
import type { ContainerConfig } from './config.ts';
import { BerthError } from './errors.ts';

/** Another container's (by ID), or one that a path names. */
export type JoinedNamespace = `container:${string}` | `ns:${string}`;
export type NamespaceMode = 'private' | 'host' | JoinedNamespace;
/** shareable: /dev/shm is mounted on the host, so that others can join. none: no /dev/shm at all. */
export type IpcMode = NamespaceMode | 'shareable' | 'none';
/** auto: IDs that no other container has. The IDs themselves are the config's `idMappings`. */
export type UserMode = NamespaceMode | 'auto';

/** Absent ones are private, an absent user namespace is the host's. */
export interface NamespaceConfig {
  pid?: NamespaceMode;
  ipc?: IpcMode;
  uts?: NamespaceMode;
  cgroup?: NamespaceMode;
  user?: UserMode;
}

/** The kernel's names of the namespaces that can be joined: /proc/PID/ns/NAME. */
export const KERNEL_NAMES = {
  network: 'net',
  pid: 'pid',
  ipc: 'ipc',
  uts: 'uts',
  cgroup: 'cgroup',
  user: 'user',
} as const;
export type NamespaceName = keyof typeof KERNEL_NAMES;

/**
 * How a container hangs on another one.
 * namespace: it lives in that one's namespaces, so it stops and restarts with it.
 * requires: that one must run before it starts; afterwards each goes its own way.
 */
export type DependencyKind = 'namespace' | 'requires';

export interface Dependency {
  /** ID of the container that is needed. */
  id: string;
  kind: DependencyKind;
}

/** `host`, `container:NAME`, `ns:PATH`, … as typed; `special` are the words that only this flag knows. */
export function parseNamespaceMode<Special extends string = never>(
  text: string,
  special: readonly Special[] = [],
): NamespaceMode | Special {
  const own = special.find((word) => word === text);
  if (own !== undefined) return own;
  if (text === '' || text === 'private') return 'private';
  if (text === 'host') return 'host';
  const joined = parseJoined(text);
  if (joined !== undefined) return joined;
  throw new BerthError('invalid', `unrecognized namespace mode ${text} passed`);
}

/** `container:NAME` or `ns:PATH`; undefined for anything else. */
export function parseJoined(text: string): JoinedNamespace | undefined {
  const [, kind, value] = /^(container|ns):(.*)$/s.exec(text) ?? [];
  if (kind === undefined) return undefined;
  if (value === '') {
    const word = kind === 'ns' ? 'path' : kind;
    throw new BerthError('invalid', `invalid config provided: namespace mode ${word} requires a value`);
  }
  return text as JoinedNamespace;
}

/** What follows `container:`, if the mode is that. */
export function containerOf(mode: string | undefined): string | undefined {
  return mode?.startsWith('container:') === true ? mode.slice('container:'.length) : undefined;
}

/** What follows `ns:`, if the mode is that. */
export function pathOf(mode: string | undefined): string | undefined {
  return mode?.startsWith('ns:') === true ? mode.slice('ns:'.length) : undefined;
}

type Joining = Pick<ContainerConfig, 'network' | 'namespaces' | 'requires'>;

/** What a container has that names no mode of a namespace. */
export const DEFAULT_MODES = {
  pid: 'private',
  ipc: 'private',
  uts: 'private',
  cgroup: 'private',
  user: 'host',
} as const satisfies Record<keyof NamespaceConfig, string>;

/** The mode of each namespace that can be joined. */
export function namespaceModes({
  network,
  namespaces = {},
}: Pick<Joining, 'network' | 'namespaces'>): Record<NamespaceName, string> {
  return { network, ...DEFAULT_MODES, ...namespaces };
}

/** The containers that must run while this one starts, each once, in the order in which they were named. */
export function dependenciesOf(config: Joining): Dependency[] {
  const joined = Object.values(namespaceModes(config)).flatMap((mode) => containerOf(mode) ?? []);
  const kinds = new Map<string, DependencyKind>((config.requires ?? []).map((id) => [id, 'requires']));
  for (const id of joined) kinds.set(id, 'namespace');
  return [...kinds].map(([id, kind]) => ({ id, kind }));
}
