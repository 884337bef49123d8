/**
 * Networks as Podman's tools, netavark and Berth define them: one JSON file each in /etc/containers/networks, whose fields
 * are these (containers/common, libnetwork/types; netavark's network_info). Pure.
 */

export const NETWORK_DRIVERS = ['bridge', 'macvlan', 'ipvlan'] as const;
/** The network that containers are in when nothing else was asked for; it is there without a file, too. */
export const DEFAULT_NETWORK = 'podman';

export interface NetworkDefinition {
  name: string;
  /** 64 hex digits. */
  id: string;
  driver: string;
  /** Of the host: the bridge, or a macvlan's parent. */
  network_interface?: string;
  /** RFC 3339 */
  created: string;
  subnets?: NetworkSubnet[];
  routes?: { destination: string; gateway: string; metric?: number }[];
  ipv6_enabled: boolean;
  internal: boolean;
  dns_enabled: boolean;
  network_dns_servers?: string[];
  labels?: Record<string, string>;
  options?: Record<string, string>;
  ipam_options?: Record<string, string>;
}

export interface NetworkSubnet {
  /** ADDRESS/PREFIX */
  subnet: string;
  gateway?: string;
  /** Where addresses are taken from; absent: the whole subnet. */
  lease_range?: { start_ip?: string; end_ip?: string };
}

/** The default network without a file. */
export function defaultNetwork(created: string): NetworkDefinition {
  return {
    name: DEFAULT_NETWORK,
    // Podman's: the digest of the name.
    id: '2f259bab93aaaaa2542ba43ef33eb990d0999ee1b9924b557b7be53c0b7a1bb9',
    driver: 'bridge',
    network_interface: 'podman0',
    created,
    subnets: [{ subnet: '10.88.0.0/16', gateway: '10.88.0.1' }],
    ipv6_enabled: false,
    internal: false,
    dns_enabled: false,
    ipam_options: { driver: 'host-local' },
  };
}

/** How a container is in a network: fixed at create, and changed by `network connect` and `disconnect`. */
export interface NetworkAttachment {
  /** The network's name. */
  network: string;
  /** As asked for: at most one of each family. */
  ips?: string[];
  mac?: string;
  aliases?: string[];
  /** In the container; absent: eth0, eth1 … in order. */
  interfaceName?: string;
  /** The other end of it, on the host; absent: as netavark names it. */
  hostInterfaceName?: string;
}

/** What netavark says of a network that it has set up: its answer, by network. */
export interface NetworkStatus {
  dns_search_domains?: string[];
  dns_server_ips?: string[];
  interfaces?: Record<string, { mac_address: string; subnets?: { gateway?: string; ipnet: string }[] }>;
}

export const PORT_PROTOCOLS = ['tcp', 'udp', 'sctp'] as const;
export type PortProtocol = (typeof PORT_PROTOCOLS)[number];

/** The addresses that a container has in a network, one for each of its subnets. */
export interface Lease {
  network: string;
  /** ADDRESS/PREFIX */
  subnets: string[];
  addresses: string[];
  containerId: string;
}

/** A port of the host that leads to one of a container. */
export interface PortMapping {
  /** Empty: all addresses of the host. */
  hostIp: string;
  hostPort: number;
  containerPort: number;
  /** How many ports from there on. */
  range: number;
  protocol: PortProtocol;
}

/** What a run has of networks: written into its bundle before netavark is asked, so that whatever ends it can undo it. */
export interface NetworkRecord {
  /** What netavark is told at set up and tear down, its JSON. */
  request: NetworkRequest;
  /** Its answer by network; absent until it has answered. */
  status?: Record<string, NetworkStatus>;
}

/** netavark's input (netavark, src/network/types.rs: NetworkOptions). */
export interface NetworkRequest {
  container_id: string;
  container_name: string;
  container_hostname: string;
  port_mappings?: {
    host_ip: string;
    host_port: number;
    container_port: number;
    range: number;
    protocol: string;
  }[];
  dns_servers?: string[];
  networks: Record<
    string,
    {
      static_ips?: string[];
      static_mac?: string;
      aliases?: string[];
      interface_name: string;
      /** `host_interface_name` */
      options?: Record<string, string>;
    }
  >;
  network_info: Record<string, NetworkDefinition>;
}
