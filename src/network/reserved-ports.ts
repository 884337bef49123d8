/** Sockets that keep a container's ports of the host from everybody else. */
import { createSocket, type Socket } from 'node:dgram';
import { createServer, type Server } from 'node:net';
import { BerthError, isErrno, messageOf } from '../model/errors.ts';
import type { PortMapping } from '../model/network.ts';

export interface Reserved {
  /** To be inherited by conmon, which keeps them open until the payload has ended. */
  fds: number[];
  /** Closes this process's own. */
  release(): void;
}

/**
 * Binds each port; nothing is ever taken from these sockets, since the firewall leads packets past them. Throws BerthError
 * 'address-in-use', with nothing bound. Ports of SCTP are not held: Node has no such sockets.
 */
export async function reservePorts(mappings: readonly PortMapping[]): Promise<Reserved> {
  const held: { fd: number; close(): void }[] = [];
  try {
    for (const mapping of mappings) {
      for (let offset = 0; offset < mapping.range; offset++) {
        const port = mapping.hostPort + offset;
        if (mapping.protocol === 'tcp') held.push(await listen(mapping.hostIp, port));
        if (mapping.protocol === 'udp') held.push(await bind(mapping.hostIp, port));
      }
    }
  } catch (error) {
    for (const one of held) one.close();
    throw error;
  }
  return {
    fds: held.map(({ fd }) => fd),
    release: () => {
      for (const one of held) one.close();
    },
  };
}

async function listen(address: string, port: number): Promise<{ fd: number; close(): void }> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(explain(error, 'tcp', 'listen', address, port)));
    server.listen({ port, host: address || '0.0.0.0', ipv6Only: true }, resolve);
  });
  return { fd: fdOf(server), close: () => server.close() };
}

async function bind(address: string, port: number): Promise<{ fd: number; close(): void }> {
  const isV6 = address.includes(':');
  const socket = createSocket({ type: isV6 ? 'udp6' : 'udp4', ipv6Only: isV6 });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', (error) => reject(explain(error, 'udp', 'listen', address, port)));
    socket.bind({ port, address: address || '0.0.0.0', exclusive: true }, resolve);
  });
  return { fd: fdOf(socket), close: () => socket.close() };
}

/** Node names no descriptor of a socket but by its handle, as net.Server's own `listen(handle)` takes it. */
function fdOf(socket: Server | Socket): number {
  const handle = (socket as unknown as { _handle?: { fd?: number } })._handle;
  if (handle?.fd === undefined || handle.fd < 0) throw new Error('a bound socket has no descriptor');
  return handle.fd;
}

/** In Podman's words, which are Go's. */
function explain(error: Error, protocol: string, call: string, address: string, port: number): BerthError {
  const family = address.includes(':') ? 6 : 4;
  const place = `${address.includes(':') ? `[${address}]` : address}:${port}`;
  const why = isErrno(error, 'EADDRINUSE')
    ? 'bind: address already in use'
    : isErrno(error, 'EADDRNOTAVAIL')
      ? 'bind: cannot assign requested address'
      : messageOf(error);
  return new BerthError(
    isErrno(error, 'EADDRINUSE') ? 'address-in-use' : 'network',
    `cannot listen on the ${protocol.toUpperCase()} port: ${call} ${protocol}${family} ${place}: ${why}`,
    { exitCode: 126, cause: error },
  );
}
