/** Networks as the lifecycle sees them: namespaces, netavark, addresses, and the ports of the host. */

import type { PortMapping } from '../model/network/network.ts';
import { leaseBook } from './leases.ts';
import { networkNamespaces } from './namespaces.ts';
import { assertInstalled, RUN_DIRECTORY, setUp, tearDown, updateServers } from './netavark.ts';
import type { Reserved } from './reserved-ports.ts';

export function networkDriver(runDir: string) {
  return {
    ...networkNamespaces(runDir),
    ...leaseBook(`${RUN_DIRECTORY}/ipam.db`),
    assertInstalled,
    setUp,
    tearDown,
    updateServers,
    /** Loaded only for a container that has ports. */
    reservePorts: async (mappings: readonly PortMapping[]): Promise<Reserved> =>
      (await import('./reserved-ports.ts')).reservePorts(mappings),
  };
}
