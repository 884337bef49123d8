/** rm --force of a container whose row cannot be read: everything that its name and ID still lead to goes. */
import path from 'node:path';
import type { ContainerConfig } from '../model/config.ts';
import { unitName } from '../model/name.ts';
import type { BrokenRecord } from '../model/records.ts';
import { initialState } from '../model/state.ts';
import type { CleanupPorts } from './cleanup.ts';
import { assertNoDependents } from './dependencies.ts';
import { forgetContainer } from './forget.ts';
import { withLock } from './lock.ts';
import { tearDownNetwork } from './network/setup.ts';

/**
 * Ends the unit, unmounts and removes what the container has on disk, its unit file and its row. The copy of its config
 * beside its data tells the runtime, where it can be read; without one the end of the unit has ended the payload.
 */
export async function removeBroken(ports: CleanupPorts, broken: BrokenRecord): Promise<void> {
  const { host, rootfs, runtime, locks } = ports;
  const { id, name } = broken;
  assertNoDependents(ports.store, id);
  const config = savedConfig(ports, id);
  const unit = config?.unit ?? unitName(name);
  await (await ports.systemd()).stopUnit(unit);
  await withLock(locks, id, async () => {
    if (config !== undefined) await runtime.delete(config);
    await tearDownNetwork(ports, id);
    await rootfs.unmount(id);
    host.remove(runtime.files(id).bundle);
    await forgetContainer(ports, { config: { ...config, id, name, unit }, state: initialState() });
  });
}

function savedConfig({ host, settings }: CleanupPorts, id: string): ContainerConfig | undefined {
  const text = host.readText(path.join(settings.stateDir, 'containers', id, 'config.json'));
  try {
    const config = JSON.parse(text ?? '') as ContainerConfig;
    return config.id === id && typeof config.unit === 'string' && typeof config.runtime === 'string'
      ? config
      : undefined;
  } catch {
    return undefined; // damaged as well, or never written
  }
}
