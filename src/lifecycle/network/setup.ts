/** The network of a container's run: set up before its runtime, or behind it in a user namespace; torn down when it ends. */
import type { ContainerConfig } from '../../model/config.ts';
import { allErrors } from '../../model/errors.ts';
import { allocatesAddresses, chooseAddresses } from '../../model/network/ipam.ts';
import { type Membership, networkRequest } from '../../model/network/netavark-request.ts';
import type { NetworkAttachment, NetworkRequest } from '../../model/network/network.ts';
import type { NetworkDriver } from '../ports/network.ts';
import type { Ports } from '../ports.ts';
import { noSuchNetwork } from './find.ts';
import { assertNoSctpClash } from './hold-ports.ts';
import { foreignOwners, grantLeases, releaseLeases } from './leases.ts';
import { withNetworkLock } from './lock.ts';
import { networkRecord, removeNetworkRecord, writeNetworkRecord } from './record.ts';

export type NetworkPorts = Pick<
  Ports,
  'host' | 'store' | 'locks' | 'runtime' | 'networkFiles' | 'networkDriver' | 'warn'
>;

/**
 * Puts the container into its networks, in a new namespace or, given its payload's process, in that one's. What it takes is
 * written down before it is taken, for tearDownNetwork. Throws BerthError 'no-such-network', or 'network' with exit code 126.
 */
export async function setUpNetwork(
  ports: NetworkPorts,
  config: ContainerConfig,
  payload?: number,
): Promise<void> {
  const driver = await ports.networkDriver();
  const { id, networks = [] } = config;
  if (networks.length > 0) driver.assertInstalled();
  const take = () => claim(ports, driver, config);
  const request = networks.length === 0 ? take() : await withNetworkLock(ports, take);
  if (payload === undefined) await driver.makeNamespace(id);
  else await driver.keepNamespace(id, payload);
  const setUp = () => driver.setUp(driver.namespacePath(id), request);
  const status = networks.length === 0 ? {} : await withNetworkLock(ports, setUp);
  writeNetworkRecord(ports, id, { request, status });
}

/**
 * Addresses for a container in its networks, written down with what they are for. Both at once for whoever looks: an address is
 * another container's as long as that one's record is there, and the transaction keeps others from looking before it is.
 */
function claim(ports: NetworkPorts, driver: NetworkDriver, config: ContainerConfig): NetworkRequest {
  const { store } = ports;
  return store.transaction(() => {
    assertNoSctpClash(ports, config);
    store.releaseAddresses(config.id);
    const memberships = members(ports, driver, config, config.networks ?? []);
    const request = networkRequest(config, memberships);
    writeNetworkRecord(ports, config.id, { request });
    grantLeases(ports, driver, config, memberships);
    return request;
  });
}

/** Chooses and takes the addresses in these networks; inside the caller's transaction, and with the lock of networks. */
export function members(
  ports: NetworkPorts,
  driver: NetworkDriver,
  { id }: Pick<ContainerConfig, 'id'>,
  attachments: readonly NetworkAttachment[],
): Membership[] {
  const { store, networkFiles } = ports;
  return attachments.map((attachment) => {
    const definition = networkFiles.get(attachment.network);
    if (definition === undefined) throw noSuchNetwork(attachment.network, 126);
    if (!allocatesAddresses(definition)) return { attachment, definition, addresses: attachment.ips ?? [] };
    const owners = new Map(store.addressesIn(definition.name).map((row) => [row.address, row.containerId]));
    const isOwned = (owner: string | undefined): boolean =>
      owner !== undefined && owner !== id && networkRecord(ports, owner) !== undefined;
    const others = foreignOwners(ports, driver, definition.name);
    const addresses = chooseAddresses(definition, attachment, {
      containerId: id,
      ownerOf: (address) => (isOwned(owners.get(address)) ? owners.get(address) : others(address)),
    });
    for (const address of addresses)
      store.takeAddress({ network: definition.name, address, containerId: id });
    return { attachment, definition, addresses };
  });
}

/** Undoes what a run, or a half of a setup, has of networks. Each part is tried, whatever became of those before it. */
export async function tearDownNetwork(ports: NetworkPorts, id: string): Promise<void> {
  const record = networkRecord(ports, id);
  if (record === undefined) return;
  const driver = await ports.networkDriver();
  const isInNetworks = Object.keys(record.request.networks).length > 0;
  const failures: unknown[] = [];
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    await work().catch((error: unknown) => failures.push(error));
  };
  const hasNamespace = driver.hasNamespace(id);
  if (isInNetworks)
    await attempt(() =>
      withNetworkLock(ports, async () => {
        if (hasNamespace) await attempt(() => driver.tearDown(driver.namespacePath(id), record.request));
        releaseLeases(ports, driver, id);
      }),
    );
  if (hasNamespace) await attempt(() => driver.removeNamespace(id));
  ports.store.releaseAddresses(id);
  removeNetworkRecord(ports, id);
  if (failures.length > 0) throw allErrors('taking down its network', failures);
}
