/** systemd's manager, as the lifecycle's ports; connected at the first use, once per process. */
import path from 'node:path';
import type { Ports } from '../lifecycle/ports.ts';
import type { Settings } from '../model/settings.ts';
import { runtimePaths } from '../runtime/paths.ts';
import { replaceHealthTimer, startHealthTimer } from '../systemd/health-timer.ts';
import { connectManager, type Manager } from '../systemd/manager.ts';

export function systemdPorts({
  libexec,
  rootArgs,
  runDir,
}: Settings): Pick<Ports, 'systemd' | 'startHealthTimer'> {
  let manager: Promise<Manager> | undefined;
  const systemd = (): Promise<Manager> => (manager ??= connectManager());
  return {
    systemd,
    async startHealthTimer({ id, name }, { intervalMs, replacing }) {
      const { steady } = runtimePaths(runDir, id);
      const command = [path.join(libexec, 'berth-check'), steady, ...rootArgs, id];
      const timer = { name, intervalMs, command };
      if (replacing === undefined) await startHealthTimer(await systemd(), timer);
      else await replaceHealthTimer(await systemd(), timer, replacing);
    },
  };
}
