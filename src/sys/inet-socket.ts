/** Sockets of ip(7) that have a port and nothing else: to keep it from others, or to learn of one that is free. */
import { closeSync } from 'node:fs';
import type { IpAddress } from '../model/network/ip-address.ts';
import { systemCall } from './libc.ts';

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const IPPROTO_TCP = 6;
const IPPROTO_UDP = 17;
const IPPROTO_IPV6 = 41;
const IPPROTO_SCTP = 132;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const IPV6_V6ONLY = 26;

const socket = systemCall('int socket(int, int, int)');
const setsockopt = systemCall('int setsockopt(int, int, int, const void *, uint32)');
const bind = systemCall('int bind(int, const void *, uint32)');
const listen = systemCall('int listen(int, int)');
const getsockname = systemCall('int getsockname(int, _Out_ void *, _Inout_ void *)');

/** sctp(7): of the sockets that SCTP has, those that are like TCP's. */
const KINDS = {
  tcp: [SOCK_STREAM, IPPROTO_TCP],
  udp: [SOCK_DGRAM, IPPROTO_UDP],
  sctp: [SOCK_STREAM, IPPROTO_SCTP],
} as const;

/**
 * A socket that has the port to itself, of the address's family only; closed by closeSync(), and when a program is executed.
 * @param port 0: the kernel chooses
 * @throws an error with the code of socket(2) (EPROTONOSUPPORT: the kernel has no such protocol), bind(2) or listen(2)
 */
export function bindPort(protocol: keyof typeof KINDS, address: IpAddress, port: number): number {
  const [type, number] = KINDS[protocol];
  const isV6 = address.family === 6;
  const fd = socket(isV6 ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC, number);
  try {
    if (isV6) setOption(fd, IPPROTO_IPV6, IPV6_V6ONLY);
    // A connection of TCP that has ended a moment ago is no reason to wait for a minute: who listens is in the way all the same.
    if (protocol === 'tcp') setOption(fd, SOL_SOCKET, SO_REUSEADDR);
    const name = nameOf(address, port);
    bind(fd, name, name.length);
    // Only who listens has a port of TCP to itself (socket(7), SO_REUSEADDR).
    if (protocol === 'tcp') listen(fd, 0);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** The port that a socket is bound to. */
export function portOf(fd: number): number {
  const name = Buffer.alloc(28);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(name.length);
  getsockname(fd, name, length);
  return name.readUInt16BE(2);
}

function setOption(fd: number, level: number, option: number): void {
  const one = Buffer.alloc(4);
  one.writeInt32LE(1);
  setsockopt(fd, level, option, one, one.length);
}

/** struct sockaddr_in of ip(7), or struct sockaddr_in6 of ipv6(7). */
function nameOf({ family, value }: IpAddress, port: number): Buffer {
  const name = Buffer.alloc(family === 6 ? 28 : 16);
  name.writeUInt16LE(family === 6 ? AF_INET6 : AF_INET);
  name.writeUInt16BE(port, 2);
  if (family === 4) {
    name.writeUInt32BE(Number(value), 4);
    return name;
  }
  name.writeBigUInt64BE(value >> 64n, 8);
  name.writeBigUInt64BE(value & 0xffff_ffff_ffff_ffffn, 16);
  return name;
}
