/** Containers that need each other: what a start must find running, and what a removal must not pull away. */

import type { ContainerConfig } from '../model/config.ts';
import { leavesFirst } from '../model/dependency-graph.ts';
import { BerthError } from '../model/errors.ts';
import { dependenciesOf } from '../model/namespace.ts';
import { current } from './observe.ts';
import type { Ports, Store } from './ports.ts';

type DependencyPorts = Pick<Ports, 'host' | 'store' | 'runtime' | 'now'>;

/** Throws 'state', in Podman's words, naming all that this container needs and that does not run. */
export function assertDependenciesRun(ports: DependencyPorts, config: ContainerConfig): void {
  const missing = dependenciesOf(config)
    .map(({ id }) => id)
    .filter((id) => {
      const container = ports.store.getContainer(id);
      return container === undefined || current(container, ports).state.status !== 'running';
    });
  if (missing.length === 0) return;
  throw new BerthError(
    'state',
    `some dependencies of container ${config.id} are not started: ${missing.join(',')}: container state improper`,
  );
}

/** Throws 'state', in Podman's words, if another container needs this one. */
export function assertNoDependents(store: Store, id: string): void {
  const dependents = store.dependentsOf(id);
  if (dependents.length === 0) return;
  const ids = dependents.map((dependent) => dependent.id).join(', ');
  throw new BerthError(
    'state',
    `container ${id} has dependent containers which must be removed before it: ${ids}: container already exists`,
  );
}

/**
 * Running containers that joined namespaces of this one's run before: systemd restarts them with this one where it
 * restarts this one, but not when this one had ended by itself and a person starts it again.
 */
export function inOldNamespaces(ports: DependencyPorts, id: string): ContainerConfig[] {
  return ports.store.dependentsOf(id).flatMap((dependent) => {
    const container = dependent.kind === 'namespace' ? ports.store.getContainer(dependent.id) : undefined;
    if (container === undefined) return [];
    const { status } = current(container, ports).state;
    return status === 'running' || status === 'paused' ? [container.config] : [];
  });
}

/** IDs of the containers and of all that need them, each once, dependents before what they need. */
export function removalOrder(store: Store, ids: readonly string[]): string[] {
  const dependents = (id: string): string[] => store.dependentsOf(id).map((dependent) => dependent.id);
  return [...new Set(ids.flatMap((id) => leavesFirst(id, dependents)))];
}
