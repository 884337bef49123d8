/** Sockets of unix(7) that are no streams: datagrams (sd_notify(3)) and packets in sequence (conmon's attach socket). */
import { closeSync } from 'node:fs';
import { isErrno } from '../model/errors.ts';
import { declareStruct, systemCall } from './libc.ts';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_SEQPACKET = 5;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const SHUT_WR = 1;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;

const socket = systemCall('int socket(int, int, int)');
const connect = systemCall('int connect(int, const void *, uint32)');
const sendto = systemCall('int64 sendto(int, const void *, uint64, int, const void *, uint32)');
const sendmsg = systemCall('int64 sendmsg(int, const msghdr *, int)');
const shutdown = systemCall('int shutdown(int, int)');
const send = systemCall('int64 send(int, const void *, uint64, int)');
const recv = systemCall('int64 recv(int, _Out_ void *, uint64, int)');

/**
 * Sends one datagram; returns once it is in the receiver's queue.
 * @param name a path of at most 107 bytes, or `\0NAME` for an abstract one
 * @throws an error with the code of connect(2) or send(2)
 */
export function sendDatagram(name: string, message: Uint8Array): void {
  const fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  try {
    const address = addressOf(name);
    sendto(fd, message, message.length, MSG_NOSIGNAL, address, address.length);
  } finally {
    closeSync(fd);
  }
}

/** The same with a descriptor, which the receiver then has too (SCM_RIGHTS of unix(7)). */
export function sendDescriptor(name: string, message: Uint8Array, descriptor: number): void {
  declareStructs();
  const fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  try {
    const address = addressOf(name);
    // struct cmsghdr of cmsg(3), with one int, on a 64-bit machine.
    const control = Buffer.alloc(24);
    control.writeBigUInt64LE(20n, 0);
    control.writeInt32LE(SOL_SOCKET, 8);
    control.writeInt32LE(SCM_RIGHTS, 12);
    control.writeInt32LE(descriptor, 16);
    const header = {
      msg_name: address,
      msg_namelen: address.length,
      msg_iov: [{ iov_base: message, iov_len: message.length }],
      msg_iovlen: 1,
      msg_control: control,
      msg_controllen: control.length,
      msg_flags: 0,
    };
    sendmsg(fd, header, MSG_NOSIGNAL);
  } finally {
    closeSync(fd);
  }
}

let declared = false;

/** Of sendmsg(2). */
function declareStructs(): void {
  if (declared) return;
  declared = true;
  declareStruct('iovec', { iov_base: 'const void *', iov_len: 'uint64' });
  declareStruct('msghdr', {
    msg_name: 'const void *',
    msg_namelen: 'uint32',
    msg_iov: 'iovec *',
    msg_iovlen: 'uint64',
    msg_control: 'const void *',
    msg_controllen: 'uint64',
    msg_flags: 'int',
  });
}

/** A connection whose packets keep their borders. @throws an error with the code of connect(2) */
export function connectPackets(name: string): number {
  const fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  try {
    const address = addressOf(name);
    connect(fd, address, address.length);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Waits for the next packet, which is cut to the buffer's length; 0 when there will be none any more. */
export function receivePacket(fd: number, buffer: Uint8Array): number {
  try {
    return recv(fd, buffer, buffer.length, 0);
  } catch (error) {
    if (isErrno(error, 'ECONNRESET')) return 0; // the other side has been killed
    throw error;
  }
}

/** False when there is no room for it now. A packet that can never arrive counts as sent: its end is heard by receiving. */
export function sendPacket(fd: number, packet: Uint8Array): boolean {
  try {
    send(fd, packet, packet.length, MSG_NOSIGNAL | MSG_DONTWAIT);
    return true;
  } catch (error) {
    return !isErrno(error, 'EAGAIN');
  }
}

/** No packet will be sent any more. */
export function endSending(fd: number): void {
  try {
    shutdown(fd, SHUT_WR);
  } catch {
    // ENOTCONN: the other side was first.
  }
}

/** struct sockaddr_un of unix(7). */
function addressOf(name: string): Buffer {
  const address = Buffer.alloc(2 + Buffer.byteLength(name) + (name.startsWith('\0') ? 0 : 1));
  address.writeUInt16LE(AF_UNIX);
  address.write(name, 2);
  return address;
}
