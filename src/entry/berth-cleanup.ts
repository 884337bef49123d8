/**
 * ExecStopPost= of a container's unit: `berth-cleanup [--root DIR] ID`. Its exit code is the unit's result.
 * `berth-cleanup [--root DIR] ID SESSION` is what conmon runs at the end of an exec session.
 */
import { type CleanupPorts, cleanupContainer } from '../lifecycle/cleanup.ts';
import type { Ports } from '../lifecycle/ports.ts';
import { endSession } from '../lifecycle/sessions.ts';
import type { ContainerConfig } from '../model/config.ts';
import { basePorts } from '../wiring/base.ts';
import { idArgument, runEntry } from '../wiring/main.ts';
import { networkPorts } from '../wiring/network.ts';
import { rootfsPort } from '../wiring/rootfs.ts';
import { runtimePort } from '../wiring/runtime.ts';
import { volumesPort } from '../wiring/volumes.ts';

runEntry(async (args) => {
  const base = basePorts(args.root);
  const ports = {
    ...base,
    ...runtimePort(base.settings),
    ...rootfsPort(base.settings),
    ...volumesPort(base.settings),
    ...networkPorts(base.settings, base),
    // Needed only when a restart must be prevented or the container goes with its end.
    systemd: async () => {
      const { systemdPorts } = await import('../wiring/systemd.ts');
      return systemdPorts(base.settings).systemd();
    },
  };
  const [id = '', session] = args.positionals;
  if (session !== undefined) return endSessionOf(ports, id, session);
  const config = ports.store.getContainer(idArgument(args))?.config;
  const exitCode = await cleanupContainer(ports, idArgument(args));
  if (config?.autoRemoveImage === true && ports.store.getContainer(config.id) === undefined)
    await dropImageOf(ports, config);
  return exitCode;
});

/** Of `run --rmi`; rare, and loaded only then. */
async function dropImageOf(ports: CleanupPorts, { image }: ContainerConfig): Promise<void> {
  const { imageRemoval } = await import('../wiring/image-removal.ts');
  const { dropImage } = await import('../lifecycle/image/remove.ts');
  if (image !== undefined) await dropImage({ ...ports, imageFiles: imageRemoval(ports.settings) }, image);
}

function endSessionOf(
  ports: Pick<Ports, 'host' | 'store' | 'runtime' | 'now'>,
  id: string,
  session: string,
): number {
  const container = ports.store.getContainer(id);
  // Undefined: it has been removed, its sessions with it.
  if (container !== undefined) endSession(ports, container.config, session);
  return 0;
}
