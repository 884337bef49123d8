/** Ports as typed: `--publish`, `--expose` and the EXPOSE of an image. Pure. Forms and words are Podman's (tried). */
import { BerthError } from '../errors.ts';
import { formatAddress, parseAddress } from './ip-address.ts';
import { PORT_PROTOCOLS, type PortMapping, type PortProtocol } from './network.ts';

const LAST_PORT = 65_535;

/**
 * `[[HOST-ADDRESS:]HOST-PORT[-END]:]PORT[-END][/PROTOCOL]`, an IPv6 address in brackets; the host's port is 0 where it is
 * left open. Throws BerthError 'invalid'.
 */
export function parsePublish(text: string): PortMapping {
  const [place = '', protocol, ...more] = text.split('/');
  if (more.length > 0) throw invalid('invalid port format - protocol can only be specified once');
  const { hostIp, hostPort, port } = splitPlace(place);
  if (port === '') throw invalid('must provide a non-empty container port to publish');
  const container = parseRange(port, 'parsing container port: ');
  if (protocol === '') throw invalid('must provide a non-empty protocol to publish');
  const address = hostIp === undefined ? '' : hostAddress(hostIp);
  const host =
    hostPort === undefined || hostPort === '' ? undefined : parseRange(hostPort, 'parsing host port: ');
  if (host !== undefined && host.range !== container.range)
    throw invalid(
      `host and container port ranges have different lengths: ${host.range} vs ${container.range}`,
    );
  return {
    hostIp: address,
    hostPort: host?.first ?? 0,
    containerPort: container.first,
    range: container.range,
    protocol: protocolOf(protocol ?? ''),
  };
}

/** The ports of `PORT[-END][/PROTOCOL]`, each as `PORT/PROTOCOL`. Throws BerthError 'invalid'. */
export function parseExpose(text: string): string[] {
  const [ports = '', ...protocols] = text.split('/');
  const badRange = (why: string): BerthError => invalid(`invalid range format for --expose: ${text}: ${why}`);
  if (ports === '') throw badRange('Empty string specified for ports.');
  const [start = '', end = start] = ports.split('-');
  for (const number of [start, end]) {
    if (!/^\d+$/.test(number)) throw badRange(parsing(number, 'ParseUint', 'invalid syntax'));
    if (Number(number) > LAST_PORT) throw badRange(parsing(number, 'ParseUint', 'value out of range'));
  }
  if (Number(end) < Number(start)) throw badRange(`Invalid range specified for the Port: ${ports}`);
  return exposed(ports, protocols);
}

/** The EXPOSE of an image. */
export function parseImageExpose(text: string): string[] {
  const [ports = '', ...protocols] = text.split('/');
  try {
    return exposed(ports, protocols);
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    throw invalid(`unable to convert image EXPOSE: ${error.message}`);
  }
}

function exposed(ports: string, [protocol = '', ...more]: string[]): string[] {
  if (more.length > 0) throw invalid('invalid expose format - protocol can only be specified once');
  const { first, range } = parseRange(ports);
  const known = protocolOf(protocol, `validating protocols for exposed port ${first}: `);
  return Array.from({ length: range }, (_, index) => `${first + index}/${known}`);
}

/** Each once, by number. */
export function sortExposed(ports: readonly string[]): string[] {
  const rank = (protocol: PortProtocol): number => PORT_PROTOCOLS.indexOf(protocol);
  return [...new Set(ports)]
    .map(splitExposed)
    .sort((a, b) => a.port - b.port || rank(a.protocol) - rank(b.protocol))
    .map(({ port, protocol }) => `${port}/${protocol}`);
}

/** Of a text that parseExpose has made. */
export function splitExposed(text: string): { port: number; protocol: PortProtocol } {
  const [port = '', protocol = ''] = text.split('/');
  return { port: Number(port), protocol: protocol as PortProtocol };
}

function splitPlace(text: string): { hostIp?: string; hostPort?: string; port: string } {
  const [before = '', after, ...more] = text.split(']');
  if (more.length > 0)
    throw invalid('invalid port format - at most one IPv6 address can be specified in a --publish');
  if (after !== undefined) return splitAfterAddress(before, after);
  const parts = text.split(':');
  const [port = '', hostPort, hostIp, ...others] = parts.toReversed();
  if (others.length > 0) throw invalid('invalid port format - format is [[hostIP:]hostPort:]containerPort');
  return {
    ...(hostIp === undefined ? {} : { hostIp }),
    ...(hostPort === undefined ? {} : { hostPort }),
    port,
  };
}

/** `[ADDRESS`, and `:HOST-PORT:PORT`. */
function splitAfterAddress(
  before: string,
  after: string,
): { hostIp: string; hostPort: string; port: string } {
  if (!before.startsWith('[')) throw invalid('invalid port format - IPv6 addresses must be enclosed by []');
  if (!after.startsWith(':'))
    throw invalid("invalid port format - IPv6 address must be followed by a colon (':')");
  const [hostPort = '', port, ...more] = after.slice(1).split(':');
  if (port === undefined)
    throw invalid('invalid port format - must provide host and destination port if specifying an IP');
  if (more.length > 0)
    throw invalid('invalid port format - when v6 address specified, must be [ipv6]:hostPort:ctrPort');
  return { hostIp: before.slice(1), hostPort, port };
}

/** Empty for all addresses of IPv4. */
function hostAddress(text: string): string {
  if (text === '') throw invalid('must provide a non-empty container host IP to publish');
  const address = parseAddress(text);
  if (address === undefined) throw invalid(`cannot parse ${JSON.stringify(text)} as an IP address`);
  return text === '0.0.0.0' ? '' : formatAddress(address);
}

function protocolOf(text: string, lead = ''): PortProtocol {
  const known = PORT_PROTOCOLS.find((protocol) => protocol === (text.toLowerCase() || 'tcp'));
  if (known === undefined)
    throw invalid(`${lead}unrecognized protocol ${JSON.stringify(text)} in port mapping`);
  return known;
}

/** `FIRST` or `FIRST-LAST`. */
function parseRange(text: string, lead = ''): { first: number; range: number } {
  const [start = '', end, ...more] = text.split('-');
  if (more.length > 0)
    throw invalid(`${lead}invalid port format - port ranges are formatted as startPort-stopPort`);
  if (start === '') throw invalid(`${lead}port numbers cannot be negative`);
  const first = parsePort(start, lead);
  if (end === undefined) return { first, range: 1 };
  if (end === '') throw invalid(`${lead}must provide ending number for port range`);
  const last = parsePort(end, lead);
  if (last <= first)
    throw invalid(
      `${lead}the end port of a range must be higher than the start port - ${last} is not higher than ${first}`,
    );
  return { first, range: last - first + 1 };
}

function parsePort(text: string, lead: string): number {
  if (!/^\+?\d+$/.test(text))
    throw invalid(`${lead}invalid port number: ${parsing(text, 'Atoi', 'invalid syntax')}`);
  const number = Number(text);
  if (!Number.isSafeInteger(number))
    throw invalid(`${lead}invalid port number: ${parsing(text, 'Atoi', 'value out of range')}`);
  if (number < 1 || number > LAST_PORT)
    throw invalid(`${lead}port numbers must be between 1 and ${LAST_PORT} (inclusive), got ${number}`);
  return number;
}

function parsing(text: string, parser: string, why: string): string {
  return `strconv.${parser}: parsing ${JSON.stringify(text)}: ${why}`;
}

function invalid(message: string): BerthError {
  return new BerthError('invalid', message);
}
