/** update: another restart policy, other limits, another health check, for a container in any state. */
import type { ContainerConfig } from '../model/config.ts';
import { dueCheck, type HealthState, initialHealth, resumedHealth } from '../model/health/health.ts';
import { healthUnits } from '../model/name.ts';
import { planUpdate, type UpdateStep } from '../model/plan/update.ts';
import type { ContainerRecord } from '../model/records.ts';
import { hasPayload, verdict } from '../model/state.ts';
import { type UpdateRequest, updatedConfig } from '../model/update-config.ts';
import { cgroupResources, changedResources } from '../oci/limits.ts';
import { limitedDevices } from './devices.ts';
import { assertLogDestination } from './health-log.ts';
import { improper } from './improper.ts';
import { withContainer } from './lock.ts';
import { current } from './observe.ts';
import type { Ports } from './ports.ts';
import { appendContainerEvent } from './record.ts';
import { finishRename } from './rename.ts';
import { beginChecks } from './running.ts';
import { endSteadyChecks } from './steady.ts';
import { doSteps, type Steps } from './steps.ts';
import { rewriteUnit, saveConfig, unitText } from './unit-file.ts';

export type UpdatePorts = Pick<
  Ports,
  'settings' | 'host' | 'store' | 'locks' | 'runtime' | 'systemd' | 'startHealthTimer' | 'now' | 'warn'
>;

interface UpdateContext {
  ports: UpdatePorts;
  before: ContainerConfig;
  config: ContainerConfig;
  isRunning: boolean;
}

/**
 * Changes what was named and nothing else. What runs is changed where it is: limits in its control group, the restart
 * policy in its loaded unit, the timer of its health check. Refused only while removing; throws 'unsupported' when the
 * kernel has no controller for a limit, with nothing changed.
 */
export async function updateContainer(
  ports: UpdatePorts,
  container: ContainerRecord,
  request: UpdateRequest,
): Promise<void> {
  await withContainer(ports, container.config.id, async (found) => {
    await finishRename(ports, found);
    const fresh = ports.store.getContainer(found.config.id) ?? found;
    const { status } = current(fresh, ports).state;
    if (verdict('update', status) === 'refused')
      throw improper(`container ${fresh.config.id} is being removed, cannot update`);
    const before = fresh.config;
    const config = updatedConfig(before, request);
    assertLogDestination(ports, config.health);
    limitedDevices(ports, config.limits);
    cgroupResources(config.limits, [], ports.host.controllers());
    const isRunning = status === 'running';
    const newChecks = !isSame(before.health, config.health);
    const plan = planUpdate({
      limits: hasPayload(status) && !isSame(before.limits, config.limits),
      unit: (await unitText(ports, before)) !== (await unitText(ports, config)),
      timer: {
        stop: isRunning && newChecks && hasTimer(before, fresh.health),
        start: isRunning && newChecks && hasTimer(config, fresh.health),
      },
    });
    await doSteps(plan, STEPS, { ports, before, config, isRunning });
  });
}

const STEPS: Steps<UpdateStep, UpdateContext> = {
  'apply-limits': {
    do: ({ ports, before, config }) => applyLimits(ports, before, config),
    undo: ({ ports, before, config }) => applyLimits(ports, config, before),
  },
  'write-config': {
    do: ({ ports, config }) => saveConfig(ports, config),
    undo: ({ ports, before }) => saveConfig(ports, before),
  },
  'record-update': {
    do: ({ ports: { store, runtime, now }, before, config, isRunning }) =>
      store.transaction(() => {
        // What they go by is not right any more.
        const health = endSteadyChecks({ store, runtime }, before);
        store.replaceConfig(config);
        if (config.health === undefined) store.clearHealth(config.id);
        // A startup check that comes while the container runs is for its next start.
        else if (health === undefined && isRunning) store.saveHealth(config.id, resumedHealth(undefined));
        else if (health?.startup !== undefined && !isSame(before.health?.startup, config.health.startup))
          store.saveHealth(config.id, { ...initialHealth(config.health), status: health.status });
        appendContainerEvent(store, config, { status: 'update' }, now());
      }),
    undo: ({ ports: { store }, before }) => store.transaction(() => store.replaceConfig(before)),
  },
  'write-unit': {
    do: ({ ports, config }) => rewriteUnit(ports, config),
    undo: ({ ports, before }) => rewriteUnit(ports, before),
  },
  'reload-systemd': { do: async ({ ports, config }) => (await ports.systemd()).reloadIfStale(config.unit) },
  'stop-health-timer': {
    do: async ({ ports, config }) => {
      const systemd = await ports.systemd();
      const { timer, service } = healthUnits(config.name);
      for (const unit of [timer, service]) await systemd.stopUnit(unit);
    },
  },
  'start-health-timer': { do: ({ ports, config }) => beginChecks(ports, config) },
};

async function applyLimits(
  { runtime, host }: UpdatePorts,
  from: ContainerConfig,
  to: ContainerConfig,
): Promise<void> {
  const devices = limitedDevices({ host }, to.limits);
  await runtime.update(
    to,
    JSON.stringify(changedResources(to.limits, from.limits, host.controllers(), devices)),
  );
}

function hasTimer({ health }: ContainerConfig, state: HealthState | undefined): boolean {
  return health !== undefined && dueCheck(health, state).intervalMs > 0;
}

/** Both are JSON, and made by the same code: what is the same is written the same. */
function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
