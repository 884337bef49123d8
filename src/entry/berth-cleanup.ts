/**
 * ExecStopPost= of a container's unit: `berth-cleanup [--root DIR] ID`. Its exit code is the unit's result.
 * `berth-cleanup [--root DIR] ID SESSION` is what conmon runs at the end of an exec session.
 */
import { cleanupContainer } from '../lifecycle/cleanup.ts';
import type { Ports } from '../lifecycle/ports.ts';
import { endSession } from '../lifecycle/sessions.ts';
import { basePorts } from '../wiring/base.ts';
import { idArgument, runEntry } from '../wiring/main.ts';
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
    // Needed only when a restart must be prevented or the container goes with its end.
    systemd: async () => {
      const { systemdPorts } = await import('../wiring/systemd.ts');
      return systemdPorts(base.settings).systemd();
    },
  };
  const [id = '', session] = args.positionals;
  if (session !== undefined) return endSessionOf(ports, id, session);
  return cleanupContainer(ports, idArgument(args));
});

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
