/** create: the networks that a command line names, found. */
import type { ContainerConfig } from '../../model/config.ts';
import { BerthError } from '../../model/errors.ts';
import { contains, parseAddress, parseSubnet } from '../../model/network/ip-address.ts';
import type { NetworkAttachment, NetworkDefinition } from '../../model/network/network.ts';
import type { Ports } from '../ports.ts';
import { findNetwork } from './find.ts';

/**
 * With names in the place of IDs, each network once: what was said of it last counts. Throws 'no-such-network', or 'invalid'
 * where the network has no room for an address that is asked for.
 */
export function resolveNetworks(
  ports: Pick<Ports, 'networkFiles'>,
  networks: readonly NetworkAttachment[] | undefined,
): Pick<ContainerConfig, 'networks'> {
  if (networks === undefined) return {};
  const found = networks.map((attachment): [string, NetworkAttachment] => {
    const definition = findNetwork(ports, attachment.network);
    assertRoom(definition, attachment);
    return [definition.name, { ...attachment, network: definition.name }];
  });
  return { networks: [...new Map(found).values()] };
}

function assertRoom({ name, subnets = [] }: NetworkDefinition, { ips = [] }: NetworkAttachment): void {
  for (const ip of ips) {
    const address = parseAddress(ip);
    const hasRoom = subnets.some(({ subnet }) => {
      const parsed = parseSubnet(subnet);
      return address !== undefined && parsed !== undefined && contains(parsed, address);
    });
    if (!hasRoom)
      throw new BerthError('invalid', `requested static ip ${ip} not in any subnet on network ${name}`);
  }
}
