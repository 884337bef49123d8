/** Published and exposed ports as `ps`, `port` and `inspect` show them. Pure. */
import type { ContainerConfig } from '../config.ts';
import { BerthError } from '../errors.ts';
import { sortedMap } from '../go-map.ts';
import { PORT_PROTOCOLS, type PortMapping } from './network.ts';
import { isPublished } from './port-mappings.ts';
import { sortExposed, splitExposed } from './publish.ts';

/** The PORTS of `ps`: `0.0.0.0:8080-8081->80-81/tcp, 90-92/tcp`. */
export function portsColumn(ports: readonly PortMapping[] = [], exposed: readonly string[] = []): string {
  const published = ports.map(({ hostIp, hostPort, containerPort, range, protocol }) => {
    const from = `${shownAddress(hostIp)}:${rangeText(hostPort, range)}`;
    return `${from}->${rangeText(containerPort, range)}/${protocol}`;
  });
  return [...published, ...exposedRanges(exposed.filter((one) => !isPublished(ports, one)))].join(', ');
}

/** Ports that follow each other as one range, by the protocol's name. */
function exposedRanges(exposed: readonly string[]): string[] {
  const sorted = sortExposed(exposed).map(splitExposed);
  return PORT_PROTOCOLS.toSorted().flatMap((protocol) => {
    const ranges: { first: number; range: number }[] = [];
    for (const { port } of sorted.filter((one) => one.protocol === protocol)) {
      const last = ranges.at(-1);
      if (last !== undefined && last.first + last.range === port) last.range++;
      else ranges.push({ first: port, range: 1 });
    }
    return ranges.map(({ first, range }) => `${rangeText(first, range)}/${protocol}`);
  });
}

function rangeText(first: number, range: number): string {
  return range === 1 ? String(first) : `${first}-${first + range - 1}`;
}

function shownAddress(hostIp: string): string {
  return hostIp === '' ? '0.0.0.0' : hostIp;
}

/** A mapping as `ps --format json` has it. */
export function listedPort({ hostIp, hostPort, containerPort, range, protocol }: PortMapping): object {
  return { host_ip: hostIp, container_port: containerPort, host_port: hostPort, range, protocol };
}

/** Protocols by number. */
export function listedExposed(exposed: readonly string[] = []): Record<string, string[]> | null {
  if (exposed.length === 0) return null;
  const byPort = Map.groupBy(exposed.map(splitExposed), ({ port }) => port);
  return Object.fromEntries(
    [...byPort].map(([port, ofPort]) => [String(port), ofPort.map(({ protocol }) => protocol)]),
  );
}

/** Every port of the container with where it leads from: one mapping each. */
function singlePorts(ports: readonly PortMapping[]): { key: string; ip: string; port: number }[] {
  return ports.flatMap(({ hostIp, hostPort, containerPort, range, protocol }) =>
    Array.from({ length: range }, (_, index) => ({
      key: `${containerPort + index}/${protocol}`,
      ip: shownAddress(hostIp),
      port: hostPort + index,
    })),
  );
}

/** `NetworkSettings.Ports`, and `HostConfig.PortBindings` without the exposed ones. */
export function inspectPorts(
  ports: readonly PortMapping[] = [],
  exposed: readonly string[] = [],
): Record<string, object[] | null> {
  const bindings = new Map<string, object[] | null>();
  for (const { key, ip, port } of singlePorts(ports))
    bindings.set(key, [...(bindings.get(key) ?? []), { HostIp: ip, HostPort: String(port) }]);
  for (const key of exposed) if (!bindings.has(key)) bindings.set(key, null);
  return sortedMap([...bindings]);
}

/** `Config.ExposedPorts`: what is published is exposed, too. */
export function inspectExposed({
  ports,
  exposedPorts,
}: Pick<ContainerConfig, 'ports' | 'exposedPorts'>): Record<string, object> {
  const all = inspectPorts(ports, exposedPorts);
  return Object.fromEntries(Object.keys(all).map((key) => [key, {}]));
}

/** A port that `port` is asked for. */
export interface AskedPort {
  text: string;
  port: number;
  /** As typed: one that is in capitals is none that is known. */
  protocol: string;
}

/** `80`, `80/udp`. Throws BerthError 'usage'. */
export function parseAskedPort(text: string): AskedPort {
  const [number = '', protocol = 'tcp', ...more] = text.split('/');
  if (more.length > 0) throw new BerthError('usage', `port formats are port/protocol. '${text}' is invalid`);
  const parsing = `strconv.ParseUint: parsing ${JSON.stringify(number)}`;
  if (!/^\d+$/.test(number))
    throw new BerthError('usage', `${parsing}: invalid syntax: write a number up to 65535`);
  if (Number(number) > 65_535)
    throw new BerthError('usage', `${parsing}: value out of range: write a number up to 65535`);
  return { text, port: Number(number), protocol };
}

/** What `port` prints of one container: every port, or where the one that is asked for leads from. */
export function portLines(ports: readonly PortMapping[] = [], asked?: AskedPort): string[] {
  const single = singlePorts(ports);
  if (asked === undefined) return single.map(({ key, ip, port }) => `${key} -> ${ip}:${port}`);
  const found = single.filter(({ key }) => key === `${asked.port}/${asked.protocol}`);
  if (found.length === 0 && ports.length > 0)
    throw new BerthError('invalid', `failed to find published port ${JSON.stringify(asked.text)}`);
  return found.map(({ ip, port }) => `${ip}:${port}`);
}
