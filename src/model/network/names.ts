/** What a container's name files say of the networks that it is in. Pure. */
import type { ContainerConfig } from '../config.ts';
import type { NetworkRecord } from './network.ts';

export interface NetworkNames {
  /** The container's own, without prefixes. */
  addresses: string[];
  /** The host's, as the container reaches it; absent where no network has a gateway. */
  hostAddress?: string;
  /** aardvark-dns in those networks that have it. */
  servers: string[];
  /** Has each of the networks it? */
  allHaveNames: boolean;
  search: string[];
  hasIpv6: boolean;
}

/** Has it a network namespace that Berth keeps? */
export function hasNetwork({ network }: Pick<ContainerConfig, 'network'>): boolean {
  return network === 'bridge';
}

/** In the order of the container's networks; of one that is in none, or not yet, nothing. */
export function networkNames(
  { networks = [] }: Pick<ContainerConfig, 'networks'>,
  { request, status = {} }: NetworkRecord,
): NetworkNames {
  const joined = networks.flatMap(({ network }) => {
    const answer = status[network];
    return answer === undefined ? [] : [{ ...answer, definition: request.network_info[network] }];
  });
  const subnets = joined.flatMap(({ interfaces = {}, definition }) =>
    Object.values(interfaces).flatMap(({ subnets = [] }) =>
      subnets.map((subnet) => ({ ...subnet, driver: definition?.driver })),
    ),
  );
  const hostAddress = subnets.find(({ driver, gateway }) => driver === 'bridge' && gateway)?.gateway;
  const servers = joined.map(({ dns_server_ips = [] }) => dns_server_ips);
  return {
    addresses: subnets.map(({ ipnet }) => ipnet.replace(/\/.*$/, '')),
    ...(hostAddress === undefined ? {} : { hostAddress }),
    servers: servers.flat(),
    allHaveNames: servers.length > 0 && servers.every(({ length }) => length > 0),
    search: [...new Set(joined.flatMap(({ dns_search_domains = [] }) => dns_search_domains))],
    hasIpv6: subnets.some(({ ipnet }) => ipnet.includes(':')),
  };
}
