/** Containers, requests and images that are nothing special, and what a test wants otherwise. */
import type { ContainerConfig, SecurityConfig } from '../../src/model/config.ts';
import type { CreateRequest } from '../../src/model/create-config.ts';
import type { ImageConfig } from '../../src/model/image/image.ts';

/** What create asks for when no flag says otherwise. */
export const SECURITY: SecurityConfig = {
  capAdd: [],
  capDrop: [],
  noNewPrivileges: false,
  seccomp: 'default',
  mask: [],
  unmask: [],
  label: [],
};

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
    security: { ...SECURITY, seccomp: 'unconfined', ...security },
  };
}

/** What `berth create IMAGE` asks for. */
export function createRequest(image: string): CreateRequest {
  return {
    image,
    rootfs: false,
    command: [],
    env: [],
    labels: {},
    annotations: {},
    terminal: false,
    interactive: false,
    stopTimeoutSeconds: 10,
    restart: { name: 'no', maximumRetryCount: 0 },
    autoRemove: false,
    mounts: [],
    network: 'none',
    readOnly: false,
    readOnlyTmpfs: true,
    shmSizeBytes: 65_536_000, // Podman’s default, which is not its 64m
    umask: 0o022,
    security: SECURITY,
    limits: {},
    health: { disabled: false },
    logDriver: 'journald',
    replace: false,
    pull: 'missing',
    createCommand: ['berth', 'create', image],
  };
}

/** An image whose config says no more than what to run. */
export const IMAGE_CONFIG: ImageConfig = {
  architecture: 'amd64',
  os: 'linux',
  user: '',
  env: [],
  entrypoint: [],
  cmd: ['sh'],
  workingDir: '',
  labels: {},
  exposedPorts: [],
  volumes: [],
  diffIds: [],
  history: [],
};
