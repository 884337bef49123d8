/**
 * The book in which Podman and Berth write whose an address is. What is Berth's own is known without it: a book that cannot be
 * used is told of, and keeps nothing from starting or ending.
 */
import type { ContainerConfig } from '../../model/config.ts';
import { messageOf } from '../../model/errors.ts';
import { allocatesAddresses } from '../../model/network/ipam.ts';
import type { Membership } from '../../model/network/netavark-request.ts';
import type { NetworkDriver } from '../ports/network.ts';
import type { Ports } from '../ports.ts';

type LeasePorts = Pick<Ports, 'store' | 'warn'>;

/** Who has an address in the network that is no container of this instance; to be asked with the lock of networks. */
export function foreignOwners(
  ports: LeasePorts,
  driver: NetworkDriver,
  network: string,
): (address: string) => string | undefined {
  const leases = tell(ports, () => driver.leasesIn(network));
  let own: Set<string> | undefined;
  return (address) => {
    const owner = leases?.get(address);
    if (owner === undefined) return undefined;
    own ??= idsOf(ports);
    return own.has(owner) ? undefined : owner;
  };
}

function idsOf({ store }: Pick<LeasePorts, 'store'>): Set<string> {
  const { containers, broken } = store.listContainers();
  return new Set([...containers.map(({ config }) => config.id), ...broken.map(({ id }) => id)]);
}

/** Writes the container's addresses down, in the place of those that it had in these networks. */
export function grantLeases(
  ports: LeasePorts,
  driver: NetworkDriver,
  { id }: Pick<ContainerConfig, 'id'>,
  members: readonly Membership[],
): void {
  const leases = members
    .filter(({ definition, addresses }) => allocatesAddresses(definition) && addresses.length > 0)
    .map(({ definition: { name, subnets = [] }, addresses }) => ({
      network: name,
      subnets: subnets.map(({ subnet }) => subnet),
      addresses,
      containerId: id,
    }));
  tell(ports, () => driver.grantLeases(leases));
}

/** Those in one network, or all. */
export function releaseLeases(ports: LeasePorts, driver: NetworkDriver, id: string, network?: string): void {
  tell(ports, () => driver.releaseLeases(id, network));
}

function tell<T>({ warn }: LeasePorts, work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    warn(messageOf(error));
    return undefined;
  }
}
