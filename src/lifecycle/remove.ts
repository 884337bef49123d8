/** rm: the container, its unit, its writable layer and its row. */
import { BerthError } from '../model/errors.ts';
import { RM_PLAN, type RmStep } from '../model/plan/remove.ts';
import type { ContainerRecord } from '../model/records.ts';
import { verdict } from '../model/state.ts';
import { type CleanupPorts, cleanupLocked } from './cleanup.ts';
import { assertNoDependents } from './dependencies.ts';
import { forgetContainer } from './forget.ts';
import { beginEnds, endUnit, type StopOptions } from './jobs.ts';
import { withContainer } from './lock.ts';
import { current } from './observe.ts';
import type { Reloads } from './reload-once.ts';
import { doSteps, type Steps } from './steps.ts';

export interface RemoveOptions extends StopOptions {
  /** Stop it first if it runs; the other options are about that stop. */
  force: boolean;
  /** Its anonymous volumes go too, as they do with one that was made with --rm. */
  volumes?: boolean;
  /** Others are removed with it: see reloadOnce. */
  reloads?: Reloads;
}

/**
 * Removes a container. Running or paused ones need `force`, which stops them through their unit first; the error
 * without it has exit code 2, as Podman's. One that others need is refused. A half-removed container is finished.
 */
export async function removeContainer(
  ports: CleanupPorts,
  container: ContainerRecord,
  options: RemoveOptions,
): Promise<void> {
  assertRemovable(ports, container, options);
  assertNoDependents(ports.store, container.config.id);
  await doSteps(RM_PLAN, STEPS, { ports, container, options });
}

/** beginStops for `rm --force`. */
export function beginForcedRemovals(
  ports: CleanupPorts,
  containers: readonly ContainerRecord[],
  timeoutSeconds?: number,
): Promise<StopOptions> {
  const assertReady = (container: ContainerRecord): void => {
    assertRemovable(ports, container, { force: true });
    assertNoDependents(ports.store, container.config.id);
  };
  return beginEnds(ports, containers, { timeoutSeconds, assertReady });
}

interface RmContext {
  ports: CleanupPorts;
  container: ContainerRecord;
  options: RemoveOptions;
}

const STEPS: Steps<RmStep, RmContext> = {
  'end-unit': {
    do: ({ ports, container, options }) => endUnit(ports, container, options),
  },
  'clean-up-and-remove': {
    do: async ({ ports, container, options }) => {
      // Undefined: --rm, or another rm, was faster.
      await withContainer(ports, container.config.id, async (fresh) => {
        // systemd may have been asked for a start since.
        assertRemovable(ports, fresh, options);
        const settled = await cleanupLocked(ports, fresh, { inUnit: false });
        const volumes = options.volumes === true || fresh.config.autoRemove;
        const { reloads } = options;
        const how = { volumes, ...(reloads === undefined ? {} : { reloads }) };
        await forgetContainer(ports, { ...fresh, state: settled }, how);
      });
    },
  },
  'end-late-start': {
    // A start that was asked for meanwhile has waited for the lock, and a Restart= would try it again for ever. It has
    // failed before this stop, or by it: systemd would keep a unit without a file for as long as it is failed.
    do: async ({ ports, container: { config } }) => {
      const systemd = await ports.systemd();
      await systemd.stopUnit(config.unit);
      await systemd.resetFailed(config.unit);
    },
  },
};

/** Throws unless `rm` may remove it in its state, or `--force`. */
export function assertRemovable(
  ports: Parameters<typeof current>[1],
  container: ContainerRecord,
  { force }: Pick<RemoveOptions, 'force'>,
): void {
  const { status } = current(container, ports).state;
  if (force || verdict('remove', status) !== 'refused') return;
  throw new BerthError(
    'state',
    `cannot remove container ${container.config.id} as it is ${status} - running or paused containers cannot be removed without force: container state improper`,
    { exitCode: 2 },
  );
}
