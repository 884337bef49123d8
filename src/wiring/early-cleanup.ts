/** The cleanup of berth-stop with its ports: a module of its own, so that it is loaded while nobody waits for it. */
import { cleanUpStopped } from '../lifecycle/early-cleanup.ts';
import type { BasePorts } from './base.ts';
import { networkPorts } from './network.ts';
import { rootfsPort } from './rootfs.ts';
import type { runtimePort } from './runtime.ts';
import { volumesPort } from './volumes.ts';

export function cleanUp(ports: BasePorts & ReturnType<typeof runtimePort>, id: string): Promise<void> {
  const { settings } = ports;
  return cleanUpStopped(
    { ...ports, ...rootfsPort(settings), ...volumesPort(settings), ...networkPorts(settings, ports) },
    id,
    { invocation: ports.host.unitRun().invocation, inUnit: true },
  );
}
