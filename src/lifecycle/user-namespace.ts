/** create and start: the IDs of a container's user namespace. */
import type { ContainerConfig } from '../model/config.ts';
import type { CreateRequest } from '../model/create-config.ts';
import { BerthError } from '../model/errors.ts';
import { containerOf, pathOf } from '../model/namespace.ts';
import type { ImageRecord } from '../model/records.ts';
import type { IdMappings } from '../model/user-namespace/id-map.ts';
import type { SubIds } from '../model/user-namespace/id-map-flags.ts';
import {
  type AutoRequest,
  autoMappings,
  autoSize,
  ownMappings,
} from '../model/user-namespace/user-namespace.ts';
import type { Ports, Store } from './ports.ts';

type IdPorts = Pick<Ports, 'host' | 'store' | 'rootfs'>;

/**
 * The mappings of a new container; undefined for the host's IDs. Names of containers in the request are resolved.
 * Those of `auto` are provisional: another create may take them.
 * @throws BerthError `invalid` for what cannot be mapped
 */
export function idMappingsFor(
  ports: IdPorts,
  request: Pick<CreateRequest, 'userNamespace' | 'namespaces' | 'user'>,
  image: ImageRecord | undefined,
): IdMappings | undefined {
  const { userNamespace: asked, namespaces } = request;
  if (asked === undefined) return undefined;
  if ('joined' in asked) return joinedMappings(ports, namespaces?.user ?? 'host');
  if (!('auto' in asked)) return ownMappings(asked, subIds(ports));
  const size = autoSize(asked.auto.size, {
    highestId:
      asked.auto.size === undefined && image !== undefined
        ? ports.rootfs.highestId(image.layers.map(({ diffId }) => diffId))
        : -1,
    user: request.user || image?.config.user || '',
  });
  return autoMappings(asked.auto, size, { subIds: subIds(ports), used: usedIds(ports.store) });
}

/** For the transaction that inserts the row: with `auto`, mappings that are free now, of the same size. */
export function withUnusedIds(
  ports: IdPorts,
  config: ContainerConfig,
  { userNamespace: asked }: Pick<CreateRequest, 'userNamespace'>,
): ContainerConfig {
  if (asked === undefined || !('auto' in asked) || config.idMappings === undefined) return config;
  const size = sizeOf(config.idMappings, asked.auto);
  const facts = { subIds: subIds(ports), used: usedIds(ports.store) };
  return { ...config, idMappings: autoMappings(asked.auto, size, facts) };
}

/** For a start: throws 'state' if the namespace that is joined by its path is another one than at the create. */
export function assertSameNamespace(
  { host }: Pick<Ports, 'host'>,
  { namespaces, idMappings, name }: ContainerConfig,
): void {
  const path = pathOf(namespaces?.user);
  if (path === undefined) return;
  if (JSON.stringify(host.idMappingsOf(path)) === JSON.stringify(idMappings)) return;
  throw new BerthError(
    'state',
    `the user namespace ${path} is gone or has other IDs than when container ${name} was created: create it anew`,
  );
}

function joinedMappings({ host, store }: IdPorts, mode: string): IdMappings | undefined {
  const owner = containerOf(mode);
  if (owner !== undefined) return store.getContainer(owner)?.config.idMappings;
  const path = pathOf(mode) ?? '';
  const ids = host.idMappingsOf(path);
  if (ids !== undefined) return ids;
  throw new BerthError(
    'invalid',
    `cannot join the user namespace ${path}: it is none, or the host's: use --userns host for that`,
  );
}

/** What the requested ranges leave of `auto`'s, from 0 on. */
function sizeOf(ids: IdMappings, requested: AutoRequest): number {
  const isRequested = (container: number): boolean =>
    [...requested.uids, ...requested.gids].some((range) => range.container === container);
  const ends = [...ids.uids, ...ids.gids].map(({ container, size }) =>
    isRequested(container) ? 0 : container + size,
  );
  return Math.max(0, ...ends);
}

function usedIds(store: Store): IdMappings[] {
  return store.listContainers().containers.flatMap(({ config }) => config.idMappings ?? []);
}

function subIds({ host }: Pick<Ports, 'host'>): SubIds {
  return { uids: host.readText('/etc/subuid') ?? '', gids: host.readText('/etc/subgid') ?? '' };
}
