/** The ports of the host that a container publishes, while it is being started. */
import type { ContainerConfig } from '../model/config.ts';
import { BerthError } from '../model/errors.ts';
import { portClash } from '../model/port-clash.ts';
import { networkRecord } from './network-record.ts';
import type { Ports, ReservedPorts } from './ports.ts';

/**
 * Binds them all; the sockets are to be given to conmon, and then released. Throws BerthError 'address-in-use', exit code
 * 126, with the name of the container that has the port, if one has it.
 */
export async function holdPorts(
  ports: Pick<Ports, 'networkDriver' | 'store' | 'host' | 'runtime'>,
  config: ContainerConfig,
): Promise<ReservedPorts> {
  try {
    return await (await ports.networkDriver()).reservePorts(config.ports ?? []);
  } catch (error) {
    if (!(error instanceof BerthError) || error.code !== 'address-in-use') throw error;
    const inNetworks = ports.store
      .listContainers()
      .containers.filter((other) => networkRecord(ports, other.config.id) !== undefined);
    throw (
      portClash(
        config,
        inNetworks.map((other) => other.config),
      ) ?? error
    );
  }
}
