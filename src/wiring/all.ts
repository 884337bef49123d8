/** Every port, for the command line. What is costly to load (the bus) is loaded at its first use. */
import type { Ports } from '../lifecycle/ports.ts';
import { artifactStore } from '../storage/artifacts.ts';
import { storagePaths } from '../storage/paths.ts';
import { catchSignals } from '../sys/signals.ts';
import { basePorts } from './base.ts';
import { imageFilesPort } from './image-files.ts';
import { networkPorts } from './network.ts';
import { rootfsPort } from './rootfs.ts';
import { runtimePort } from './runtime.ts';
import { secretsPort } from './secrets.ts';
import { volumesPort } from './volumes.ts';

/** `caller` is the command, for those who wait for its locks. */
export function allPorts(root: string | undefined, caller: string): Ports {
  const base = basePorts(root, caller);
  const load = async () => (await import('./systemd.ts')).systemdPorts(base.settings);
  let loaded: ReturnType<typeof load> | undefined;
  const systemd = (): ReturnType<typeof load> => (loaded ??= load());
  return {
    ...base,
    ...runtimePort(base.settings),
    ...rootfsPort(base.settings),
    ...secretsPort(base.settings),
    ...imageFilesPort(base.settings),
    ...volumesPort(base.settings),
    ...networkPorts(base.settings, base),
    artifacts: (id) => artifactStore(storagePaths(base.settings.stateDir), id),
    imageSource: async () => (await import('./image-source.ts')).imageSource(base),
    openTree: async (options) => (await import('../storage/tree.ts')).openTree(options),
    hostReport: async (programs) =>
      (await import('./host-report.ts')).hostReport(base.settings.stateDir, programs),
    systemd: async () => (await systemd()).systemd(),
    startHealthTimer: async (...timer) => (await systemd()).startHealthTimer(...timer),
    catchSignals,
    notify: () => Promise.resolve(false),
    notifyBarrier: () => {},
  };
}
