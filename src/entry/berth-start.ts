/** ExecStart= of a container's unit: `berth-start [--root DIR] ID`. */
import { startContainer } from '../lifecycle/start.ts';
import { notify, notifyBarrier } from '../systemd/notify.ts';
import { basePorts } from '../wiring/base.ts';
import { idArgument, runEntry } from '../wiring/main.ts';
import { networkPorts } from '../wiring/network.ts';
import { rootfsPort } from '../wiring/rootfs.ts';
import { runtimePort } from '../wiring/runtime.ts';
import { secretsPort } from '../wiring/secrets.ts';
import { volumesPort } from '../wiring/volumes.ts';

runEntry(async (args) => {
  const base = basePorts(args.root);
  // Loaded after READY=1, and only for a container that has a health check, or others in its namespaces.
  const systemd = async () => (await import('../wiring/systemd.ts')).systemdPorts(base.settings);
  await startContainer(
    {
      ...base,
      ...runtimePort(base.settings),
      ...rootfsPort(base.settings),
      ...secretsPort(base.settings),
      ...volumesPort(base.settings),
      ...networkPorts(base.settings, base),
      notify: (lines) => notify(lines),
      notifyBarrier: () => void notifyBarrier(),
      systemd: async () => (await systemd()).systemd(),
      startHealthTimer: async (...timer) => (await systemd()).startHealthTimer(...timer),
    },
    idArgument(args),
  );
  return 0;
});
