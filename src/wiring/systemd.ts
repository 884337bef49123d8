/** systemd's manager, as the lifecycle's ports; connected at the first use, once per process. */
import path from 'node:path';
import type { Ports } from '../lifecycle/ports.ts';
import type { Settings } from '../model/settings.ts';
import { replaceHealthTimer, startHealthTimer } from '../systemd/health-timer.ts';
import { connectManager, type Manager } from '../systemd/manager.ts';

export function systemdPorts({ libexec, rootArgs }: Settings): Pick<Ports, 'systemd' | 'startHealthTimer'> {
  let manager: Promise<Manager> | undefined;
  const systemd = (): Promise<Manager> => (manager ??= connectManager());
  return {
    systemd,
    async startHealthTimer({ id, name }, { intervalMs, replacing }) {
      const timer = { name, intervalMs, command: [path.join(libexec, 'berth-healthcheck'), ...rootArgs, id] };
      if (replacing === undefined) await startHealthTimer(await systemd(), timer);
      else await replaceHealthTimer(await systemd(), timer, replacing);
    },
  };
}
