/** What netavark is told of a container. Pure. */
import type { ContainerConfig } from '../config.ts';
import { networkAliases } from '../inspect/network-settings.ts';
import type { NetworkAttachment, NetworkDefinition, NetworkRequest } from './network.ts';

/** A network that a container is in, with the addresses that it has there. */
export interface Membership {
  attachment: NetworkAttachment;
  definition: NetworkDefinition;
  /** One for each subnet; empty where others choose them. */
  addresses: string[];
  /** The address of its interface, if it shall be that one. */
  mac?: string;
}

/**
 * Names of the interfaces by network: eth0, eth1 …, passing over those that were asked for, and over those that the container
 * has already (`present`, by network), which keep their names whatever has become of the networks before them.
 */
export function interfaceNames(
  attachments: readonly NetworkAttachment[],
  present: Readonly<Record<string, { interface_name: string }>> = {},
): Map<string, string> {
  const taken = new Set([
    ...attachments.flatMap(({ interfaceName }) => interfaceName ?? []),
    ...Object.values(present).map(({ interface_name }) => interface_name),
  ]);
  return new Map(
    attachments.map(({ network, interfaceName = present[network]?.interface_name }) => {
      if (interfaceName !== undefined) return [network, interfaceName];
      let number = 0;
      while (taken.has(`eth${number}`)) number++;
      taken.add(`eth${number}`);
      return [network, `eth${number}`];
    }),
  );
}

/**
 * netavark's input for these networks of the container's, whose interfaces are named among all of its networks and beside those
 * that are `present`.
 */
export function networkRequest(
  config: ContainerConfig,
  members: readonly Membership[],
  present: NetworkRequest['networks'] = {},
): NetworkRequest {
  const { id, name, hostname, ports = [], dns = [], networks = [] } = config;
  const names = interfaceNames(networks, present);
  const servers = dns.filter((server) => server !== 'none');
  return {
    container_id: id,
    container_name: name,
    container_hostname: hostname,
    ...(ports.length === 0
      ? {}
      : {
          port_mappings: ports.map(({ hostIp, hostPort, containerPort, range, protocol }) => ({
            host_ip: hostIp,
            host_port: hostPort,
            container_port: containerPort,
            range,
            protocol,
          })),
        }),
    ...(servers.length === 0 ? {} : { dns_servers: servers }),
    networks: Object.fromEntries(
      members.map(({ attachment, addresses, mac = attachment.mac }) => [
        attachment.network,
        {
          ...(addresses.length === 0 ? {} : { static_ips: addresses }),
          ...(mac === undefined ? {} : { static_mac: mac }),
          aliases: networkAliases(config, attachment),
          interface_name: names.get(attachment.network) ?? 'eth0',
          ...(attachment.hostInterfaceName === undefined
            ? {}
            : { options: { host_interface_name: attachment.hostInterfaceName } }),
        },
      ]),
    ),
    network_info: Object.fromEntries(
      members.map(({ attachment, definition }) => [attachment.network, definition]),
    ),
  };
}
