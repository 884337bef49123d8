/** The unit file of a container, and the copy of its config beside its data. */
import path from 'node:path';
import type { ContainerConfig } from '../model/config.ts';
import { dependenciesOf } from '../model/namespace.ts';
import type { Settings } from '../model/settings.ts';
import { DEFAULT_SLICE, sliceCgroup } from '../model/slice.ts';
import { containerService, type ServiceContext } from '../unitfile/container-service.ts';
import type { Ports } from './ports.ts';

type UnitPorts = Pick<Ports, 'store' | 'settings' | 'systemd' | 'host'>;

/** The text of the unit file, for this host and with the units of the containers that it needs. */
export async function unitText(ports: UnitPorts, config: ContainerConfig): Promise<string> {
  return containerService(config, await serviceContext(ports, config));
}

/** Where the unit file of a container lies; `unit` is another name of it during a rename. */
export function unitPath(
  settings: Settings,
  { ephemeral, unit }: Pick<ContainerConfig, 'unit'> & Partial<Pick<ContainerConfig, 'ephemeral'>>,
): string {
  return path.join(ephemeral === true ? settings.runtimeUnitDir : settings.unitDir, unit);
}

/** Writes the unit file, as it is to be. One that goes with the boot need not survive a loss of power. */
export async function writeUnit(ports: UnitPorts, config: ContainerConfig): Promise<void> {
  ports.host.writeText(unitPath(ports.settings, config), await unitText(ports, config), {
    mode: 0o644,
    durable: config.ephemeral !== true,
  });
}

/** Writes the unit file anew; systemd has to be told (Systemd.reload). A file that is gone, or another's, is left so. */
export async function rewriteUnit(ports: UnitPorts, config: ContainerConfig): Promise<void> {
  if (ports.host.readText(unitPath(ports.settings, config))?.includes(config.id) === true)
    await writeUnit(ports, config);
}

/**
 * So that a lost database can be rebuilt: the config lies beside the container's data as well. Nothing waits until it is on the
 * disk, as the database, which counts, is there by then.
 */
export function saveConfig(
  { host, settings }: Pick<Ports, 'host' | 'settings'>,
  config: ContainerConfig,
): void {
  host.writeText(
    path.join(settings.stateDir, 'containers', config.id, 'config.json'),
    `${JSON.stringify(config, null, 2)}\n`,
  );
}

async function serviceContext(
  { store, settings, systemd, host }: UnitPorts,
  config: ContainerConfig,
): Promise<ServiceContext> {
  const dependencies = dependenciesOf(config).flatMap(({ id, kind }) => {
    const unit = store.getContainer(id)?.config.unit;
    return unit === undefined ? [] : [{ unit, kind }];
  });
  const manager = await systemd();
  // A container that was renamed while it runs keeps its control group, which has the name of its unit as it was then.
  const cgroup = `${sliceCgroup(config.cgroupParent ?? DEFAULT_SLICE)}/${config.unit}`;
  const ownSlice =
    store.getContainer(config.id)?.state.cgroup !== cgroup &&
    host.isPopulated(cgroup) &&
    // What is being started for the first time lives there, too, and has not said so yet.
    (await manager.unitStatus(config.unit)).controlGroup !== cgroup;
  return { ...settings, systemdVersion: await manager.version(), dependencies, ownSlice };
}
