/** The flags that say which names a container knows: /etc/hosts, /etc/resolv.conf and /etc/hostname. */
import { isIP } from 'node:net';
import path from 'node:path';
import { HOST_GATEWAY, type NetworkMode } from '../../model/config.ts';
import type { CreateRequest } from '../../model/create-config.ts';
import { BerthError } from '../../model/errors.ts';
import type { Arguments, Flag } from '../command.ts';

export const RESOLVER_FLAGS: Record<string, Flag> = {
  'add-host': { type: 'strings', help: 'A line of /etc/hosts, NAME[;NAME…]:ADDRESS' },
  chrootdirs: { type: 'strings', help: 'A directory that has /etc/hosts and /etc/resolv.conf too' },
  dns: { type: 'strings', help: "Servers of /etc/resolv.conf, or none for the image's file" },
  'dns-option': {
    type: 'strings',
    help: "Options of /etc/resolv.conf, in the place of the host's; before them with --network host",
  },
  'dns-search': {
    type: 'strings',
    help: "Domains of /etc/resolv.conf, in the place of the host's; before them with --network host; . for none",
  },
  'hosts-file': {
    type: 'string',
    help: "What /etc/hosts begins with: a file, image or none, not the host's",
  },
  'no-hostname': { type: 'bool', help: "Leave the image's /etc/hostname" },
  'no-hosts': { type: 'bool', help: "Leave the image's /etc/hosts" },
};

type ResolverRequest = Pick<
  CreateRequest,
  'addHosts' | 'chrootDirs' | 'dns' | 'dnsOptions' | 'dnsSearch' | 'hostsFile' | 'noHostname' | 'noHosts'
>;

/** Throws BerthError 'invalid' in Podman's words. */
export function resolverRequest(args: Arguments, network: NetworkMode): ResolverRequest {
  const addHosts = list(args, 'add-host');
  for (const entry of addHosts) checkAddedHost(entry);
  const noHosts = args.bool('no-hosts');
  if (noHosts && addHosts.length > 0) throw invalid('--no-hosts and --add-host cannot be set together');
  if (noHosts && args.has('hosts-file')) throw invalid('--no-hosts and --hosts-file cannot be set together');
  const request = {
    ...ifAny('addHosts', addHosts),
    ...ifAny(
      'chrootDirs',
      args.strings('chrootdirs').filter((text) => text !== ''),
    ),
    ...dnsRequest(args, network),
    ...hostsFile(args.string('hosts-file') ?? ''),
    ...(args.bool('no-hostname') ? { noHostname: true as const } : {}),
    ...(noHosts ? { noHosts: true as const } : {}),
  };
  if (addHosts.length > 0 && modeOf(network) === 'container') {
    throw invalid(
      'invalid config provided: cannot set extra host entries when the container is joined to another containers network namespace: invalid configuration',
    );
  }
  return request;
}

function dnsRequest(
  args: Arguments,
  network: NetworkMode,
): Pick<ResolverRequest, 'dns' | 'dnsOptions' | 'dnsSearch'> {
  const [dns, dnsSearch, dnsOptions] = [
    list(args, 'dns'),
    list(args, 'dns-search'),
    list(args, 'dns-option'),
  ];
  const wrong = dns.find((server) => server !== 'none' && !isAddress(server));
  if (wrong !== undefined) throw invalid(`${wrong} is not an ip address`);
  const imagesOwn = dns.includes('none');
  if (imagesOwn && dns.length > 1)
    throw invalid('none is not allowed to be specified with other DNS ip addresses');
  if (dnsSearch.includes('.') && dnsSearch.length > 1)
    throw invalid("cannot pass additional search domains when also specifying '.'");
  const mode = modeOf(network);
  const asked = ['dns', 'dns-search', 'dns-option'].some((flag) => args.has(flag));
  if (asked && (mode === 'none' || mode === 'container'))
    throw invalid(`conflicting options: dns and the network mode: ${mode}`);
  for (const [what, others] of Object.entries({ DNSSearch: dnsSearch, DNSOption: dnsOptions }))
    if (imagesOwn && others.length > 0)
      throw invalid(`invalid config provided: UseImageResolvConf and ${what} are mutually exclusive options`);
  return { ...ifAny('dns', dns), ...ifAny('dnsSearch', dnsSearch), ...ifAny('dnsOptions', dnsOptions) };
}

/** Without whose or what. */
function modeOf(network: NetworkMode): string | undefined {
  return network.split(':', 1)[0];
}

function hostsFile(text: string): Pick<ResolverRequest, 'hostsFile'> {
  if (text === '') return {};
  return { hostsFile: text === 'image' || text === 'none' ? text : path.resolve(text) };
}

function checkAddedHost(entry: string): void {
  const colon = entry.indexOf(':');
  if (colon < 1) throw invalid(`bad format for add-host: ${JSON.stringify(entry)}`);
  if (entry.slice(0, colon).split(';').includes(''))
    throw invalid(`hostname in add-host ${JSON.stringify(entry)} is empty`);
  const address = entry.slice(colon + 1);
  if (!isAddress(address.trim()) && address !== HOST_GATEWAY)
    throw invalid(`invalid IP address in add-host: ${JSON.stringify(address)}`);
}

/** An interface after it (`%eth0`) means nothing in another network. */
function isAddress(text: string): boolean {
  return isIP(text) !== 0 && !text.includes('%');
}

function list(args: Arguments, flag: string): string[] {
  return args.strings(flag).flatMap((text) => text.split(',').filter((one) => one !== ''));
}

function ifAny<K extends string>(key: K, values: string[]): { [P in K]?: string[] } {
  return (values.length === 0 ? {} : { [key]: values }) as { [P in K]?: string[] };
}

function invalid(message: string): BerthError {
  return new BerthError('invalid', message);
}
