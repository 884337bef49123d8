/** What the host says of itself, for `info`. */
import { existsSync, statfsSync } from 'node:fs';
import { availableParallelism, hostname, release } from 'node:os';
import { imageArchitecture } from '../model/image/image.ts';
import type { HostReport, ProgramReport } from '../model/info.ts';
import { networkProgram } from '../network/programs.ts';
import { DEFAULT_CAPABILITIES } from '../oci/capabilities.ts';
import { storagePaths } from '../storage/paths.ts';
import { availableControllers } from '../sys/cgroup.ts';
import { readFileIfAny } from '../sys/files.ts';
import { mountOf } from '../sys/mountinfo.ts';
import { packageOf } from '../sys/package-of.ts';
import { isSelinuxEnabled } from '../sys/selinux.ts';
import { run } from '../sys/spawn.ts';
import { isAppArmorEnabled, SECCOMP_PROFILES } from './host-facts.ts';

/** The host, the file system of a state directory, and programs by their paths. */
export async function hostReport(
  stateDir: string,
  { conmon, runtime }: { conmon: string | undefined; runtime: string | undefined },
): Promise<HostReport> {
  const read = (file: string): string => readFileIfAny(file) ?? '';
  const { bsize, blocks, bfree } = statfsSync(stateDir);
  return {
    arch: imageArchitecture(process.arch),
    os: process.platform,
    hostname: hostname(),
    kernel: release(),
    cpus: availableParallelism(),
    cgroupVersion: existsSync('/sys/fs/cgroup/cgroup.controllers') ? 'v2' : 'v1',
    cgroupControllers: availableControllers(),
    stat: read('/proc/stat'),
    meminfo: read('/proc/meminfo'),
    uptime: read('/proc/uptime'),
    osRelease: readFileIfAny('/etc/os-release') ?? read('/usr/lib/os-release'),
    security: {
      apparmorEnabled: isAppArmorEnabled(),
      selinuxEnabled: isSelinuxEnabled(),
      seccompEnabled: existsSync('/proc/sys/kernel/seccomp'),
      seccompProfilePath: SECCOMP_PROFILES.find((file) => existsSync(file)) ?? '',
    },
    capabilities: DEFAULT_CAPABILITIES,
    conmon: await programReport(conmon),
    runtime: await programReport(runtime),
    netavark: await programReport(networkProgram('netavark')),
    aardvark: await programReport(networkProgram('aardvark-dns')),
    disk: {
      type: mountOf(stateDir)?.fsType ?? '',
      allocated: blocks * bsize,
      used: (blocks - bfree) * bsize,
    },
    staging: storagePaths(stateDir).staging,
  };
}

async function programReport(file: string | undefined): Promise<ProgramReport | undefined> {
  if (file === undefined) return undefined;
  const [owner, version] = await Promise.all([packageOf(file), run(file, ['--version'])]);
  return { package: owner, path: file, version: version.stdout.trim() };
}
