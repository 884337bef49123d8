/** Text of the files that Berth makes for a container. */
import { type ContainerConfig, HOST_GATEWAY } from '../model/config.ts';
import { BerthError } from '../model/errors.ts';

const LOCALHOST = ['127.0.0.1\tlocalhost', '::1\tlocalhost'];

/**
 * /etc/hosts: what was asked for, what a base file has, localhost if neither has it, and the container's name where it has
 * its own network namespace. As Podman writes it: one tab, no comments.
 * @throws BerthError `invalid` for host-gateway.
 */
export function hostsText(config: ContainerConfig, base: string): string {
  const entries = [
    ...(config.addHosts ?? []).map(addedEntry),
    ...wordsOfLines(base).filter(({ length }) => length > 1),
  ];
  const isNamed = entries.some(([, ...names]) => names.includes('localhost'));
  return [
    ...entries.map(([address, ...names]) => `${address}\t${names.join(' ')}`),
    ...(isNamed ? [] : LOCALHOST),
    config.network === 'none' ? ownHostsLine(config) : '',
  ]
    .map((line) => (line === '' ? '' : `${line.trimEnd()}\n`))
    .join('');
}

/** The line of /etc/hosts by which a container finds itself; empty where --add-host says all of it. */
export function ownHostsLine({
  hostname,
  name,
  addHosts = [],
}: Pick<ContainerConfig, 'hostname' | 'name' | 'addHosts'>): string {
  const added = addHosts.flatMap((entry) => addedEntry(entry).slice(1));
  const names = [...new Set([hostname, name])].filter((one) => !added.includes(one));
  return names.length === 0 ? '' : `127.0.0.1\t${names.join(' ')}\n`;
}

/** Address and names of `NAME[;NAME…]:ADDRESS`. */
function addedEntry(text: string): string[] {
  const colon = text.indexOf(':');
  const address = text.slice(colon + 1);
  if (address === HOST_GATEWAY) {
    throw new BerthError(
      'invalid',
      `unable to replace "${HOST_GATEWAY}" of host entry ${JSON.stringify(text)}: host containers internal IP address is empty`,
    );
  }
  return [address, ...text.slice(0, colon).split(';')];
}

/**
 * /etc/resolv.conf: what was asked for before what the host's has, except that servers replace the host's, and the search
 * domain `.` its domains. The last line of a kind counts, others than these are left out, as in Podman.
 */
export function resolvConfText(
  { dns = [], dnsSearch = [], dnsOptions = [] }: Pick<ContainerConfig, 'dns' | 'dnsSearch' | 'dnsOptions'>,
  ofHost: string,
): string {
  const lines = wordsOfLines(ofHost.replace(/^;.*$/gm, ''));
  const last = (key: string): string[] => lines.findLast(([word]) => word === key)?.slice(1) ?? [];
  const servers = lines.flatMap(([word, server]) =>
    word === 'nameserver' && server !== undefined ? server : [],
  );
  const search = dnsSearch.includes('.') ? [] : [...dnsSearch, ...last('search')];
  const options = [...dnsOptions, ...last('options')];
  return [
    ...(search.length === 0 ? [] : [`search ${search.join(' ')}\n`]),
    ...(dns.length === 0 ? servers : dns).map((server) => `nameserver ${server}\n`),
    ...(options.length === 0 ? [] : [`options ${options.join(' ')}\n`]),
  ].join('');
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
