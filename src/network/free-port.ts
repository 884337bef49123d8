/** Ports of the host that nobody has bound. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { isErrno } from '../model/errors.ts';
import type { PortMapping } from '../model/network.ts';

/** How often another port is tried before there seem to be none. */
const ATTEMPTS = 50;

/** A socket that is bound, and how it is closed. */
interface Bound {
  port: number;
  close(): Promise<void>;
}

/**
 * The first of `range` ports in a row that could be bound a moment ago; the kernel chooses. Undefined after some attempts.
 * A port of SCTP, for which Node has no sockets, is looked for among those of TCP.
 */
export async function freePort(
  wanted: PortMapping,
  isTaken: (port: number) => boolean,
): Promise<number | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const found = await tryOnce(wanted, isTaken);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function tryOnce(wanted: PortMapping, isTaken: (port: number) => boolean): Promise<number | undefined> {
  const bound: Bound[] = [];
  try {
    const first = await bind(wanted, 0);
    if (first === undefined) return undefined;
    bound.push(first);
    for (let port = first.port; port < first.port + wanted.range; port++) {
      if (port > 65_535 || isTaken(port)) return undefined;
      if (port === first.port) continue;
      const next = await bind(wanted, port);
      if (next === undefined) return undefined;
      bound.push(next);
    }
    return first.port;
  } finally {
    await Promise.all(bound.map(({ close }) => close()));
  }
}

/** Undefined if somebody has it. An address that the host has not yet stands for any. */
async function bind(
  { hostIp, protocol }: Pick<PortMapping, 'hostIp' | 'protocol'>,
  port: number,
): Promise<Bound | undefined> {
  const isV6 = hostIp.includes(':');
  const open = protocol === 'udp' ? bindUdp : bindTcp;
  try {
    return await open({ isV6, host: hostIp || '0.0.0.0', port });
  } catch (error) {
    if (isErrno(error, 'EADDRINUSE', 'EACCES')) return undefined;
    if (!isErrno(error, 'EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL') || hostIp === '') throw error;
    return bind({ hostIp: '', protocol }, port);
  }
}

interface Place {
  isV6: boolean;
  host: string;
  port: number;
}

async function bindTcp({ isV6, host, port }: Place): Promise<Bound> {
  const server = createServer();
  server.listen({ host, port, ipv6Only: isV6 });
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

async function bindUdp({ isV6, host, port }: Place): Promise<Bound> {
  const socket = createSocket({ type: isV6 ? 'udp6' : 'udp4', ipv6Only: isV6 });
  socket.bind({ address: host, port });
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}
