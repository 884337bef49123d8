/**
 * The Go types behind `network ls` and `network inspect` in Podman 5.4; see container.ts. Addresses and subnets are
 * texts here.
 */
import type { NetworkDefinition } from '../../network/network.ts';
import {
  as,
  BOOL,
  embedded,
  type Field,
  type GoType,
  map,
  pointer,
  STRING,
  slice,
  struct,
  TIME,
  uint,
} from '../types.ts';

const ADDRESS: GoType = { ...STRING, name: 'net.IP' };
const SUBNET: GoType = { ...STRING, name: 'types.IPNet' };
const INTERFACE_ADDRESS: GoType = { ...STRING, name: 'types.HardwareAddr' };

const FIELDS: Record<string, Field> = {
  Name: as('name', STRING),
  ID: as('id', STRING),
  Driver: as('driver', STRING),
  NetworkInterface: as('network_interface', STRING),
  Created: as('created', TIME),
  Subnets: as(
    'subnets',
    slice(
      struct('types.Subnet', {
        Subnet: as('subnet', SUBNET),
        Gateway: as('gateway', ADDRESS),
        LeaseRange: as(
          'lease_range',
          pointer(
            struct('types.LeaseRange', { StartIP: as('start_ip', ADDRESS), EndIP: as('end_ip', ADDRESS) }),
          ),
        ),
      }),
    ),
  ),
  Routes: as(
    'routes',
    slice(
      struct('types.Route', {
        Destination: as('destination', SUBNET),
        Gateway: as('gateway', ADDRESS),
        Metric: as('metric', pointer(uint('uint32'))),
      }),
    ),
  ),
  IPv6Enabled: as('ipv6_enabled', BOOL),
  Internal: as('internal', BOOL),
  DNSEnabled: as('dns_enabled', BOOL),
  NetworkDNSServers: as('network_dns_servers', slice(STRING)),
  Labels: as('labels', map(STRING)),
  Options: as('options', map(STRING)),
  IPAMOptions: as('ipam_options', map(STRING)),
};

const DEFINITION = struct('types.Network', FIELDS);

/** One network with its containers. */
export const NETWORK = struct('types.NetworkInspectReport', {
  Network: embedded(DEFINITION),
  Containers: as(
    'containers',
    map(
      struct('types.NetworkContainerInfo', {
        Name: as('name', STRING),
        Interfaces: as(
          'interfaces',
          map(
            struct('types.NetInterface', {
              Subnets: as(
                'subnets',
                slice(
                  struct('types.NetAddress', {
                    IPNet: as('ipnet', SUBNET),
                    Gateway: as('gateway', ADDRESS),
                  }),
                ),
              ),
              MacAddress: as('mac_address', INTERFACE_ADDRESS),
            }),
          ),
        ),
      }),
    ),
  ),
});

/** Where a row keeps what is computed for templates: not part of its JSON. */
const SHOWN_ID = Symbol('id');

/** A row of `network ls`: as templates see it, its ID is short. */
export function listedNetwork(network: NetworkDefinition, { truncated }: { truncated: boolean }): object {
  return { ...network, [SHOWN_ID]: truncated ? network.id.slice(0, 12) : network.id };
}

export const LISTED_NETWORK = struct(
  'network.ListPrintReports',
  { Network: embedded(DEFINITION) },
  {
    ID: { type: STRING, get: (row) => (row as { [SHOWN_ID]?: string })[SHOWN_ID] },
    Labels: {
      type: STRING,
      get: ({ labels = {} }) =>
        Object.entries(labels as Record<string, string>)
          .map(([key, value]) => `${key}=${value}`)
          .sort()
          .join(','),
    },
  },
);

/** Of its table, by field. */
export const NETWORK_HEADINGS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    // Podman splits the name of the field where a capital letter or a digit begins.
    Object.keys(FIELDS).map((name) => [name, name.replace(/(?<=[a-z])(?=[A-Z])/g, ' ').toUpperCase()]),
  ),
  ID: 'NETWORK ID',
  IPv6Enabled: 'I PV 6 ENABLED',
  IPAMOptions: 'IPAM OPTIONS',
  DNSEnabled: 'DNS ENABLED',
  NetworkDNSServers: 'NETWORK DNS SERVERS',
};
