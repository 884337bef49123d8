/** The ports of the host that a container publishes, while it is being started. */
import type { ContainerConfig } from '../../model/config.ts';
import { BerthError } from '../../model/errors.ts';
import { portClash } from '../../model/network/port-clash.ts';
import type { Ports, ReservedPorts } from '../ports.ts';
import { networkRecord } from './record.ts';

type ClashPorts = Pick<Ports, 'store' | 'host' | 'runtime'>;

/**
 * Binds them all; the sockets are to be given to conmon, and then released. Throws BerthError 'address-in-use', exit code
 * 126, with the name of the container that has the port, if one has it.
 */
export async function holdPorts(
  ports: ClashPorts & Pick<Ports, 'networkDriver'>,
  config: ContainerConfig,
): Promise<ReservedPorts> {
  try {
    return await (await ports.networkDriver()).reservePorts(config.ports ?? []);
  } catch (error) {
    if (!(error instanceof BerthError) || error.code !== 'address-in-use') throw error;
    throw clashWithRunning(ports, config) ?? error;
  }
}

/**
 * Throws BerthError 'address-in-use' for a port of SCTP that another container has in its networks: many kernels have no
 * sockets of SCTP to hold it with. To be called in the transaction in which this container's own record is written.
 */
export function assertNoSctpClash(ports: ClashPorts, config: ContainerConfig): void {
  const sctp = (config.ports ?? []).filter(({ protocol }) => protocol === 'sctp');
  if (sctp.length === 0) return;
  const clash = clashWithRunning(ports, { ...config, ports: sctp });
  if (clash !== undefined) throw clash;
}

function clashWithRunning(ports: ClashPorts, config: ContainerConfig): BerthError | undefined {
  const inNetworks = ports.store
    .listContainers()
    .containers.filter((other) => networkRecord(ports, other.config.id) !== undefined);
  return portClash(
    config,
    inNetworks.map((other) => other.config),
  );
}
