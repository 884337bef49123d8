/** Which ports of the host two mappings would both have. Pure. */
import type { ContainerConfig } from '../config.ts';
import { BerthError } from '../errors.ts';
import type { PortMapping } from './network.ts';

type Publishing = Pick<ContainerConfig, 'name' | 'ports'>;

/** The lowest port of the host that both lead to; undefined if there is none. A port that is still open is none. */
export function sharedHostPort(one: PortMapping, other: PortMapping): number | undefined {
  if (one.hostPort === 0 || other.hostPort === 0) return undefined;
  if (one.protocol !== other.protocol || !sharesAddress(one.hostIp, other.hostIp)) return undefined;
  const first = Math.max(one.hostPort, other.hostPort);
  return first < Math.min(endOf(one), endOf(other)) ? first : undefined;
}

/**
 * For a start: the error that a port of the container cannot be bound because another one has it, which names that one;
 * undefined if nothing of the kind is known. `others` are the containers that run; the container itself may be among them.
 * The kernel has the last word: a program that is no container may have the port.
 */
export function portClash(
  { name, ports = [] }: Publishing,
  others: readonly Publishing[],
): BerthError | undefined {
  for (const mapping of ports) {
    for (const other of others) {
      if (other.name === name) continue;
      for (const taken of other.ports ?? []) {
        const port = sharedHostPort(mapping, taken);
        if (port !== undefined) return addressInUse(mapping, port, other.name);
      }
    }
  }
  return undefined;
}

/** In Podman's words; `owner` is the container that has the port, where that is known. */
export function addressInUse(mapping: PortMapping, port: number, owner?: string): BerthError {
  const hint = owner === undefined ? '' : `: container ${owner} has it`;
  return new BerthError(
    'address-in-use',
    `${cannotListen(mapping, port)}: bind: address already in use${hint}`,
  );
}

/** What could not be done, in Podman's words; the reason is to follow. */
export function cannotListen({ protocol, hostIp }: PortMapping, port: number): string {
  const [family, address] = hostIp.includes(':') ? ['6', `[${hostIp}]`] : ['4', hostIp];
  const network = protocol === 'sctp' ? protocol : `${protocol}${family}`;
  return `cannot listen on the ${protocol.toUpperCase()} port: listen ${network} ${address}:${port}`;
}

/** All addresses of a family are also each of them. */
function sharesAddress(one: string, other: string): boolean {
  if (one.includes(':') !== other.includes(':')) return false;
  const isAny = (address: string): boolean => address === '' || address === '::';
  return one === other || isAny(one) || isAny(other);
}

function endOf({ hostPort, range }: PortMapping): number {
  return hostPort + range;
}
