/** Users and a host to make specs for. */
import type { HostFacts } from '../../../src/oci/host.ts';

export const ROOT = { uid: 0, gid: 0, additionalGids: [0], home: '/root', name: 'root' };
export const APP = { uid: 1000, gid: 1000, additionalGids: [1000, 2000], home: '/home/app', name: 'app' };

export const HOST: HostFacts = {
  arch: 'x64',
  kernelVersion: '6.12.48',
  capabilities: ['CAP_CHOWN', 'CAP_KILL', 'CAP_SYS_ADMIN'],
  rlimits: { nofile: { soft: 1024, hard: 4096 }, nproc: { soft: 100, hard: 200 } },
  apparmorEnabled: false,
  cgroupControllers: ['cpu', 'memory', 'pids'],
};
