/** `--network` and the flags beside it: which networks, and how a container is in them. Pure. Words are Podman's (tried). */
import type { NetworkMode } from '../config.ts';
import type { NetworkDefaults } from '../containers-conf.ts';
import type { CreateRequest } from '../create-config.ts';
import { BerthError } from '../errors.ts';
import { parseJoined } from '../namespace.ts';
import { formatAddress, parseAddress } from './ip-address.ts';
import { DEFAULT_NETWORK, type NetworkAttachment } from './network.ts';

export type NetworkChoice = Pick<CreateRequest, 'network' | 'networks'>;

/** Of `--ip`, `--ip6`, `--mac-address` and `--network-alias`, as typed. */
export interface AddressFlags {
  ip: string;
  ip6: string;
  mac: string;
  aliases: readonly string[];
}

/** Modes, which no further `--network` can be. */
const MODES = ['none', 'host', 'bridge', 'private', 'container', 'pod', 'pasta', 'slirp4netns'];

/**
 * The networks by name or ID as typed: create looks them up. `texts` are those of `--network`, in order. Throws BerthError
 * 'invalid', 'unsupported' for a mode that only Podman has.
 */
export function parseNetworkFlags(
  texts: readonly string[],
  flags: AddressFlags,
  defaults: NetworkDefaults,
): NetworkChoice {
  const [text, ...others] = texts;
  const choice = parseFirst(text || defaults.network, defaults);
  if (others.length > 0 && (choice.network !== 'bridge' || isPrivate(text)))
    throw invalid(
      `cannot set multiple networks without bridge network mode, selected mode ${modeWord(text)}: invalid argument`,
    );
  const { networks = [], ...mode } = choice;
  const all = [...networks, ...others.map(parseFurther)];
  // Of a network that is named twice, what was said last counts.
  const attachments = [...new Map(all.map((one) => [one.network, one])).values()];
  const addressed = withFlags({ ...mode, networks: attachments }, flags, texts);
  assertDistinct(addressed);
  return addressed.length === 0 ? mode : { ...mode, networks: addressed };
}

/** What Podman takes for bridge without its being a network that others can be added to. */
function isPrivate(text: string | undefined): boolean {
  return text === '' || text === 'private';
}

function modeWord(text = ''): string {
  return isPrivate(text) ? 'private' : beforeColon(text);
}

function parseFirst(text: string, { defaultNetwork }: NetworkDefaults): NetworkChoice {
  if (text === 'none' || text === 'host') return { network: text };
  if (text === 'private') return { network: 'bridge', networks: [{ network: defaultNetwork }] };
  const joined = parseJoined(text);
  if (joined !== undefined) return { network: joined };
  const [name, options] = splitOnce(text, ':');
  switch (name) {
    case 'pasta':
      throw new BerthError(
        'unsupported',
        'invalid config provided: pasta networking is only supported for rootless mode or when inside a nested userns: use bridge',
      );
    case 'bridge':
      return { network: name, networks: [{ network: defaultNetwork, ...parseOptions(options ?? '') }] };
    case 'slirp4netns':
      throw new BerthError('unsupported', '--network slirp4netns: there is none here: use bridge');
    case 'pod':
      throw invalid(
        'cannot use pod namespace as container is not joining a pod or pod has no infra container: invalid argument',
      );
    default:
      return { network: 'bridge', networks: parseNamed(text) };
  }
}

/** `NAME:OPTIONS`, or `NAME,NAME…`. */
function parseNamed(text: string): NetworkAttachment[] {
  const [name, options] = splitOnce(text, ':');
  if (options !== undefined) return [attachment(name, options)];
  return text.split(',').map((one) => attachment(one));
}

function parseFurther(text: string): NetworkAttachment {
  const [name, options] = splitOnce(text, ':');
  if (name === '') throw invalid('network name cannot be empty: invalid argument');
  if (MODES.includes(name))
    throw invalid(
      `can only set extra network names, selected mode ${name} conflicts with bridge: invalid argument`,
    );
  return attachment(name, options);
}

function attachment(name: string, options = ''): NetworkAttachment {
  if (name === '') throw invalid('network name cannot be empty');
  const network = name === 'default' ? DEFAULT_NETWORK : name;
  try {
    return { network, ...parseOptions(options) };
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    throw invalid(`invalid option for network ${name}: ${error.message}`);
  }
}

/** `KEY=VALUE,…`. Podman hands keys that it does not know to netavark, for which they have no meaning. */
function parseOptions(text: string): Omit<NetworkAttachment, 'network'> {
  const options: Omit<NetworkAttachment, 'network'> = {};
  for (const option of text === '' ? [] : text.split(',')) {
    const [key, value = ''] = splitOnce(option, '=');
    switch (key) {
      case 'ip':
      case 'ip6':
        options.ips = [...(options.ips ?? []), address(value, `invalid ip address ${JSON.stringify(value)}`)];
        break;
      case 'mac':
        options.mac = parseMac(value);
        break;
      case 'alias':
        options.aliases = [...(options.aliases ?? []), parseAlias(value)];
        break;
      case 'interface_name':
        options.interfaceName = interfaceName(key, value);
        break;
      case 'host_interface_name':
        options.hostInterfaceName = interfaceName(key, value);
        break;
      default:
        throw invalid(
          `unknown option ${JSON.stringify(key)}: use ip, ip6, mac, alias, interface_name, host_interface_name`,
        );
    }
  }
  return options;
}

/** The networks with what the flags say of them. */
function withFlags(
  { network, networks = [] }: NetworkChoice,
  { ip, ip6, mac, aliases }: AddressFlags,
  texts: readonly string[],
): NetworkAttachment[] {
  const ips = Object.entries({ ip, ip6 }).filter(([, text]) => text !== '');
  const addresses = ips.map(([flag, text]) => {
    const parsed = address(text, `${JSON.stringify(text)} is not an ip address`);
    assertBridge(flag, network, texts);
    assertSingle(flag, networks);
    return parsed;
  });
  const macAddress = mac === '' ? undefined : parseMac(mac);
  if (macAddress !== undefined) {
    assertBridge('mac-address', network, texts);
    assertSingle('mac-address', networks);
  }
  const names = aliases.map(parseAlias);
  if (names.length > 0) assertBridge('network-alias', network, texts);
  return networks.map((one) => ({
    ...one,
    ...(addresses.length === 0 ? {} : { ips: [...(one.ips ?? []), ...addresses] }),
    ...(macAddress === undefined ? {} : { mac: macAddress }),
    ...(names.length === 0 ? {} : { aliases: names }),
  }));
}

function assertBridge(flag: string, network: NetworkMode, texts: readonly string[]): void {
  if (network === 'bridge' && !isPrivate(texts[0])) return;
  throw invalid(
    texts.length === 0
      ? 'invalid config provided: networks and static ip/mac address can only be used with Bridge mode networking'
      : `--${flag} can only be set when the network mode is bridge: invalid argument`,
  );
}

function assertSingle(flag: string, networks: readonly NetworkAttachment[]): void {
  if (networks.length === 1) return;
  throw invalid(`--${flag} can only be set for a single network: invalid argument`);
}

/** One address of each family in a network, and interfaces with names of their own. */
function assertDistinct(networks: readonly NetworkAttachment[]): void {
  for (const { network, ips = [] } of networks) {
    const families = ips.map((ip) => parseAddress(ip)?.family);
    if (new Set(families).size < families.length)
      throw invalid(
        `${ips.join(' and ')} in network ${network}: a container has one address of each family there`,
      );
  }
  const [inside, outside] = [networks.flatMap(inner), networks.flatMap(outer)];
  for (const names of [inside, outside]) {
    const double = names.find((name, index) => names.indexOf(name) !== index);
    if (double !== undefined)
      throw invalid(
        `network interface name ${JSON.stringify(double)} is already assigned to another network`,
      );
  }
}

const inner = ({ interfaceName: name }: NetworkAttachment): string[] => (name === undefined ? [] : [name]);
const outer = ({ hostInterfaceName: name }: NetworkAttachment): string[] =>
  name === undefined ? [] : [name];

/** As `network connect` has these flags. Throws BerthError 'invalid'. */
export function attachmentOf({ ip, ip6, mac, aliases }: AddressFlags): Omit<NetworkAttachment, 'network'> {
  const ips = Object.entries({ ip, ip6 }).flatMap(([flag, text]) => {
    const why = `invalid argument ${JSON.stringify(text)} for "--${flag}" flag: failed to parse IP: ${JSON.stringify(text)}`;
    return text === '' ? [] : [address(text, why)];
  });
  const attachment = {
    ...(ips.length === 0 ? {} : { ips }),
    ...(mac === '' ? {} : { mac: parseMac(mac) }),
    ...(aliases.length === 0 ? {} : { aliases: aliases.map(parseAlias) }),
  };
  assertDistinct([{ network: '', ...attachment }]);
  return attachment;
}

function address(text: string, refusal: string): string {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw invalid(refusal);
  return formatAddress(parsed);
}

/** Of an interface of Ethernet, with colons or dashes between its bytes or dots between pairs of them; not one of a group. */
export function parseMac(text: string): string {
  const form = /^([0-9a-f]{2}([:-][0-9a-f]{2}){5}|[0-9a-f]{4}(\.[0-9a-f]{4}){2})$/i;
  const isMixed = text.includes(':') && text.includes('-');
  const digits = text.replace(/[:.-]/g, '').toLowerCase();
  if (!form.test(text) || isMixed) throw invalid(`address ${text}: invalid MAC address`);
  if (Number.parseInt(digits.slice(0, 2), 16) % 2 === 1)
    throw invalid(`address ${text}: invalid MAC address: its first byte must be even`);
  return digits.match(/../g)?.join(':') ?? '';
}

/** A name that a name server can be asked for: without what separates names in its files. */
export function parseAlias(text: string): string {
  if (text === '') throw invalid('alias cannot be empty');
  if (/[\s,/\p{Cc}]/u.test(text)) throw invalid(`alias ${JSON.stringify(text)} is no name of a host`);
  return text;
}

/** The kernel's rules. */
function interfaceName(key: string, text: string): string {
  if (text === '') throw invalid(`${key} cannot be empty`);
  const isTaken = key === 'interface_name' && text === 'lo';
  if (/[\s/:\p{Cc}]/u.test(text) || Buffer.byteLength(text) > 15 || text === '.' || text === '..' || isTaken)
    throw invalid(
      `${key} ${JSON.stringify(text)} is no name of an interface: use 15 letters at most, and no / or :`,
    );
  return text;
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function beforeColon(text: string): string {
  return splitOnce(text, ':')[0];
}

function invalid(message: string): BerthError {
  return new BerthError('invalid', message);
}
