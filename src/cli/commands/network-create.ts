import { createNetwork } from '../../lifecycle/network/networks.ts';
import { BerthError } from '../../model/errors.ts';
import { formatAddress, parseAddress } from '../../model/network/ip-address.ts';
import { checkNetworkName, type NetworkCreateRequest } from '../../model/network/request.ts';
import { parseRoute, parseSubnets } from '../../model/network/subnets.ts';
import type { Arguments, Command } from '../command.ts';
import { listed, pairs } from '../entries.ts';

export const command: Command = {
  path: ['network', 'create'],
  usage: '[NAME]',
  summary: 'Define a network. Prints its name; one that was given none is called as its bridge, podmanN.',
  flags: {
    'disable-dns': { type: 'bool', help: 'Containers in it do not find each other by name' },
    dns: { type: 'strings', help: 'Name servers that its own one asks' },
    driver: { type: 'string', short: 'd', help: 'bridge, macvlan or ipvlan', default: 'bridge' },
    gateway: { type: 'strings', help: 'Address of the gateway in the subnet; the first one unless told' },
    ignore: { type: 'bool', help: 'A network that exists is no error, and stays as it is' },
    'interface-name': { type: 'string', help: 'The bridge, or the parent interface of macvlan and ipvlan' },
    internal: { type: 'bool', help: 'No way out of it' },
    'ip-range': { type: 'strings', help: 'Where in the subnet addresses are from: a subnet, or FIRST-LAST' },
    'ipam-driver': { type: 'string', help: 'How addresses are given: host-local, dhcp or none' },
    ipv6: { type: 'bool', help: 'Also a subnet of IPv6, a random one unless it is given' },
    label: { type: 'strings', help: 'Add a label, key=value' },
    opt: {
      type: 'strings',
      short: 'o',
      help: 'Of the driver, key=value: mtu, vlan, isolate, metric, mode, parent, no_default_route, vrf, bclim',
    },
    route: { type: 'strings', help: 'A route in the containers: DESTINATION,GATEWAY[,METRIC]' },
    subnet: { type: 'strings', help: 'ADDRESS/PREFIX; a free one unless told' },
  },
  positionals: [0, 1],
  async run(args, { ports, print }) {
    const request = networkRequest(args);
    if (request.name) checkNetworkName(request.name);
    print(`${await createNetwork(await ports(), request, { ignore: args.bool('ignore') })}\n`);
    return 0;
  },
};

/** What the command line asks for. Throws BerthError in Podman's words. */
export function networkRequest(args: Arguments): NetworkCreateRequest {
  const [name] = args.positionals;
  const interfaceName = args.string('interface-name');
  const ipamDriver = args.string('ipam-driver');
  const gateways = args.strings('gateway').flatMap(listed).map(gatewayOf);
  return {
    ...(name === undefined ? {} : { name }),
    driver: args.string('driver') ?? '',
    ...(interfaceName === undefined ? {} : { interfaceName }),
    labels: entries(args.strings('label'), 'labels'),
    options: entries(args.strings('opt'), 'options'),
    routes: args.strings('route').map(parseRoute),
    subnets: parseSubnets(args.strings('subnet'), { gateways, ranges: args.strings('ip-range') }),
    ipv6: args.bool('ipv6'),
    internal: args.bool('internal'),
    dns: !args.bool('disable-dns'),
    dnsServers: args.strings('dns').flatMap(listed),
    ...(ipamDriver === undefined ? {} : { ipamDriver }),
  };
}

function gatewayOf(text: string, _index: number, all: string[]): string {
  const address = parseAddress(text.trim());
  if (address !== undefined) return formatAddress(address);
  throw new BerthError(
    'usage',
    `invalid argument ${JSON.stringify(all.join(','))} for "--gateway" flag: invalid string being converted to IP address: ${text.trim()}: see berth network create --help`,
  );
}

function entries(texts: string[], what: 'labels' | 'options'): Record<string, string> {
  for (const text of texts) {
    if (text === '' || text.startsWith('='))
      throw new BerthError(
        'invalid',
        `${what === 'labels' ? 'failed' : 'unable'} to parse ${what}: invalid label format: ${JSON.stringify(text)}: write key=value`,
      );
  }
  return pairs(texts);
}
