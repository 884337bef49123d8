/** create: the other containers that a command line names, found and turned into IDs. */
import type { CreateRequest } from '../model/create-config.ts';
import { findPath } from '../model/dependency-graph.ts';
import { BerthError, messageOf } from '../model/errors.ts';
import {
  containerOf,
  DEFAULT_MODES,
  dependenciesOf,
  type IpcMode,
  KERNEL_NAMES,
  type NamespaceConfig,
  type NamespaceName,
  namespaceModes,
  pathOf,
} from '../model/namespace.ts';
import type { ContainerRecord } from '../model/records.ts';
import type { Ports, Store } from './ports.ts';

export type Needs = Pick<CreateRequest, 'network' | 'namespaces' | 'requires'>;

type DependencyPorts = Pick<Ports, 'host' | 'store'>;

/** How Podman names the namespaces in its error for a path that is not there. */
const PATH_WORDS: Record<NamespaceName, string> = {
  network: 'network',
  pid: 'PID',
  ipc: 'IPC',
  uts: 'UTS',
  cgroup: 'cgroup',
  user: 'user',
};

/**
 * The request with IDs in the place of names. Throws 'no-such-container' or 'invalid' in Podman's words when a container
 * or path is not there, cannot be joined, or needs (through others) the very container that `replace` would remove.
 */
export function resolveDependencies(ports: DependencyPorts, request: CreateRequest): Needs {
  const { store } = ports;
  const modes = Object.entries(namespaceModes(request)).map(
    ([name, mode]) => [name, resolveMode(ports, name as NamespaceName, mode)] as const,
  );
  const { network, ...namespaces } = Object.fromEntries(modes) as Record<NamespaceName, string>;
  const own = Object.fromEntries(
    Object.entries(namespaces).filter(
      ([name, mode]) => mode !== DEFAULT_MODES[name as keyof NamespaceConfig],
    ),
  );
  const requires = (request.requires ?? []).map((name) => findDependency(store, name));
  const needs: Needs = {
    network: network as Needs['network'],
    ...(Object.keys(own).length === 0 ? {} : { namespaces: own as NamespaceConfig }),
    ...(requires.length === 0 ? {} : { requires: [...new Set(requires)] }),
  };
  refuseCycle(store, request, needs);
  return needs;
}

/** For the transaction that inserts the row: what was found a moment ago may be going. */
export function assertDependenciesStay(store: Store, needs: Needs): void {
  for (const { id } of dependenciesOf(needs)) {
    const container = store.getContainer(id);
    if (container !== undefined && container.state.status !== 'removing') continue;
    throw new BerthError('no-such-container', `container ${id} is being removed: no such container`);
  }
}

/** The host name that comes with a UTS namespace of another container. */
export function joinedHostname(store: Store, { namespaces }: Needs): string | undefined {
  const id = containerOf(namespaces?.uts);
  return id === undefined ? undefined : store.getContainer(id)?.config.hostname;
}

function resolveMode({ host, store }: DependencyPorts, name: NamespaceName, mode: string): string {
  const path = pathOf(mode);
  if (path !== undefined && !host.exists(path)) {
    throw new BerthError(
      'invalid',
      `cannot find specified ${PATH_WORDS[name]} namespace path: faccessat ${path}: no such file or directory`,
    );
  }
  const container = containerOf(mode);
  if (container === undefined) return mode;
  const owner = explained(`looking up container to share ${KERNEL_NAMES[name]} namespace with`, () =>
    store.findContainer(container),
  );
  if (name === 'ipc') assertShareable(owner);
  return `container:${owner.config.id}`;
}

/** Without a /dev/shm that the host sees there is only half a namespace to join. */
function assertShareable({ config }: ContainerRecord): void {
  const mode: IpcMode = config.namespaces?.ipc ?? 'private';
  if (mode !== 'private' && mode !== 'none') return;
  throw new BerthError(
    'invalid',
    `joining IPC of container ${config.id} is not allowed: non-shareable IPC (hint: use IpcMode:shareable for the donor container): create ${config.name} with --ipc shareable`,
  );
}

function findDependency(store: Store, name: string): string {
  return explained(`${JSON.stringify(name)} is not a valid container, cannot be used as a dependency`, () =>
    store.findContainer(name),
  ).config.id;
}

function explained<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    throw new BerthError(error.code, `${what}: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * A new container is needed by nobody yet, so only one that takes the place of another can close a circle: removing that
 * one, or starting the new one, would have no first step.
 */
function refuseCycle(store: Store, { name, replace }: CreateRequest, needs: Needs): void {
  const owner = replace && name !== undefined ? store.containerByName(name) : undefined;
  if (owner === undefined) return;
  const ids = dependenciesOf(needs).map(({ id }) => id);
  const path = findPath(ids, owner.config.id, (id) => store.needsOf(id));
  if (path === undefined) return;
  const names = path.map((id) => store.getContainer(id)?.config.name ?? id);
  throw new BerthError(
    'invalid',
    `container ${name} cannot depend on itself: ${[name, ...names].join(' needs ')}: leave one of these dependencies out`,
  );
}
