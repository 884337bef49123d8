/** rename: another name for a container and its unit, whatever it is doing. */
import type { ContainerConfig } from '../model/config.ts';
import { BerthError } from '../model/errors.ts';
import { checkName, healthUnits, unitName } from '../model/name.ts';
import { planRename, type RenameStep } from '../model/plan/rename.ts';
import type { ContainerRecord } from '../model/records.ts';
import { verdict } from '../model/state.ts';
import { improper } from './improper.ts';
import { withContainer } from './lock.ts';
import { current } from './observe.ts';
import type { Ports } from './ports.ts';
import { appendContainerEvent } from './record.ts';
import { beginChecks } from './running.ts';
import { doSteps, type Steps } from './steps.ts';
import { rewriteUnit, saveConfig, unitPath, writeUnit } from './unit-file.ts';

export type RenamePorts = Pick<
  Ports,
  'settings' | 'host' | 'store' | 'locks' | 'runtime' | 'systemd' | 'startHealthTimer' | 'now' | 'warn'
>;

interface RenameContext {
  ports: RenamePorts;
  /** As it is to be, with the old unit in it until that is gone. */
  config: ContainerConfig & { formerUnit: string };
  oldName: string;
}

/**
 * Gives a container another name, at once and in any state but removing. Its unit is renamed with it, with all that
 * `systemctl` keeps about it; one that is active goes on. Its own name is success. Throws 'invalid' for a bad name and
 * 'name-in-use' for a taken one.
 */
export async function renameContainer(
  ports: RenamePorts,
  container: ContainerRecord,
  newName: string,
): Promise<void> {
  const name = checkName(newName);
  await withContainer(ports, container.config.id, async (fresh) => {
    const { status } = fresh.state;
    if (verdict('rename', status) === 'refused')
      throw improper(`container ${fresh.config.id} is being removed, cannot rename`);
    await finishRename(ports, fresh);
    const { config } = ports.store.getContainer(fresh.config.id) ?? fresh;
    if (config.name === name) return;
    const unit = unitName(name);
    const renamed = { ...config, name, unit, formerUnit: config.unit };
    await doRename(ports, { ...fresh, config: renamed }, { claimed: false, oldName: config.name });
  });
}

/** For a caller that holds the lock: does the rest of a rename that was cut short, if there was one. */
export async function finishRename(ports: RenamePorts, container: ContainerRecord): Promise<void> {
  const { formerUnit } = container.config;
  if (formerUnit === undefined) return;
  const config = { ...container.config, formerUnit };
  const oldName = formerUnit.replace(/^berth-(.*)\.service$/, '$1');
  await doRename(ports, { ...container, config }, { claimed: true, oldName });
}

async function doRename(
  ports: RenamePorts,
  container: ContainerRecord & Pick<RenameContext, 'config'>,
  { claimed, oldName }: { claimed: boolean; oldName: string },
): Promise<void> {
  const { config } = container;
  const plan = planRename({
    claimed,
    timer: config.health !== undefined && current(container, ports).state.status === 'running',
  });
  await doSteps(plan, STEPS, { ports, config, oldName });
}

const STEPS: Steps<RenameStep, RenameContext> = {
  'claim-name': {
    do: ({ ports, config }) =>
      ports.store.transaction(() => {
        const { store, now } = ports;
        store.replaceConfig(config);
        assertUnitFree(ports, config);
        appendContainerEvent(store, config, { status: 'rename' }, now());
      }),
  },
  'stop-health-timer': {
    do: async ({ ports, oldName }) => {
      const systemd = await ports.systemd();
      const { timer, service } = healthUnits(oldName);
      for (const unit of [timer, service]) await systemd.stopUnit(unit);
    },
  },
  'write-unit': { do: ({ ports, config }) => writeUnit(ports, config) },
  'move-unit-files': {
    do: async ({ ports, config }) => (await ports.systemd()).moveUnitFiles(config.formerUnit, config.unit),
  },
  'alias-old-unit': {
    do: async ({ ports, config }) => {
      ports.host.replaceByLink(oldUnitPath(ports, config), config.unit);
      await (await ports.systemd()).reload();
    },
  },
  'move-unit-links': {
    do: async ({ ports, config }) => (await ports.systemd()).moveUnitLinks(config.formerUnit, config.unit),
  },
  'remove-old-unit': {
    do: ({ ports, config }) => ports.host.remove(oldUnitPath(ports, config)),
  },
  'rewrite-dependents': {
    do: async ({ ports, config }) => {
      for (const { id } of ports.store.dependentsOf(config.id)) {
        const dependent = ports.store.getContainer(id);
        if (dependent !== undefined) await rewriteUnit(ports, dependent.config);
      }
    },
  },
  'reload-systemd': { do: async ({ ports }) => (await ports.systemd()).reload() },
  'start-health-timer': { do: ({ ports, config }) => beginChecks(ports, config) },
  'write-config': { do: ({ ports, config }) => saveConfig(ports, settled(config)) },
  'forget-old-unit': {
    do: ({ ports: { store }, config }) => store.transaction(() => store.replaceConfig(settled(config))),
  },
};

function settled({ formerUnit: _, ...config }: ContainerConfig): ContainerConfig {
  return config;
}

function oldUnitPath({ settings }: Pick<Ports, 'settings'>, config: RenameContext['config']): string {
  return unitPath(settings, { ...config, unit: config.formerUnit });
}

function assertUnitFree(ports: RenamePorts, config: ContainerConfig): void {
  const file = unitPath(ports.settings, config);
  if (!ports.host.exists(file)) return;
  throw new BerthError(
    'name-in-use',
    `unit file ${file} exists and is not of this container: choose another name, or remove the file if no container owns it`,
  );
}
