/** The end of a container: unit, links, writable layer, row. What rm, --rm and a failed create have in common. */
import type { ContainerConfig } from '../model/config.ts';
import { planRemove, type RemoveStep } from '../model/plan/remove.ts';
import type { ContainerState } from '../model/state.ts';
import { assertNoDependents } from './dependencies.ts';
import type { Ports } from './ports.ts';
import { appendContainerEvent, type Named, record } from './record.ts';
import type { Reloads } from './reload-once.ts';
import { doSteps, type Steps } from './steps.ts';
import { unitPath } from './unit-file.ts';
import { dropVolumes } from './volume/drop.ts';
import { releaseVolumes } from './volume/run-volumes.ts';

export type ForgetPorts = Pick<
  Ports,
  'settings' | 'host' | 'store' | 'locks' | 'runtime' | 'rootfs' | 'volumes' | 'systemd' | 'now'
>;

/** What is left to know of a container at its end; no more of its config is needed. */
export interface Forgotten {
  config: Named & Pick<ContainerConfig, 'unit' | 'formerUnit' | 'ephemeral' | 'cidFile'>;
  state: ContainerState;
}

interface ForgetContext extends Forgotten {
  ports: ForgetPorts;
  wasEnabled: boolean;
  /** Somebody has begun before, and may have disabled it. */
  wasCutShort: boolean;
  /** Its anonymous volumes go with it. */
  removesVolumes: boolean;
  reloads: Reloads | undefined;
  beforeGone: (() => void) | undefined;
}

/**
 * Removes a container that is cleaned up, for a caller that holds its lock. From the first step on the row says
 * `removing`: whoever finds it so (rm, or a create of the same name) does the rest. With `volumes` its anonymous ones go,
 * unless another container has them. With `reloads` systemd is reloaded by the caller (reloadOnce). `beforeGone` is the last
 * before nobody can find the container any more: what is told there is true in the same moment.
 */
export async function forgetContainer(
  ports: ForgetPorts,
  { config, state }: Forgotten,
  {
    inUnit = false,
    volumes = false,
    reloads,
    beforeGone,
  }: { inUnit?: boolean; volumes?: boolean; reloads?: Reloads; beforeGone?: () => void } = {},
): Promise<void> {
  await doSteps(planRemove(config, { inUnit }), STEPS, {
    ports,
    config,
    state,
    wasEnabled: false,
    wasCutShort: state.status === 'removing',
    removesVolumes: volumes || state.removesVolumes === true,
    reloads,
    beforeGone,
  });
}

const STEPS: Steps<RemoveStep, ForgetContext> = {
  'record-removing': {
    do: ({ ports, config, state, removesVolumes }) =>
      record(ports, {
        config,
        state: { ...state, status: 'removing', ...(removesVolumes ? { removesVolumes } : {}) },
        events: [],
        // In the same transaction, so that no container can come to need this one from here on.
        also: (store) => assertNoDependents(store, config.id),
      }),
  },
  'disable-unit': {
    do: async (context) => {
      const systemd = await context.ports.systemd();
      for (const unit of unitsOf(context.config))
        if (await systemd.disableUnit(unit)) context.wasEnabled = true;
    },
  },
  'remove-unit-file': {
    do: ({ ports: { host, settings }, config }) => {
      for (const unit of unitsOf(config)) {
        const unitFile = unitPath(settings, { ...config, unit });
        for (const file of [unitFile, ...host.halfWritten(unitFile)]) host.remove(file);
      }
    },
  },
  'reset-unit': { do: async ({ ports, config }) => (await ports.systemd()).resetFailed(config.unit) },
  // What people hold mounted goes with the container.
  'unmount-rootfs': {
    do: async ({ ports, config }) => {
      await releaseVolumes(ports, config.id);
      await ports.rootfs.unmount(config.id);
    },
  },
  'delete-storage': {
    do: ({ ports, config }) => {
      ports.host.remove(ports.runtime.files(config.id).endReceipt);
      return ports.rootfs.delete(config.id);
    },
  },
  'remove-cidfile': {
    do: ({ ports: { host }, config: { id, cidFile = '' } }) => {
      // A later container may have been given the same file.
      for (const file of [cidFile, ...host.halfWritten(cidFile)])
        if (host.readText(file) === id) host.remove(file);
    },
  },
  'delete-row': {
    do: async ({ ports, config, state: { finishedAt, exitCode }, removesVolumes, beforeGone }) => {
      const { store, locks, now } = ports;
      const ended = finishedAt === undefined ? {} : { exitCode };
      await dropVolumes(ports, (drop) => {
        const anonymous = store.volumesOf(config.id).filter((volume) => volume.config.anonymous === true);
        // The lock's files first, in the same breath: without the row nobody would find them again.
        locks.forget(config.id);
        if (store.deleteContainer(config.id))
          appendContainerEvent(store, config, { status: 'remove', ...ended }, now());
        if (removesVolumes) for (const volume of anonymous) drop(volume.config.name);
        beforeGone?.();
      });
      // Who looked for the row before it was gone has made the files anew. From here on, who takes a lock finds no row
      // under it, and removes the files (lock.ts).
      locks.forget(config.id);
    },
  },
  'reload-systemd': {
    // systemd drops an unloaded unit by itself; one that multi-user.target wanted stays until a reload.
    do: async ({ ports, config, wasEnabled, wasCutShort, reloads }) => {
      if (wasEnabled && reloads !== undefined) reloads.isDue = true;
      else if (wasEnabled) await (await ports.systemd()).reload();
      else if (wasCutShort)
        for (const unit of unitsOf(config)) await (await ports.systemd()).reloadIfStale(unit);
    },
  },
};

/** Two while a rename is under way. */
function unitsOf({ unit, formerUnit }: Forgotten['config']): string[] {
  return formerUnit === undefined ? [unit] : [formerUnit, unit];
}
