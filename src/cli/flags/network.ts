/** The flags that say which networks a container is in, and which of its ports the host has. */
import type { NetworkDefaults } from '../../model/containers-conf.ts';
import type { CreateRequest } from '../../model/create-config.ts';
import { type NetworkChoice, parseNetworkFlags } from '../../model/network/choice.ts';
import { hasPorts } from '../../model/network/port-mappings.ts';
import { parseExpose, parsePublish } from '../../model/network/publish.ts';
import type { Arguments, Flag } from '../command.ts';
import { listed } from '../entries.ts';

export const NETWORK_FLAGS: Record<string, Flag> = {
  expose: { type: 'strings', help: 'Ports that it listens on, PORT[-PORT][/tcp|udp|sctp]' },
  ip: { type: 'string', help: 'Its IPv4 address in the one network that it is in' },
  ip6: { type: 'string', help: 'Its IPv6 address in the one network that it is in' },
  'mac-address': {
    type: 'string',
    help: 'The MAC address of its interface in the one network that it is in',
  },
  network: {
    type: 'strings',
    alias: 'net',
    help: 'bridge, NAME[:ip=…,mac=…,alias=…], none, host, container:NAME or ns:PATH; also --net',
    default: 'bridge',
  },
  'network-alias': { type: 'strings', help: 'Another name of it in all its networks' },
  publish: {
    type: 'strings',
    short: 'p',
    help: 'Ports of the host that lead to it, [[ADDRESS:]HOST-PORT:]PORT[/tcp|udp|sctp]',
  },
  'publish-all': {
    type: 'bool',
    short: 'P',
    help: 'Lead free ports of the host to all that it exposes, by its image or --expose',
  },
};

type NetworkRequest = NetworkChoice & Pick<CreateRequest, 'publish' | 'expose' | 'publishAllPorts'>;

/** Names of networks stay as typed: create looks them up. Throws BerthError in Podman's words. */
export function networkRequest(args: Arguments, defaults: NetworkDefaults): NetworkRequest {
  const publish = args.strings('publish').flatMap(listed).map(parsePublish);
  const expose = args.strings('expose').flatMap(listed).flatMap(parseExpose);
  const flags = {
    ip: args.string('ip') ?? '',
    ip6: args.string('ip6') ?? '',
    mac: args.string('mac-address') ?? '',
    aliases: args.strings('network-alias').flatMap(listed),
  };
  const asked = args.has('network') ? args.strings('network') : [];
  const choice = parseNetworkFlags(asked, flags, defaults);
  return {
    ...choice,
    ...(publish.length === 0 ? {} : { publish }),
    ...(expose.length === 0 ? {} : { expose }),
    ...(args.bool('publish-all') ? { publishAllPorts: true as const } : {}),
  };
}

/** Ports of a container whose network is not its own lead nowhere; of a namespace that a path names, Podman does not say so. */
export function warnOfDiscardedPorts(
  { network, publish }: Pick<CreateRequest, 'network' | 'publish'>,
  warn: (line: string) => void,
): void {
  if (publish === undefined || hasPorts(network) || network.startsWith('ns:')) return;
  warn(
    'Port mappings have been discarded as one of the Host, Container, Pod, and None network modes are in use',
  );
}
