/** network create, rm, prune, update and inspect: definitions, which Podman's tools share, and who is in them. */
import { BerthError, messageOf } from '../../model/errors.ts';
import type { EventFacts } from '../../model/event.ts';
import type { NetworkMember } from '../../model/inspect/network.ts';
import { idFromBytes } from '../../model/name.ts';
import { DEFAULT_NETWORK, type NetworkDefinition } from '../../model/network/network.ts';
import {
  type NetworkCreateRequest,
  networkDefinition,
  networkNameInUse,
  withDnsServers,
} from '../../model/network/request.ts';
import type { ContainerRecord } from '../../model/records.ts';
import type { CleanupPorts } from '../cleanup.ts';
import { removalOrder } from '../dependencies.ts';
import type { Ports, Store } from '../ports.ts';
import { reloadOnce } from '../reload-once.ts';
import { beginForcedRemovals, removeContainer } from '../remove.ts';
import { findNetwork, noSuchNetwork } from './find.ts';
import { withNetworkLock } from './lock.ts';
import { networkRecord } from './record.ts';

type NetworkPorts = Pick<Ports, 'store' | 'networkFiles' | 'now'>;

/**
 * Makes a network and returns its name. One of that name is an error, unless `ignore` says that it is as good. Two that are
 * made at once, be it by Podman, get different names and subnets.
 */
export async function createNetwork(
  ports: NetworkPorts & Pick<Ports, 'randomBytes' | 'locks'>,
  request: NetworkCreateRequest,
  { ignore }: { ignore: boolean },
): Promise<string> {
  const { store, networkFiles } = ports;
  if (ignore && request.name && networkFiles.get(request.name) !== undefined) return request.name;
  return withNetworkLock(ports, () => store.transaction(() => addNetwork(ports, request)).name);
}

function addNetwork(
  ports: NetworkPorts & Pick<Ports, 'randomBytes'>,
  request: NetworkCreateRequest,
): NetworkDefinition {
  const { store, networkFiles, now, randomBytes } = ports;
  const networks = networkFiles.list();
  const definition = networkDefinition(request, {
    networks,
    hostSubnets: networkFiles.hostSubnets(),
    hostInterfaces: networkFiles.hostInterfaces(),
    id: idFromBytes(randomBytes(32)),
    // As Go writes it, whose JSON of the same network is then the same.
    created: now().replace(/\.?0*Z$/, 'Z'),
    randomBytes,
  });
  if (!networkFiles.add(definition)) throw networkNameInUse(definition.name);
  try {
    appendNetworkEvent(store, definition, { status: 'create' }, definition.created);
  } catch (error) {
    networkFiles.remove(definition.name);
    throw error;
  }
  return definition;
}

/** The containers that name each network, oldest first. */
export function networkUsers({
  store,
}: {
  store: Pick<Store, 'listContainers'>;
}): Map<string, ContainerRecord[]> {
  const users = new Map<string, ContainerRecord[]>();
  for (const container of store.listContainers().containers)
    for (const { network } of container.config.networks ?? [])
      users.set(network, [...(users.get(network) ?? []), container]);
  return users;
}

/** The containers that are in a network now. */
export function networkMembers(
  ports: Pick<Ports, 'store' | 'host' | 'runtime'>,
  { name }: NetworkDefinition,
): NetworkMember[] {
  return (networkUsers(ports).get(name) ?? []).flatMap(({ config }) => {
    const status = networkRecord(ports, config.id)?.status?.[name];
    return status === undefined ? [] : [{ id: config.id, name: config.name, status }];
  });
}

export interface RemoveNetworkOptions {
  /** Removes the containers that name it first, stopping them. */
  force: boolean;
  timeoutSeconds?: number | undefined;
}

/**
 * Removes a network. One that containers name needs `force`; the error without it has exit code 2. The default network
 * stays, and the containers in it, too.
 */
export async function removeNetwork(
  ports: CleanupPorts & Pick<Ports, 'networkFiles'>,
  network: NetworkDefinition,
  { force, timeoutSeconds }: RemoveNetworkOptions,
): Promise<void> {
  if (network.name === DEFAULT_NETWORK)
    throw new BerthError('invalid', `default network ${DEFAULT_NETWORK} cannot be removed`);
  if (force) await removeUsers(ports, network, timeoutSeconds);
  dropNetwork(ports, network);
}

async function removeUsers(
  ports: CleanupPorts,
  { name }: NetworkDefinition,
  timeoutSeconds: number | undefined,
): Promise<void> {
  const users = new Map((networkUsers(ports).get(name) ?? []).map((user) => [user.config.id, user]));
  // Those that need another one go before it.
  const ordered = removalOrder(ports.store, [...users.keys()]).flatMap((id) => users.get(id) ?? []);
  const stops = await beginForcedRemovals(ports, ordered, timeoutSeconds);
  await reloadOnce(ports, ordered.length, async (how) => {
    for (const container of ordered)
      await removeContainer(ports, container, { force: true, ...stops, ...how });
  });
}

function dropNetwork({ store, networkFiles, now }: NetworkPorts, network: NetworkDefinition): void {
  store.transaction(() => {
    if (networkUsers({ store }).has(network.name))
      throw new BerthError(
        'state',
        `${JSON.stringify(network.name)} has associated containers with it. Use -f to forcibly delete containers and pods: network is being used`,
        { exitCode: 2 },
      );
    // Of that name there may be another one by now.
    if (networkFiles.get(network.name)?.id !== network.id) throw noSuchNetwork(network.name);
    networkFiles.remove(network.name);
    appendNetworkEvent(store, network, { status: 'remove' }, now());
  });
}

export interface PrunedNetwork {
  name: string;
  /** Why it could not be removed. */
  error?: unknown;
}

/**
 * Removes the networks that no container of Berth's names, among those that pass; never the default one. Where a bridge
 * is there, containers are in it, though they are none of Berth's.
 */
export function pruneNetworks(
  ports: NetworkPorts,
  passes: (network: NetworkDefinition) => boolean,
): PrunedNetwork[] {
  const { networkFiles } = ports;
  const users = networkUsers(ports);
  const interfaces = networkFiles.hostInterfaces();
  const isInUse = ({ name, driver, network_interface = '' }: NetworkDefinition): boolean =>
    users.has(name) || (driver === 'bridge' && interfaces.includes(network_interface));
  return networkFiles
    .list()
    .filter((network) => network.name !== DEFAULT_NETWORK && !isInUse(network) && passes(network))
    .map((network) => {
      try {
        dropNetwork(ports, network);
        return { name: network.name };
      } catch (error) {
        return { name: network.name, error };
      }
    });
}

/** Changes the name servers that its own one asks, at once for the containers that run in it. */
export async function updateNetwork(
  ports: Pick<Ports, 'store' | 'networkFiles' | 'networkDriver' | 'locks'>,
  nameOrId: string,
  servers: { add: readonly string[]; drop: readonly string[] },
): Promise<void> {
  const { store, networkFiles } = ports;
  await withNetworkLock(ports, async () => {
    const network = store.transaction(() => {
      const changed = withDnsServers(findNetwork(ports, nameOrId), servers);
      networkFiles.replace(changed);
      return changed;
    });
    const { name, dns_enabled, network_interface = '', network_dns_servers = [] } = network;
    // Without its bridge nobody is in it.
    if (!dns_enabled || !networkFiles.hostInterfaces().includes(network_interface)) return;
    // 126 is for those who wanted to run something.
    await (await ports.networkDriver()).updateServers(name, network_dns_servers).catch((error: unknown) => {
      throw new BerthError('network', messageOf(error), { cause: error });
    });
  });
}

/** One event of a network; inside a transaction of the caller's. */
function appendNetworkEvent(
  store: Pick<Store, 'appendEvent'>,
  { id, name, driver }: NetworkDefinition,
  facts: EventFacts,
  time: string,
): void {
  store.appendEvent({ ...facts, type: 'network', id, name, image: '', attributes: { driver }, time });
}
