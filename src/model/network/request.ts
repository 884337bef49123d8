/** `network create`: from what is asked for to a definition, as Podman 5.4 makes it of the same (tried). Pure. */
import { BerthError } from '../errors.ts';
import { formatSubnet, parseAddress, type Subnet } from './ip-address.ts';
import { NETWORK_DRIVERS, type NetworkDefinition, type NetworkSubnet } from './network.ts';
import { checkedOptions } from './options.ts';
import {
  checkedSubnets,
  checkRoutes,
  freeSubnet,
  freeSubnet6,
  knownSubnets,
  type NetworkRoute,
} from './subnets.ts';

/** As parsed off the command line. */
export interface NetworkCreateRequest {
  /** Absent or empty: that of its interface. */
  name?: string;
  /** Empty: bridge. */
  driver: string;
  interfaceName?: string;
  subnets: NetworkSubnet[];
  routes: NetworkRoute[];
  ipv6: boolean;
  internal: boolean;
  dns: boolean;
  dnsServers: string[];
  labels: Record<string, string>;
  options: Record<string, string>;
  /** Absent or empty: what fits the driver. */
  ipamDriver?: string;
}

/** What a new network must fit in with. */
export interface NetworkSurroundings {
  networks: readonly NetworkDefinition[];
  hostSubnets: readonly string[];
  hostInterfaces: readonly string[];
  id: string;
  created: string;
  randomBytes(count: number): Uint8Array;
}

/** Words of `--network` that are modes. */
const MODES = ['none', 'host', 'bridge', 'private', 'slirp4netns', 'pasta', 'container', 'ns', 'default'];
const IPAM_DRIVERS = ['host-local', 'dhcp', 'none'];
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
const GRAMMAR = 'names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument';
/** A file name has 255 bytes, and a new file another name at first. */
const NAME_MAX = 200;
/** IFNAMSIZ of the kernel, without the NUL. */
const INTERFACE_MAX = 15;

/** Throws BerthError in Podman's words for a name that cannot be one. */
export function checkNetworkName(name: string): string {
  if (MODES.includes(name))
    throw invalid(
      `cannot create network with name ${JSON.stringify(name)} because it conflicts with a valid network mode`,
    );
  if (!NAME.test(name)) throw invalid(`network name ${name} invalid: ${GRAMMAR}`);
  if (name.length > NAME_MAX)
    throw invalid(`network name is too long: ${name.length} characters, at most ${NAME_MAX}`);
  return name;
}

/** The definition of a new network. Throws BerthError in Podman's words. */
export function networkDefinition(
  request: NetworkCreateRequest,
  around: NetworkSurroundings,
): NetworkDefinition {
  const name = request.name ? checkNetworkName(request.name) : freeDeviceName(around);
  assertNameFree(name, around.networks);
  checkIpamDriver(request);
  const isUnnamed = !request.name;
  const driver = NETWORK_DRIVERS.find((known) => known === (request.driver || 'bridge'));
  if (driver === undefined)
    throw invalid(
      `failed to find driver or plugin ${JSON.stringify(request.driver)}`,
      `use ${NETWORK_DRIVERS.join(', ')}`,
    );
  const used = driver === 'bridge' ? usedSubnets(around) : [];
  const { interfaceName, options, subnets, ipamDriver } =
    driver === 'bridge'
      ? bridge(request, { around, used, ...(isUnnamed ? { ownName: name } : {}) })
      : vlan(driver, request, around);
  const dns = request.dns && driver === 'bridge' && ipamDriver !== 'none';
  checkDnsServers(request.dnsServers, dns);
  const checked = checkedSubnets(subnets, { used, withGateway: !request.internal || dns });
  checkRoutes(request.routes);
  const { labels, routes, dnsServers } = request;
  return {
    name,
    id: around.id,
    driver,
    ...(interfaceName ? { network_interface: interfaceName } : {}),
    created: around.created,
    ...(checked.length === 0 ? {} : { subnets: checked }),
    ...(routes.length === 0 ? {} : { routes }),
    ipv6_enabled: request.ipv6 || checked.some(isIpv6),
    internal: request.internal,
    dns_enabled: dns,
    ...(dnsServers.length === 0 ? {} : { network_dns_servers: dnsServers }),
    ...(isEmpty(labels) ? {} : { labels: sortedByKey(labels) }),
    ...(isEmpty(options) ? {} : { options }),
    ipam_options: { driver: ipamDriver },
  };
}

/** Throws if another network has the name, or as much of it as people write of an ID. */
function assertNameFree(name: string, networks: readonly NetworkDefinition[]): void {
  const isTaken = (other: NetworkDefinition): boolean =>
    other.name === name || (name.length >= 12 && other.id.startsWith(name));
  if (networks.some(isTaken)) throw networkNameInUse(name);
}

export function networkNameInUse(name: string): BerthError {
  return new BerthError('name-in-use', `network name ${name} already used: network already exists`);
}

function checkIpamDriver({ ipamDriver, subnets }: NetworkCreateRequest): void {
  if (ipamDriver && !IPAM_DRIVERS.includes(ipamDriver))
    throw invalid(`unsupported ipam driver ${JSON.stringify(ipamDriver)}`, `use ${IPAM_DRIVERS.join(', ')}`);
  if (ipamDriver === 'none' && subnets.length > 0)
    throw invalid('none ipam driver is set but subnets are given');
}

interface OfDriver {
  interfaceName: string | undefined;
  options: Record<string, string>;
  subnets: readonly NetworkSubnet[];
  ipamDriver: string;
}

/** Docker's names of what is an option or a flag here. */
const DOCKERS_NAME = 'com.docker.network.bridge.name';
const DOCKERS_MTU = 'com.docker.network.driver.mtu';

function bridge(
  request: NetworkCreateRequest,
  context: { around: NetworkSurroundings; used: readonly Subnet[]; ownName?: string },
): OfDriver {
  const { [DOCKERS_NAME]: dockersName, [DOCKERS_MTU]: mtu, ...given } = request.options;
  const options = checkedOptions('bridge', mtu === undefined ? given : { ...given, mtu });
  const wanted = dockersName || request.interfaceName;
  if (wanted) checkBridgeName(wanted, context.around.networks, { mayShare: Object.hasOwn(options, 'vlan') });
  const ipamDriver = request.ipamDriver || 'host-local';
  return {
    interfaceName: wanted || (context.ownName ?? freeDeviceName(context.around)),
    options,
    subnets:
      ipamDriver === 'host-local' ? withFreeSubnets(request, context.used, context.around) : request.subnets,
    ipamDriver,
  };
}

/** Networks that differ by their VLAN may share a bridge. */
function checkBridgeName(
  name: string,
  networks: readonly NetworkDefinition[],
  { mayShare }: { mayShare: boolean },
): void {
  if (!mayShare && bridgeNames(networks).includes(name)) throw invalid(`bridge name ${name} already in use`);
  if (!NAME.test(name)) throw invalid(`bridge name ${name} invalid: ${GRAMMAR}`);
  if (name.length > INTERFACE_MAX)
    throw invalid(`bridge name ${name} invalid: it is longer than ${INTERFACE_MAX} characters`);
}

/** With a subnet of IPv4 where none is given, and of each family with `--ipv6`. */
function withFreeSubnets(
  { subnets, ipv6 }: NetworkCreateRequest,
  used: readonly Subnet[],
  { randomBytes }: NetworkSurroundings,
): NetworkSubnet[] {
  const needs4 = subnets.length === 0 || (ipv6 && subnets.every(isIpv6));
  const needs6 = ipv6 && !subnets.some(isIpv6);
  const taken = [...used, ...knownSubnets(subnets.map(({ subnet }) => subnet))];
  return [
    ...subnets,
    ...(needs4 ? [{ subnet: formatSubnet(freeSubnet(taken)) }] : []),
    ...(needs6 ? [{ subnet: formatSubnet(freeSubnet6(taken, randomBytes)) }] : []),
  ];
}

function vlan(
  driver: 'macvlan' | 'ipvlan',
  request: NetworkCreateRequest,
  { hostInterfaces }: NetworkSurroundings,
): OfDriver {
  const { parent = request.interfaceName, ...given } = request.options;
  if (parent && !hostInterfaces.includes(parent)) throw invalid(`parent interface ${parent} does not exist`);
  const { subnets } = request;
  const ipamDriver = request.ipamDriver || (subnets.length === 0 ? 'dhcp' : 'host-local');
  if (ipamDriver === 'dhcp' && driver === 'ipvlan')
    throw invalid('ipam driver dhcp is not supported with ipvlan', 'write a --subnet');
  if (ipamDriver === 'dhcp' && subnets.length > 0) throw invalid('ipam driver dhcp set but subnets are set');
  if (ipamDriver === 'host-local' && subnets.length === 0)
    throw invalid(
      `${driver} driver needs at least one subnet specified when the host-local ipam driver is set`,
    );
  return { interfaceName: parent, options: checkedOptions(driver, given), subnets, ipamDriver };
}

function checkDnsServers(servers: readonly string[], dns: boolean): void {
  if (servers.length > 0 && !dns)
    throw invalid('cannot set NetworkDNSServers if DNS is not enabled for the network: invalid argument');
  checkAddresses(servers, 'NetworkDNSServers');
}

function checkAddresses(servers: readonly string[], where: string): void {
  const wrong = servers.find((server) => parseAddress(server) === undefined);
  if (wrong !== undefined)
    throw invalid(`unable to parse ip ${wrong} specified in ${where}: invalid argument`);
}

/**
 * Its name servers after `network update`: those that go, go before others come.
 * @throws BerthError in Podman's words for what is no address
 */
export function withDnsServers(
  { network_dns_servers: before = [], ...definition }: NetworkDefinition,
  { add, drop }: { add: readonly string[]; drop: readonly string[] },
): NetworkDefinition {
  checkAddresses(add, 'AddDNSServer');
  checkAddresses(drop, 'RemoveDNSServer');
  const servers = [...new Set([...before.filter((server) => !drop.includes(server)), ...add])];
  return { ...definition, ...(servers.length === 0 ? {} : { network_dns_servers: servers }) };
}

/** Subnets that a new one must not overlap: those of all networks and of the host's interfaces. */
export function usedSubnets({
  networks,
  hostSubnets,
}: Pick<NetworkSurroundings, 'networks' | 'hostSubnets'>): Subnet[] {
  const defined = networks.flatMap(({ subnets = [] }) => subnets.map(({ subnet }) => subnet));
  return knownSubnets([...defined, ...hostSubnets]);
}

/** `podmanN`, the first that is no network's name, no bridge and no interface. */
function freeDeviceName({ networks, hostInterfaces }: NetworkSurroundings): string {
  const taken = new Set([...networks.map(({ name }) => name), ...bridgeNames(networks), ...hostInterfaces]);
  for (let number = 1; ; number++) if (!taken.has(`podman${number}`)) return `podman${number}`;
}

function bridgeNames(networks: readonly NetworkDefinition[]): string[] {
  return networks.flatMap(({ driver, network_interface }) =>
    driver === 'bridge' ? (network_interface ?? []) : [],
  );
}

function isIpv6({ subnet }: NetworkSubnet): boolean {
  return subnet.includes(':');
}

function isEmpty(object: object): boolean {
  return Object.keys(object).length === 0;
}

function sortedByKey(object: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function invalid(words: string, hint?: string): BerthError {
  return new BerthError('invalid', hint === undefined ? words : `${words}: ${hint}`);
}
