/** Ports of the host that nobody has bound. */
import { closeSync } from 'node:fs';
import { isErrno } from '../model/errors.ts';
import { type IpAddress, parseAddress } from '../model/network/ip-address.ts';
import type { PortMapping } from '../model/network/network.ts';
import { bindPort, portOf } from '../sys/inet-socket.ts';

/** How often another port is tried before there seem to be none. */
const ATTEMPTS = 50;

const ANY: IpAddress = { family: 4, value: 0n };

/** The first of `range` ports in a row that could be bound a moment ago; the kernel chooses. Undefined after some attempts. */
export function freePort(wanted: PortMapping, isTaken: (port: number) => boolean): number | undefined {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const found = tryOnce(wanted, isTaken);
    if (found !== undefined) return found;
  }
  return undefined;
}

function tryOnce(
  { hostIp, protocol, range }: PortMapping,
  isTaken: (port: number) => boolean,
): number | undefined {
  const address = parseAddress(hostIp) ?? ANY;
  const bound: number[] = [];
  try {
    const any = tryBind(protocol, address, 0);
    if (any === undefined) return undefined;
    bound.push(any);
    const first = portOf(any);
    for (let port = first; port < first + range; port++) {
      if (port > 65_535 || isTaken(port)) return undefined;
      if (port === first) continue;
      const next = tryBind(protocol, address, port);
      if (next === undefined) return undefined;
      bound.push(next);
    }
    return first;
  } finally {
    for (const fd of bound) closeSync(fd);
  }
}

/** Undefined if somebody has it. An address that the host has not yet stands for any, and TCP for an SCTP that the kernel has not. */
function tryBind(protocol: PortMapping['protocol'], address: IpAddress, port: number): number | undefined {
  try {
    return bindPort(protocol, address, port);
  } catch (error) {
    if (isErrno(error, 'EADDRINUSE', 'EACCES')) return undefined;
    if (protocol === 'sctp' && isErrno(error, 'EPROTONOSUPPORT')) return tryBind('tcp', address, port);
    if (!isErrno(error, 'EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL') || address === ANY) throw error;
    return tryBind(protocol, ANY, port);
  }
}
