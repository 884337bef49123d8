/**
 * Kernel parameters of a container (`--sysctl`): only those that a namespace of its own keeps apart from the host.
 */
import type { ContainerConfig } from '../model/config.ts';
import { BerthError } from '../model/errors.ts';
import { hasNetwork } from '../model/network/names.ts';

/** Kept per IPC namespace (ipc_namespaces(7)), beside everything under fs.mqueue. */
const IPC = [
  'kernel.msgmax',
  'kernel.msgmnb',
  'kernel.msgmni',
  'kernel.sem',
  'kernel.shmall',
  'kernel.shmmax',
  'kernel.shmmni',
  'kernel.shm_rmid_forced',
];

/**
 * What was asked for, and in an own network namespace `ping` without CAP_NET_RAW for group 0, as Podman: the kernel's
 * own default lets nobody.
 * @throws BerthError `invalid` for a parameter that would change the host.
 */
export function containerSysctls({
  network,
  namespaces,
  sysctls = {},
}: ContainerConfig): Record<string, string> {
  for (const [key, value] of Object.entries(sysctls)) {
    const isNetwork = key.startsWith('net.');
    if (isNetwork && network === 'host') {
      throw new BerthError(
        'invalid',
        `sysctl ${key}=${value} can't be set since Network Namespace set to host: invalid argument`,
      );
    }
    if (!isNetwork && namespaces?.ipc === 'host') {
      throw new BerthError(
        'invalid',
        `sysctl ${key}=${value} can't be set since IPC Namespace set to host: invalid argument`,
      );
    }
    if (!isNetwork && !key.startsWith('fs.mqueue.') && !IPC.includes(key)) {
      throw new BerthError('invalid', `sysctl '${key}' is not allowed`);
    }
  }
  // A namespace that is joined has been set up by its owner.
  const isOwn = network === 'none' || hasNetwork({ network });
  return isOwn ? { 'net.ipv4.ping_group_range': '0 0', ...sysctls } : sysctls;
}
