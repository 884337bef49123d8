/** start: the namespaces of other containers, found through their payloads as they run now. */
import type { ContainerConfig } from '../model/config.ts';
import { BerthError } from '../model/errors.ts';
import { containerOf, KERNEL_NAMES, type NamespaceName, namespaceModes, pathOf } from '../model/namespace.ts';
import type { ProcessRef } from '../model/state.ts';
import type { Ports, Store } from './ports.ts';

export interface JoinedNamespaces {
  /** For the OCI spec; absent where the container has a namespace of its own or the host's. */
  paths: Partial<Record<NamespaceName, string>>;
  /** Whose namespaces these are. */
  owners: ProcessRef[];
}

/** Where the namespaces are that this container joins. */
export function joinedNamespaces(store: Store, config: ContainerConfig): JoinedNamespaces {
  const joined: JoinedNamespaces = { paths: {}, owners: [] };
  for (const [name, mode] of Object.entries(namespaceModes(config)) as [NamespaceName, string][]) {
    // Whose user namespace is the host's has none to join: the kernel refuses to enter one's own again.
    if (name === 'user' && config.idMappings === undefined) continue;
    const path = pathOf(mode);
    if (path !== undefined) joined.paths[name] = path;
    const owner = containerOf(mode);
    const payload = owner === undefined ? undefined : store.getContainer(owner)?.state.payload;
    if (payload === undefined) continue;
    joined.paths[name] = `/proc/${payload.pid}/ns/${KERNEL_NAMES[name]}`;
    joined.owners.push(payload);
  }
  return joined;
}

/**
 * For after the runtime has opened those paths: owners that still live were behind their pids all the while. Throws
 * 'state' if one is gone.
 */
export function assertOwnersLive(
  { host, store }: Pick<Ports, 'host' | 'store'>,
  config: ContainerConfig,
): void {
  for (const owner of joinedNamespaces(store, config).owners) {
    if (host.isAlive(owner)) continue;
    throw new BerthError(
      'state',
      `a container whose namespaces ${config.name} uses ended while ${config.name} was being started`,
    );
  }
}

/** The container whose network this one uses in the end: itself, unless it joins another one's. */
export function networkOwner(store: Store, config: ContainerConfig): ContainerConfig {
  return endOfChain(store, config, ({ network }) => network);
}

/** The container that has the /dev/shm which this one mounts. */
export function shmOwner(store: Store, config: ContainerConfig): ContainerConfig {
  return endOfChain(store, config, ({ namespaces }) => namespaces?.ipc);
}

/** A container can join one that has joined another; the last one owns what all of them share. */
function endOfChain(
  store: Store,
  config: ContainerConfig,
  modeOf: (config: ContainerConfig) => string | undefined,
): ContainerConfig {
  const seen = new Set<string>();
  let owner = config;
  for (let next = containerOf(modeOf(owner)); next !== undefined && !seen.has(next); ) {
    seen.add(next);
    owner = store.getContainer(next)?.config ?? owner;
    next = containerOf(modeOf(owner));
  }
  return owner;
}
