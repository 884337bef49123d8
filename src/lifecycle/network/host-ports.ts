/** create: ports of the host for those that were left open. */
import type { ContainerConfig } from '../../model/config.ts';
import { BerthError } from '../../model/errors.ts';
import type { PortMapping } from '../../model/network/network.ts';
import type { Ports } from '../ports.ts';

/**
 * The config with a port of the host in every mapping. One that is open gets a port that nobody listens on and that no
 * other container of this instance has, whether or not it runs. Nothing holds it until the start.
 */
export async function withHostPorts(
  ports: Pick<Ports, 'store' | 'freePort'>,
  config: ContainerConfig,
): Promise<ContainerConfig> {
  const mappings = config.ports ?? [];
  if (mappings.every(({ hostPort }) => hostPort !== 0)) return config;
  const others = ports.store.listContainers().containers.flatMap((one) => one.config.ports ?? []);
  const chosen: PortMapping[] = [];
  for (const mapping of mappings) {
    if (mapping.hostPort !== 0) {
      chosen.push(mapping);
      continue;
    }
    const taken = [...others, ...mappings, ...chosen].filter(({ protocol }) => protocol === mapping.protocol);
    const hostPort = await ports.freePort(mapping, (port) =>
      taken.some((one) => port >= one.hostPort && port < one.hostPort + one.range),
    );
    if (hostPort === undefined) throw noPort(mapping);
    chosen.push({ ...mapping, hostPort });
  }
  return { ...config, ports: chosen };
}

function noPort({ containerPort, range }: PortMapping): BerthError {
  const among = range === 1 ? '' : `with range ${range} `;
  return new BerthError(
    'invalid',
    `failed to find an open port to expose container port ${containerPort} ${among}on the host`,
  );
}
