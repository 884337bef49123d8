/** Text of the files that Berth makes for a container. */
import { type ContainerConfig, HOST_GATEWAY } from '../model/config.ts';
import { BerthError } from '../model/errors.ts';
import type { NetworkNames } from '../model/network/names.ts';

const LOCALHOST = ['127.0.0.1\tlocalhost', '::1\tlocalhost'];

/** Names of the host, as a container in a network reaches it. */
const HOST_NAMES = ['host.containers.internal', 'host.docker.internal'];

/**
 * /etc/hosts: what was asked for, what a base file has, localhost if neither has it, the host where a network leads to it,
 * and the container's name where it has its own network namespace. As Podman writes it: one tab, no comments.
 * @throws BerthError `invalid` for host-gateway where there is no way to the host.
 */
export function hostsText(config: ContainerConfig, base: string, network?: NetworkNames): string {
  const entries = [
    ...(config.addHosts ?? []).map((entry) => addedEntry(entry, network?.hostAddress)),
    ...wordsOfLines(base).filter(({ length }) => length > 1),
  ];
  const known = new Set(entries.flatMap(([, ...names]) => names));
  const hostNames = HOST_NAMES.filter((name) => !known.has(name));
  const ownAddresses = network?.addresses ?? (config.network === 'none' ? ['127.0.0.1'] : []);
  return [
    ...entries.map(([address, ...names]) => `${address}\t${names.join(' ')}`),
    ...(known.has('localhost') ? [] : LOCALHOST),
    network?.hostAddress === undefined || hostNames.length === 0
      ? ''
      : `${network.hostAddress}\t${hostNames.join(' ')}`,
    ...ownAddresses.map((address) => ownHostsLine(config, address)),
  ]
    .map((line) => (line === '' ? '' : `${line.trimEnd()}\n`))
    .join('');
}

/** The line of /etc/hosts by which a container finds itself; empty where --add-host says all of it. */
export function ownHostsLine(
  { hostname, name, addHosts = [] }: Pick<ContainerConfig, 'hostname' | 'name' | 'addHosts'>,
  address = '127.0.0.1',
): string {
  const added = addHosts.flatMap(addedNames);
  const names = [...new Set([hostname, name])].filter((one) => !added.includes(one));
  return names.length === 0 ? '' : `${address}\t${names.join(' ')}\n`;
}

function addedNames(entry: string): string[] {
  return entry.slice(0, entry.indexOf(':')).split(';');
}

/** Address and names of `NAME[;NAME…]:ADDRESS`. */
function addedEntry(text: string, hostAddress: string | undefined): string[] {
  const address = text.slice(text.indexOf(':') + 1);
  if (address === HOST_GATEWAY && hostAddress !== undefined) return [hostAddress, ...addedNames(text)];
  if (address === HOST_GATEWAY) {
    throw new BerthError(
      'invalid',
      `unable to replace "${HOST_GATEWAY}" of host entry ${JSON.stringify(text)}: host containers internal IP address is empty`,
    );
  }
  return [address, ...addedNames(text)];
}

/**
 * /etc/resolv.conf: what was asked for before what the host's has, except that servers replace the host's, and the search
 * domain `.` its domains. The last line of a kind counts, others than these are left out, as in Podman.
 */
export function resolvConfText(
  { dns = [], dnsSearch = [], dnsOptions = [] }: Pick<ContainerConfig, 'dns' | 'dnsSearch' | 'dnsOptions'>,
  ofHost: string,
): string {
  const host = resolvConf(ofHost);
  return resolvConfLines({
    search: dnsSearch.includes('.') ? [] : [...dnsSearch, ...host.search],
    servers: dns.length === 0 ? host.servers : dns,
    options: [...dnsOptions, ...host.options],
  });
}

interface ResolvConf {
  search: string[];
  servers: string[];
  options: string[];
}

function resolvConf(text: string): ResolvConf {
  const lines = wordsOfLines(text.replace(/^;.*$/gm, ''));
  const last = (key: string): string[] => lines.findLast(([word]) => word === key)?.slice(1) ?? [];
  const servers = lines.flatMap(([word, server]) =>
    word === 'nameserver' && server !== undefined ? server : [],
  );
  return { search: last('search'), servers, options: last('options') };
}

function resolvConfLines({ search, servers, options }: ResolvConf): string {
  return [
    ...(search.length === 0 ? [] : [`search ${search.join(' ')}\n`]),
    ...servers.map((server) => `nameserver ${server}\n`),
    ...(options.length === 0 ? [] : [`options ${options.join(' ')}\n`]),
  ].join('');
}

/** What Podman takes where the host names no server that a container could reach (containers/common, libnetwork/resolvconf). */
const PUBLIC_SERVERS = { 4: ['8.8.8.8', '8.8.4.4'], 6: ['2001:4860:4860::8888', '2001:4860:4860::8844'] };

/**
 * /etc/resolv.conf of a container in networks: the servers of those that have names, else what was asked for or what the
 * host has and the container can reach; each kind of line is replaced by what was asked for. As Podman.
 */
export function networkResolvConfText(
  { dns = [], dnsSearch = [], dnsOptions = [] }: Pick<ContainerConfig, 'dns' | 'dnsSearch' | 'dnsOptions'>,
  ofHost: string,
  network: NetworkNames,
): string {
  const host = resolvConf(ofHost);
  // aardvark-dns asks those that were asked for; only a network without it needs them here.
  const servers = [...(network.allHaveNames ? [] : dns), ...network.servers];
  const search = dnsSearch.length > 0 ? dnsSearch : network.search.length > 0 ? network.search : host.search;
  return resolvConfLines({
    search: search.includes('.') ? [] : search,
    servers: servers.length > 0 ? servers : reachable(host.servers, network.hasIpv6),
    options: dnsOptions.length > 0 ? dnsOptions : host.options,
  });
}

/** The host's loopback is not the container's. */
function reachable(servers: readonly string[], hasIpv6: boolean): string[] {
  const left = servers.filter(
    (server) => !/^(127\.|::1$)/.test(server) && (hasIpv6 || !server.includes(':')),
  );
  return left.length > 0 ? left : [...PUBLIC_SERVERS[4], ...(hasIpv6 ? PUBLIC_SERVERS[6] : [])];
}

/**
 * A container's hosts file, or its resolv.conf, after it has come into a network or left one: only the lines that follow from
 * that are changed, since a person or the payload may have written others.
 */
export function changedHostsText(
  config: ContainerConfig,
  text: string,
  { before, after }: { before: NetworkNames; after: NetworkNames },
): string {
  const gone = before.addresses.filter((address) => !after.addresses.includes(address));
  const come = after.addresses.filter((address) => !before.addresses.includes(address));
  return changedLines(changedHostAddress(text, before.hostAddress, after.hostAddress), {
    gone: gone.map((address) => ownHostsLine(config, address)),
    come: come.map((address) => ownHostsLine(config, address)),
  });
}

/** The host is reached by another network, or by none. */
function changedHostAddress(text: string, before: string | undefined, after: string | undefined): string {
  if (before === after) return text;
  const isHosts = (line: string): boolean =>
    line.split(/\s+/).filter((word) => word === before || HOST_NAMES.includes(word)).length > 1;
  const lines = text.split(/(?<=\n)/);
  const at = lines.findIndex((line) => before !== undefined && isHosts(line));
  const line = after === undefined ? '' : `${after}\t${HOST_NAMES.join(' ')}\n`;
  return at < 0 ? changedLines(text, { gone: [], come: [line] }) : lines.with(at, line).join('');
}

export function changedResolvConfText(
  text: string,
  { before, after }: { before: NetworkNames; after: NetworkNames },
): string {
  const line = (server: string): string => `nameserver ${server}\n`;
  const search = text.match(/^search .*$/m);
  const missing = after.search.filter((domain) => search?.[0].split(/\s+/).includes(domain) !== true);
  const lines = changedLines(text, {
    gone: before.servers.filter((server) => !after.servers.includes(server)).map(line),
    come: after.servers.filter((server) => !before.servers.includes(server)).map(line),
  });
  if (missing.length === 0) return lines;
  if (search === null) return `search ${missing.join(' ')}\n${lines}`;
  return lines.replace(/^search .*$/m, (found) => [found, ...missing].join(' '));
}

function changedLines(text: string, { gone, come }: { gone: string[]; come: string[] }): string {
  const left = text.split(/(?<=\n)/).filter((line) => !gone.includes(line));
  const end = left.length > 0 && left.at(-1)?.endsWith('\n') === false ? '\n' : '';
  return left.join('') + end + come.join('');
}

/** The words of each line that has any; what follows `#` is a comment. */
function wordsOfLines(text: string): string[][] {
  return text
    .split('\n')
    .map((line) => line.replace(/#.*/, '').split(/\s+/).filter(Boolean))
    .filter((words) => words.length > 0);
}

/** /etc/hostname */
export function hostnameText(config: ContainerConfig): string {
  return `${config.hostname}\n`;
}

/** /run/.containerenv, by which programs notice that they run in a container (systemd's container detection reads it too). */
export function containerEnvText(config: ContainerConfig): string {
  const quote = (text: string): string => JSON.stringify(text);
  return [
    'engine="berth"',
    `name=${quote(config.name)}`,
    `id=${quote(config.id)}`,
    `image=${quote(config.image?.name ?? '')}`,
    `imageid=${quote(config.image?.id ?? '')}`,
    'rootless=0',
    '',
  ].join('\n');
}
