/** Everything about this host that an OCI spec depends on, read when a container is started. */
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import type { ContainerConfig } from '../model/config.ts';
import { BerthError, isErrno, messageOf } from '../model/errors.ts';
import { capabilitiesOfMask } from '../oci/capabilities.ts';
import type { HostFacts } from '../oci/host.ts';
import type { SeccompProfile } from '../oci/seccomp.ts';
import { availableControllers } from '../sys/cgroup.ts';
import { readFileIfAny } from '../sys/files.ts';
import { capabilityBoundingMask, readLimits } from '../sys/proc.ts';
import { isSelinuxEnabled } from '../sys/selinux.ts';

/** The profile of Debian's golang-github-containers-common; /etc overrides it (containers.conf(5), seccomp_profile). */
export const SECCOMP_PROFILES = ['/etc/containers/seccomp.json', '/usr/share/containers/seccomp.json'];

const UNLIMITED = { soft: Number.POSITIVE_INFINITY, hard: Number.POSITIVE_INFINITY };

export function hostFacts(config: ContainerConfig): HostFacts {
  const limits = readLimits();
  const seccompProfile = readSeccomp(config.security.seccomp);
  return {
    arch: process.arch,
    kernelVersion: release(),
    capabilities: hostCapabilities(),
    rlimits: { nofile: limits['open files'] ?? UNLIMITED, nproc: limits.processes ?? UNLIMITED },
    ...(seccompProfile === undefined ? {} : { seccompProfile }),
    apparmorEnabled: isAppArmorEnabled(),
    selinuxEnabled: config.selinux !== undefined && isSelinuxEnabled(),
    cgroupControllers: availableControllers(),
  };
}

/** The bounding set of this process. */
export function hostCapabilities(): string[] {
  return capabilitiesOfMask(capabilityBoundingMask());
}

export function isAppArmorEnabled(): boolean {
  return readFileIfAny('/sys/module/apparmor/parameters/enabled')?.trim() === 'Y';
}

function readSeccomp(seccomp: ContainerConfig['security']['seccomp']): SeccompProfile | undefined {
  if (seccomp === 'unconfined') return undefined;
  for (const file of seccomp === 'default' ? SECCOMP_PROFILES : [seccomp.path]) {
    try {
      return JSON.parse(readFileSync(file, 'utf8')) as SeccompProfile;
    } catch (error) {
      if (isErrno(error, 'ENOENT') && seccomp === 'default') continue;
      throw new BerthError('invalid', `cannot read the seccomp profile ${file}: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }
  return undefined;
}
