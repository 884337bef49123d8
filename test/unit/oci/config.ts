/** A plain container, and what a test wants otherwise. */
import type { ContainerConfig, SecurityConfig } from '../../../src/model/config.ts';
import type { HostFacts } from '../../../src/oci/host.ts';

export function config(
  changes: Partial<Omit<ContainerConfig, 'security'>> = {},
  security: Partial<SecurityConfig> = {},
): ContainerConfig {
  return {
    version: 1,
    id: '0123456789abcdef'.repeat(4),
    name: 'unit',
    createdAt: '2026-01-01T00:00:00.000Z',
    unit: 'berth-unit.service',
    rootfs: '/root-fs',
    entrypoint: [],
    command: ['true'],
    env: [],
    user: '',
    workdir: '/',
    hostname: 'box',
    labels: {},
    annotations: {},
    terminal: false,
    interactive: false,
    stopSignal: 15,
    stopTimeoutSeconds: 10,
    restart: { name: 'no', maximumRetryCount: 0 },
    autoRemove: false,
    mounts: [],
    network: 'none',
    readOnly: false,
    readOnlyTmpfs: true,
    shmSizeBytes: 1024,
    umask: 0o022,
    limits: {},
    runtime: '/usr/bin/crun',
    logDriver: 'none',
    createCommand: [],
    ...changes,
    security: {
      capAdd: [],
      capDrop: [],
      noNewPrivileges: false,
      seccomp: 'unconfined',
      mask: [],
      unmask: [],
      label: [],
      ...security,
    },
  };
}

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
