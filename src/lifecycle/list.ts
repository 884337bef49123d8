/** What `ps` shows: every container as it really is now. Takes no lock and writes nothing. */
import type { FilterContext } from '../model/container-filter.ts';
import { BerthError } from '../model/errors.ts';
import type { Listed, ListedFacts } from '../model/listed.ts';
import type { BrokenRecord, ContainerRecord } from '../model/records.ts';
import { restartCount } from './inspect.ts';
import { networkOwner } from './joined-namespaces.ts';
import { findNetwork } from './network/find.ts';
import { current } from './observe.ts';
import type { Ports } from './ports.ts';

type ListPorts = Pick<Ports, 'host' | 'store' | 'runtime' | 'now'>;

/** All containers with their state reconciled, in order of creation; unreadable ones apart. */
export function listContainers(ports: ListPorts): {
  containers: ContainerRecord[];
  broken: BrokenRecord[];
} {
  const { containers, broken } = ports.store.listContainers();
  return {
    containers: containers.map((record) => ({ ...record, state: current(record, ports).state })),
    broken,
  };
}

/** What the filters of a list ask for. */
export function filterContext(ports: Pick<Ports, 'store' | 'networkFiles' | 'now'>): FilterContext {
  return {
    now: Date.parse(ports.now()),
    find: (nameOrId) => ports.store.findContainer(nameOrId),
    network: (nameOrId) => {
      try {
        return findNetwork(ports, nameOrId).name;
      } catch (error) {
        if (error instanceof BerthError && error.code === 'no-such-network') return undefined;
        throw error;
      }
    },
  };
}

/** Adds the facts that cost more than a look: asked for only where they are shown. */
export async function listDetails(
  ports: Pick<Ports, 'host' | 'rootfs' | 'store' | 'systemd'>,
  containers: readonly ContainerRecord[],
  wanted: ReadonlySet<keyof ListedFacts>,
): Promise<Listed[]> {
  return Promise.all(
    containers.map(async (record): Promise<Listed> => {
      const pid = record.state.payload?.pid;
      const { ports: published } = networkOwner(ports.store, record.config);
      return {
        record,
        ...(published === undefined ? {} : { published }),
        ...(wanted.has('namespaces') && pid !== undefined ? { namespaces: ports.host.namespaces(pid) } : {}),
        ...(wanted.has('size') ? { size: ports.rootfs.sizes(record.config) } : {}),
        ...(wanted.has('restarts') ? { restarts: await restartCount(ports, record) } : {}),
      };
    }),
  );
}
