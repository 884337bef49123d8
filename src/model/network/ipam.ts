/** Which addresses a container gets in a network (Podman's IPAM driver host-local). Pure. */
import { BerthError } from '../errors.ts';
import {
  contains,
  formatAddress,
  hostRange,
  type IpAddress,
  parseAddress,
  parseSubnet,
  plus,
  type Subnet,
} from './ip-address.ts';
import type { NetworkAttachment, NetworkDefinition, NetworkSubnet } from './network.ts';

/** Of one network's subnets: an address is looked for in that many at most, which keeps those of IPv6 short. */
const MOST_ADDRESSES = 65_536n;

/** Are addresses of this network chosen here? Not where a DHCP server does, or nobody. */
export function allocatesAddresses({
  ipam_options: { driver = 'host-local' } = {},
}: NetworkDefinition): boolean {
  return driver === 'host-local';
}

/**
 * One address for each subnet of the network: the one that was asked for, or a free one. Where the search for a free one
 * begins follows from the container's ID, so that a container comes back to its address when nobody has taken it meanwhile.
 * `ownerOf` names the container that has an address, if one has.
 * @throws BerthError 'network', exit code 126, in Podman's words: an address that is taken, or in no subnet; none left.
 */
export function chooseAddresses(
  definition: NetworkDefinition,
  { ips = [] }: Pick<NetworkAttachment, 'ips'>,
  { containerId, ownerOf }: { containerId: string; ownerOf: (address: string) => string | undefined },
): string[] {
  const subnets = (definition.subnets ?? []).flatMap((entry) => {
    const subnet = parseSubnet(entry.subnet);
    return subnet === undefined ? [] : [{ ...entry, parsed: subnet }];
  });
  const asked = ips.flatMap((text) => parseAddress(text) ?? []);
  for (const address of asked) {
    if (subnets.some(({ parsed }) => contains(parsed, address))) continue;
    throw failure(
      `requested static ip ${formatAddress(address)} not in any subnet on network ${definition.name}`,
    );
  }
  return subnets.map(({ parsed, ...subnet }) => {
    const wanted = asked.find((address) => contains(parsed, address));
    if (wanted !== undefined) return take(wanted, subnet, ownerOf);
    return free(parsed, subnet, { containerId, ownerOf });
  });
}

function take(
  address: IpAddress,
  { gateway }: NetworkSubnet,
  ownerOf: (address: string) => string | undefined,
): string {
  const text = formatAddress(address);
  if (gateway !== undefined && isSame(gateway, address))
    throw failure(`IPAM error: requested ip address ${text} is already allocated to the gateway`);
  const owner = ownerOf(text);
  if (owner !== undefined)
    throw failure(`IPAM error: requested ip address ${text} is already allocated to container ID ${owner}`);
  return text;
}

function free(
  subnet: Subnet,
  { gateway, lease_range }: NetworkSubnet,
  { containerId, ownerOf }: { containerId: string; ownerOf: (address: string) => string | undefined },
): string {
  const { first, last } = leaseRange(subnet, lease_range);
  const most = last.value - first.value + 1n;
  const count = most > MOST_ADDRESSES ? MOST_ADDRESSES : most;
  const start = BigInt(`0x${containerId.slice(0, 12)}`) % count;
  for (let step = 0n; step < count; step++) {
    const address = plus(first, (start + step) % count);
    if (gateway !== undefined && isSame(gateway, address)) continue;
    const text = formatAddress(address);
    if (ownerOf(text) === undefined) return text;
  }
  throw failure(
    `IPAM error: failed to find free IP in range: ${formatAddress(first)} - ${formatAddress(last)}`,
  );
}

function leaseRange(
  subnet: Subnet,
  { start_ip = '', end_ip = '' }: NonNullable<NetworkSubnet['lease_range']> = {},
): { first: IpAddress; last: IpAddress } {
  const hosts = hostRange(subnet);
  return { first: parseAddress(start_ip) ?? hosts.first, last: parseAddress(end_ip) ?? hosts.last };
}

function isSame(text: string, { family, value }: IpAddress): boolean {
  const other = parseAddress(text);
  return other?.family === family && other.value === value;
}

function failure(message: string): BerthError {
  return new BerthError('network', message, { exitCode: 126 });
}
