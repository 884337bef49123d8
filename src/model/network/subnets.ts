/** Subnets of networks: as they are typed, what is wrong with them, and which ones are free. Pure. */
import { BerthError } from '../errors.ts';
import {
  contains,
  formatAddress,
  formatSubnet,
  lastOf,
  overlap,
  parseAddress,
  parseSubnet,
  plus,
  type Subnet,
} from './ip-address.ts';
import type { NetworkDefinition, NetworkSubnet } from './network.ts';

export type NetworkRoute = NonNullable<NetworkDefinition['routes']>[number];

/** `--subnet`, `--gateway` and `--ip-range`, the first of each kind for the first subnet. Throws BerthError in Podman's words. */
export function parseSubnets(
  subnets: readonly string[],
  { gateways, ranges }: { gateways: readonly string[]; ranges: readonly string[] },
): NetworkSubnet[] {
  if (subnets.length === 0 && gateways.length + ranges.length > 0)
    throw invalid('cannot set gateway or range without subnet');
  if (gateways.length > subnets.length) throw invalid('cannot set more gateways than subnets');
  if (ranges.length > subnets.length) throw invalid('cannot set more ranges than subnets');
  return subnets.map((text, index) => {
    const [gateway, range] = [gateways[index], ranges[index]];
    return {
      subnet: formatSubnet(parseSubnetFlag(text)),
      ...(gateway === undefined ? {} : { gateway }),
      ...(range === undefined ? {} : { lease_range: parseRange(range) }),
    };
  });
}

function parseSubnetFlag(text: string): Subnet {
  const subnet = parseSubnet(text);
  if (subnet === undefined) throw invalid(`invalid CIDR address: ${text}`, 'write ADDRESS/PREFIX');
  return subnet;
}

/** `ADDRESS-ADDRESS`, or the addresses of a smaller subnet: without its own, but with the last one, as for Podman. */
function parseRange(text: string): { start_ip: string; end_ip: string } {
  const dash = text.indexOf('-');
  if (dash >= 0) {
    return {
      start_ip: rangeEnd('start', text.slice(0, dash)),
      end_ip: rangeEnd('end', text.slice(dash + 1)),
    };
  }
  const subnet = parseSubnetFlag(text);
  const last = lastOf(subnet);
  return { start_ip: formatAddress(firstOf(subnet)), end_ip: formatAddress(last) };
}

function rangeEnd(which: 'start' | 'end', text: string): string {
  const address = parseAddress(text);
  if (address === undefined) throw invalid(`range ${which} ip ${JSON.stringify(text)} is not a ip address`);
  return formatAddress(address);
}

/** The first address that a host can have; of a subnet of one address that one. */
function firstOf(subnet: Subnet) {
  return lastOf(subnet).value === subnet.base.value ? subnet.base : plus(subnet.base, 1n);
}

/** `--route DESTINATION,GATEWAY[,METRIC]`. Throws BerthError in Podman's words. */
export function parseRoute(text: string): NetworkRoute {
  const [destination = '', gateway, metric, ...more] = text.split(',');
  if (gateway === undefined || more.length > 0)
    throw invalid(
      `invalid route: ${text}`,
      'Format: --route <destination in CIDR>,<gateway>,<metric (optional)>',
    );
  const subnet = parseSubnet(destination);
  if (subnet === undefined) throw invalid(`invalid route destination ${destination}`);
  const via = parseAddress(gateway);
  if (via === undefined) throw invalid(`invalid route gateway ${gateway}`);
  if (metric !== undefined && !(/^\d+$/.test(metric) && Number(metric) < 2 ** 32))
    throw invalid(`invalid route metric ${metric}`);
  return {
    destination: destination.includes(':') ? destination.toLowerCase() : destination,
    gateway: formatAddress(via),
    ...(metric === undefined ? {} : { metric: Number(metric) }),
  };
}

/** Throws BerthError unless each destination is a subnet without host bits. */
export function checkRoutes(routes: readonly NetworkRoute[]): void {
  for (const { destination } of routes) {
    const address = parseAddress(destination.split('/')[0] ?? '');
    const subnet = parseSubnet(destination);
    if (address === undefined || subnet === undefined || subnet.base.value !== address.value)
      throw invalid(
        'route destination invalid',
        subnet === undefined ? 'write ADDRESS/PREFIX' : `write ${formatSubnet(subnet)}`,
      );
  }
}

/**
 * The subnets of a new network, each with a gateway where there is to be one. Throws BerthError in Podman's words for one
 * that is `used`, for what lies outside, and for subnets that overlap each other, which Podman takes.
 */
export function checkedSubnets(
  subnets: readonly NetworkSubnet[],
  { used, withGateway }: { used: readonly Subnet[]; withGateway: boolean },
): NetworkSubnet[] {
  const parsed = subnets.map(({ subnet }) => parseSubnetFlag(subnet));
  return subnets.map(({ gateway, lease_range, ...rest }, index) => {
    const subnet = parsed[index] as Subnet;
    const text = formatSubnet(subnet);
    if (used.some((other) => overlap(other, subnet)))
      throw invalid(`subnet ${text} is already used on the host or by another config`);
    const other = parsed.find((before, at) => at < index && overlap(before, subnet));
    if (other !== undefined) throw invalid(`subnets ${formatSubnet(other)} and ${text} overlap`);
    if (gateway !== undefined) assertWithin(subnet, 'gateway', gateway);
    const chosen = gateway ?? (withGateway ? formatAddress(firstOf(subnet)) : undefined);
    if (lease_range !== undefined) assertRange(subnet, lease_range);
    return {
      ...rest,
      subnet: text,
      ...(chosen === undefined ? {} : { gateway: chosen }),
      ...(lease_range === undefined ? {} : { lease_range }),
    };
  });
}

function assertRange(subnet: Subnet, { start_ip, end_ip }: NonNullable<NetworkSubnet['lease_range']>): void {
  if (start_ip !== undefined) assertWithin(subnet, 'lease range start ip', start_ip);
  if (end_ip !== undefined) assertWithin(subnet, 'lease range end ip', end_ip);
  const [first, last] = [parseAddress(start_ip ?? ''), parseAddress(end_ip ?? '')];
  if (first !== undefined && last !== undefined && first.value > last.value)
    throw invalid(`lease range start ip ${start_ip} is after its end ip ${end_ip}`);
}

function assertWithin(subnet: Subnet, what: string, text: string): void {
  const address = parseAddress(text);
  if (address === undefined || !contains(subnet, address))
    throw invalid(`${what} ${text} not in subnet ${formatSubnet(subnet)}`);
}

/** Texts as subnets; what is none, of a file that another program wrote, is left out. */
export function knownSubnets(texts: readonly string[]): Subnet[] {
  return texts.flatMap((text) => parseSubnet(text) ?? []);
}

/** Podman's pools (containers.conf(5), default_subnet_pools): one after the other they are this range, in parts of /24. */
const FIRST_FREE = parseSubnetFlag('10.89.0.0/24');
const LAST_FREE = parseSubnetFlag('10.255.255.0/24');
const STEP = 256n;

/** The first free subnet of IPv4 in Podman's order. */
export function freeSubnet(used: readonly Subnet[]): Subnet {
  for (let { base } = FIRST_FREE; base.value <= LAST_FREE.base.value; base = plus(base, STEP)) {
    const subnet = { base, prefix: FIRST_FREE.prefix };
    if (!used.some((other) => overlap(other, subnet))) return subnet;
  }
  throw invalid('could not find free subnet from subnet pools', 'write one with --subnet');
}

const RANDOM_TRIES = 1000;

/** A random /64 of fd00::/8, whose addresses are for everybody's own use (RFC 4193). */
export function freeSubnet6(used: readonly Subnet[], randomBytes: (count: number) => Uint8Array): Subnet {
  for (let tries = 0; tries < RANDOM_TRIES; tries++) {
    const high = randomBytes(7).reduce((value, byte) => (value << 8n) | BigInt(byte), 0xfdn);
    const subnet: Subnet = { base: { family: 6, value: high << 64n }, prefix: 64 };
    if (!used.some((other) => overlap(other, subnet))) return subnet;
  }
  throw invalid('failed to get random ipv6 subnet', 'write one with --subnet');
}

function invalid(words: string, hint?: string): BerthError {
  return new BerthError('invalid', hint === undefined ? words : `${words}: ${hint}`);
}
