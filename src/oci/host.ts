/** What a spec depends on besides the container: facts of the host and of the process that starts the runtime. */
import type { LimitPair } from './limits.ts';
import type { SeccompProfile } from './seccomp.ts';

export interface HostFacts {
  /** process.arch */
  arch: string;
  /** `uname -r` */
  kernelVersion: string;
  /** The bounding set of the process that starts the runtime. */
  capabilities: readonly string[];
  /** Of that process. */
  rlimits: { nofile: LimitPair; nproc: LimitPair };
  /** What security.seccomp names, parsed; needed unless unconfined or privileged. */
  seccompProfile?: SeccompProfile;
  apparmorEnabled: boolean;
  /** May labels be set? Of a container that has none it need not be known. */
  selinuxEnabled?: boolean;
  /** A profile that is loaded and meant for containers; for those that name none. */
  apparmorProfile?: string;
  /** `cgroup.controllers` of the cgroup in which the container's will be made. */
  cgroupControllers: readonly string[];
}
