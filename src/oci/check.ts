/**
 * What can be said against a config at create, rather than at its first start.
 */
import type { ContainerConfig } from '../model/config.ts';
import { hasNetwork } from '../model/network/names.ts';
import { ALL_CAPABILITIES, capabilitySets } from './capabilities.ts';
import { hostsText } from './files.ts';
import { rlimits } from './limits.ts';
import { containerMounts } from './mounts.ts';
import { commandOf } from './process.ts';
import { containerSysctls } from './sysctls.ts';

/**
 * Throws what generateSpec would throw for reasons that lie in the config alone: no command, contradicting or unknown
 * mount options, two mounts at one place, capabilities, ulimits, sysctls, entries of /etc/hosts. The user, limits' controllers, AppArmor
 * and seccomp depend on the root file system or the host and are not looked at.
 * @throws BerthError `usage` or `invalid`
 */
export function checkConfig(config: ContainerConfig): void {
  commandOf(config);
  containerMounts({ config, files: {} });
  capabilitySets({ ...config.security, uid: 0, hostBounding: ALL_CAPABILITIES });
  rlimits(config, { rlimits: { nofile: NO_LIMIT, nproc: NO_LIMIT }, capabilities: [] });
  containerSysctls(config);
  // In a network it is known when the container is in it which address `host-gateway` is.
  if (!hasNetwork(config)) hostsText(config, '');
}

const NO_LIMIT = { soft: Number.POSITIVE_INFINITY, hard: Number.POSITIVE_INFINITY };
