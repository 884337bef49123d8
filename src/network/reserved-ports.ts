/** Sockets that keep a container's ports of the host from everybody else. */
import { closeSync } from 'node:fs';
import { BerthError, isErrno, messageOf } from '../model/errors.ts';
import { parseAddress } from '../model/network/ip-address.ts';
import type { PortMapping } from '../model/network/network.ts';
import { addressInUse, cannotListen } from '../model/network/port-clash.ts';
import { bindPort } from '../sys/inet-socket.ts';

export interface Reserved {
  /** To be inherited by conmon, which keeps them open until the payload has ended. */
  fds: number[];
  /** Closes this process's own. */
  release(): void;
}

/**
 * Binds each port; nothing is ever taken from these sockets, since the firewall leads packets past them. Throws BerthError
 * 'address-in-use', with nothing bound. A kernel without SCTP has no sockets of it, for nobody: such a port is not held. (One
 * that has it as a module loads it for the first of them, as it would for the container's own.)
 */
export function reservePorts(mappings: readonly PortMapping[]): Reserved {
  const fds: number[] = [];
  const release = (): void => {
    for (const fd of fds.splice(0)) closeSync(fd);
  };
  try {
    for (const mapping of mappings)
      for (let offset = 0; offset < mapping.range; offset++)
        fds.push(...hold(mapping, mapping.hostPort + offset));
  } catch (error) {
    release();
    throw error;
  }
  return { fds: [...fds], release };
}

/** One descriptor, or none. */
function hold(mapping: PortMapping, port: number): number[] {
  const { hostIp, protocol } = mapping;
  const address = parseAddress(hostIp || '0.0.0.0');
  if (address === undefined) throw new BerthError('invalid', `${hostIp} is no address of a port`);
  try {
    return [bindPort(protocol, address, port)];
  } catch (error) {
    if (protocol === 'sctp' && isErrno(error, 'EPROTONOSUPPORT')) return [];
    throw explain(error, mapping, port);
  }
}

/** In Podman's words, which are Go's. */
function explain(error: unknown, mapping: PortMapping, port: number): BerthError {
  if (isErrno(error, 'EADDRINUSE')) return addressInUse(mapping, port);
  const why = isErrno(error, 'EADDRNOTAVAIL') ? 'bind: cannot assign requested address' : messageOf(error);
  return new BerthError('network', `${cannotListen(mapping, port)}: ${why}`, { exitCode: 126, cause: error });
}
