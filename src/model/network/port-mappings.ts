/** From the ports that were asked for to those that a container publishes. Pure. */
import type { NetworkMode } from '../config.ts';
import { BerthError } from '../errors.ts';
import { PORT_PROTOCOLS, type PortMapping } from './network.ts';
import { sharedHostPort } from './port-clash.ts';
import { splitExposed } from './publish.ts';

/** Has a container of that mode a network of its own that ports of the host can lead to? */
export function hasPorts(network: NetworkMode): boolean {
  return network === 'bridge';
}

/**
 * The mappings in an order of their own (by address as first named, protocol and port of the host), those joined that
 * follow or cover each other; those whose port of the host is open are last. Throws BerthError 'invalid' in Podman's words if
 * one port of the host were to lead to two: Podman 5.4 lets the last port of a range do that, and then cannot start.
 */
export function joinPorts(asked: readonly PortMapping[]): PortMapping[] {
  const groups = Map.groupBy(asked, ({ hostIp }) => hostIp);
  const joined = [...groups.values()].flatMap((ofAddress) =>
    PORT_PROTOCOLS.flatMap((protocol) => joinSorted(ofAddress.filter((one) => one.protocol === protocol))),
  );
  for (const [index, mapping] of joined.entries()) {
    for (const earlier of joined.slice(0, index)) {
      const port = sharedHostPort(earlier, mapping);
      if (port !== undefined)
        throw new BerthError(
          'invalid',
          `conflicting port mappings for host port ${port} (protocol ${mapping.protocol})`,
        );
    }
  }
  return joined;
}

function joinSorted(asked: readonly PortMapping[]): PortMapping[] {
  const sorted = asked.toSorted(
    (a, b) =>
      (a.hostPort || Number.POSITIVE_INFINITY) - (b.hostPort || Number.POSITIVE_INFINITY) ||
      a.containerPort - b.containerPort,
  );
  const joined: PortMapping[] = [];
  for (const mapping of sorted) {
    const last = joined.at(-1);
    const range = last === undefined ? undefined : joinedRange(last, mapping);
    if (last === undefined || range === undefined) joined.push({ ...mapping });
    else last.range = range;
  }
  return joined;
}

/**
 * How far the first one goes with the second, if it leads on to the same ports; the second starts no earlier. Of the ports
 * that are open, only the same ones are one.
 */
function joinedRange(first: PortMapping, second: PortMapping): number | undefined {
  if (first.hostPort !== 0 && second.hostPort === 0) return undefined;
  const ahead = second.hostPort - first.hostPort;
  if (ahead > first.range || ahead !== second.containerPort - first.containerPort) return undefined;
  return Math.max(first.range, ahead + second.range);
}

/** Is the exposed port (`PORT/PROTOCOL`) published? */
export function isPublished(ports: readonly PortMapping[], exposed: string): boolean {
  const { port, protocol } = splitExposed(exposed);
  return ports.some(
    ({ containerPort, range, protocol: own }) =>
      own === protocol && port >= containerPort && port < containerPort + range,
  );
}

/** `--publish-all`: mappings of the exposed ports that have none, with the host's port open. */
export function publishRest(ports: readonly PortMapping[], exposed: readonly string[]): PortMapping[] {
  return exposed
    .filter((one) => !isPublished(ports, one))
    .map((one) => {
      const { port, protocol } = splitExposed(one);
      return { hostIp: '', hostPort: 0, containerPort: port, range: 1, protocol };
    });
}
