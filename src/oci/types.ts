/**
 * The parts of the OCI runtime specification 1.2 that Berth writes. Field names are the specification's:
 * https://github.com/opencontainers/runtime-spec/tree/v1.2.0, config.md and config-linux.md.
 */

import type { DeviceNode, DeviceRule } from '../model/device.ts';
import type { Hook, RuntimeStage } from './hooks.ts';

export interface Spec {
  ociVersion: string;
  process: Process;
  root: { path: string; readonly: boolean };
  /** Only with a UTS namespace of the container's own. */
  hostname?: string;
  mounts: Mount[];
  annotations: Record<string, string>;
  linux: Linux;
  hooks?: Partial<Record<RuntimeStage, Hook[]>>;
}

export interface Process {
  terminal: boolean;
  user: User;
  args: string[];
  /** KEY=value, each key once. */
  env: string[];
  cwd: string;
  capabilities: CapabilitySets;
  rlimits: Rlimit[];
  noNewPrivileges: boolean;
  apparmorProfile?: string;
  selinuxLabel?: string;
  oomScoreAdj?: number;
}

export interface User {
  uid: number;
  gid: number;
  umask: number;
  additionalGids: number[];
}

export interface CapabilitySets {
  bounding: string[];
  effective: string[];
  permitted: string[];
  inheritable: string[];
  ambient: string[];
}

/** Infinity = unlimited, see serializeSpec. */
export interface Rlimit {
  type: string;
  soft: number;
  hard: number;
}

export interface Mount {
  destination: string;
  type: string;
  source: string;
  options: string[];
}

export interface Linux {
  namespaces: Namespace[];
  /** Of the user namespace. */
  uidMappings?: IdMapping[];
  gidMappings?: IdMapping[];
  cgroupsPath: string;
  resources: Resources;
  devices?: DeviceNode[];
  sysctl?: Record<string, string>;
  seccomp?: Seccomp;
  maskedPaths: string[];
  readonlyPaths: string[];
  /** SELinux's, of what the runtime mounts. */
  mountLabel?: string;
  personality?: { domain: 'LINUX' | 'LINUX32' };
  intelRdt?: { closID: string };
  /** `rslave` is not in the specification, see generateSpec. */
  rootfsPropagation?: 'shared' | 'rslave';
}

export interface Namespace {
  type: 'pid' | 'network' | 'ipc' | 'uts' | 'mount' | 'cgroup' | 'user' | 'time';
  path?: string;
}

export interface IdMapping {
  containerID: number;
  hostID: number;
  size: number;
}

export interface Resources {
  devices: DeviceRule[];
  memory?: { limit?: number; swap?: number; reservation?: number };
  cpu?: { shares?: number; quota?: number; period?: number; cpus?: string; mems?: string };
  blockIO?: BlockIo;
  pids?: { limit: number };
  /** Files of the control group, cgroup v2. */
  unified?: Record<string, string>;
}

export interface BlockIo {
  weight?: number;
  weightDevice?: { major: number; minor: number; weight: number }[];
  throttleReadBpsDevice?: Throttle[];
  throttleWriteBpsDevice?: Throttle[];
  throttleReadIOPSDevice?: Throttle[];
  throttleWriteIOPSDevice?: Throttle[];
}

export interface Throttle {
  major: number;
  minor: number;
  /** Per second. */
  rate: number;
}

export interface Seccomp {
  defaultAction: string;
  defaultErrnoRet?: number;
  architectures: string[];
  flags?: string[];
  syscalls: SeccompRule[];
}

export interface SeccompRule {
  names: string[];
  action: string;
  errnoRet?: number;
  args?: SeccompArgument[];
}

export interface SeccompArgument {
  index: number;
  value: number;
  valueTwo?: number;
  op: string;
}
