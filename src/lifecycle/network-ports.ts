/** The ports of the host that a container publishes, while it is being started. */
import type { ContainerConfig } from '../model/config.ts';
import type { Ports, ReservedPorts } from './ports.ts';

/** Binds them all; throws BerthError 'address-in-use'. The sockets are to be given to conmon, and then released. */
export async function holdPorts(
  ports: Pick<Ports, 'networkDriver'>,
  { ports: mappings = [] }: ContainerConfig,
): Promise<ReservedPorts> {
  return (await ports.networkDriver()).reservePorts(mappings);
}
