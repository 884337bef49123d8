/** `inspect`: what a container has of networks, `NetworkSettings`. Pure. */
import type { ContainerConfig } from '../config.ts';
import { sortedMap } from '../go-map.ts';
import { shortId } from '../name.ts';
import { parseAddress } from '../network/ip-address.ts';
import { DEFAULT_NETWORK, type NetworkAttachment, type NetworkStatus } from '../network/network.ts';
import { inspectPorts } from '../network/port-display.ts';

/** Of the container whose network this is, which may be another one. */
export interface NetworkFacts {
  owner: Pick<
    ContainerConfig,
    'id' | 'hostname' | 'namespaces' | 'network' | 'networks' | 'ports' | 'exposedPorts'
  >;
  /** Its process, while it runs. */
  pid?: number;
  /** Where its network namespace is kept, while it is in networks. */
  namespace?: string;
  /** What netavark has said, by network; while it runs. */
  status?: Record<string, NetworkStatus>;
  /** IDs of its networks that are still there, by name. */
  ids: Record<string, string>;
}

/** What there is to say where no network is given an address. */
const NO_ADDRESS = {
  EndpointID: '',
  Gateway: '',
  IPAddress: '',
  IPPrefixLen: 0,
  IPv6Gateway: '',
  GlobalIPv6Address: '',
  GlobalIPv6PrefixLen: 0,
  MacAddress: '',
};

/** With Podman's fields in its order. An address stands at the top only where the default network is the only one. */
export function networkSettings(facts: NetworkFacts): object {
  const { owner, status } = facts;
  const [first, ...others] = owner.networks ?? [];
  const isDefault = first?.network === DEFAULT_NETWORK && others.length === 0;
  return {
    ...(isDefault ? addressOf(status?.[first.network]) : NO_ADDRESS),
    Bridge: '',
    SandboxID: '',
    HairpinMode: false,
    LinkLocalIPv6Address: '',
    LinkLocalIPv6PrefixLen: 0,
    Ports: owner.network === 'host' ? {} : inspectPorts(owner.ports, owner.exposedPorts),
    SandboxKey: sandboxKey(facts),
    ...(owner.network.startsWith('ns:') ? {} : { Networks: networksOf(facts) }),
  };
}

function sandboxKey({ owner, pid, namespace }: NetworkFacts): string {
  if (owner.network === 'host' || pid === undefined) return '';
  return namespace ?? `/proc/${pid}/ns/net`;
}

function networksOf({ owner, status, ids }: NetworkFacts): Record<string, object> {
  const { network, networks } = owner;
  if (networks === undefined)
    return {
      [network]: { ...NO_ADDRESS, NetworkID: network, DriverOpts: null, IPAMConfig: null, Links: null },
    };
  return sortedMap(
    networks.map((attachment) => [
      attachment.network,
      {
        ...addressOf(status?.[attachment.network]),
        NetworkID: ids[attachment.network] ?? attachment.network,
        DriverOpts: null,
        IPAMConfig: null,
        Links: null,
        Aliases: networkAliases(owner, attachment),
      },
    ]),
  );
}

/** Names by which others in the network find it, beside its own: those asked for, its short ID, and its host name if it has one. */
export function networkAliases(
  { id, hostname, namespaces }: Pick<ContainerConfig, 'id' | 'hostname' | 'namespaces'>,
  { aliases = [] }: Pick<NetworkAttachment, 'aliases'>,
): string[] {
  const isOwn = (namespaces?.uts ?? 'private') === 'private' && hostname !== shortId(id);
  return [...aliases, shortId(id), ...(isOwn ? [hostname] : [])];
}

/** The first address of each family; others are secondary, by interface. */
function addressOf(status: NetworkStatus | undefined): object {
  const interfaces = Object.entries(status?.interfaces ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const macs = interfaces.map(([, { mac_address }]) => mac_address);
  const all = interfaces.flatMap(([, { subnets = [] }]) => subnets).map(splitNetwork);
  const [[v4, ...more4], [v6, ...more6]] = [4, 6].map((family) =>
    all.filter((one) => one.family === family),
  ) as [SplitNetwork[], SplitNetwork[]];
  const secondary = (list: SplitNetwork[]): object[] =>
    list.map(({ address, prefix }) => ({ Addr: address, PrefixLength: prefix }));
  return {
    EndpointID: '',
    Gateway: v4?.gateway ?? '',
    IPAddress: v4?.address ?? '',
    IPPrefixLen: v4?.prefix ?? 0,
    ...(more4.length === 0 ? {} : { SecondaryIPAddresses: secondary(more4) }),
    IPv6Gateway: v6?.gateway ?? '',
    GlobalIPv6Address: v6?.address ?? '',
    GlobalIPv6PrefixLen: v6?.prefix ?? 0,
    ...(more6.length === 0 ? {} : { SecondaryIPv6Addresses: secondary(more6) }),
    MacAddress: macs[0] ?? '',
    ...(macs.length < 2 ? {} : { AdditionalMACAddresses: macs.slice(1) }),
  };
}

interface SplitNetwork {
  family: 4 | 6 | undefined;
  address: string;
  prefix: number;
  gateway: string;
}

function splitNetwork({ ipnet, gateway = '' }: { ipnet: string; gateway?: string }): SplitNetwork {
  const [address = '', prefix = ''] = ipnet.split('/');
  return { family: parseAddress(address)?.family, address, prefix: Number(prefix), gateway };
}
