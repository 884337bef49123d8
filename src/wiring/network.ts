/** Networks, as the lifecycle's ports. */
import type { Ports } from '../lifecycle/ports.ts';
import type { Settings } from '../model/settings.ts';
import { networkDefinitions } from '../network/definitions.ts';

/** Podman's for root: the networks are the host's, whatever instance of Berth uses them. */
const DEFINITIONS = '/etc/containers/networks';

export function networkPorts(
  { runDir }: Pick<Settings, 'runDir'>,
  base: Pick<Ports, 'now' | 'warn'>,
): Pick<Ports, 'networkFiles' | 'networkDriver' | 'freePort'> {
  return {
    networkFiles: networkDefinitions(DEFINITIONS, base),
    networkDriver: async () => (await import('../network/driver.ts')).networkDriver(runDir),
    freePort: async (...wanted) => (await import('../network/free-port.ts')).freePort(...wanted),
  };
}
