/** --dry-run: the steps that a verb would take for the state as it is now. Nothing is changed, no lock is taken. */
import path from 'node:path';
import type { ContainerConfig } from '../model/config.ts';
import type { CreateRequest } from '../model/create-config.ts';
import { nameInUse } from '../model/name.ts';
import { hasNetwork } from '../model/network/names.ts';
import { planAfterEnd, planCleanup } from '../model/plan/cleanup.ts';
import { planCreate } from '../model/plan/create.ts';
import { planRemove, RM_PLAN } from '../model/plan/remove.ts';
import { type PlanFacts, type PlanPart, showPlan } from '../model/plan/show.ts';
import { type Leftovers, planReady, planStart, planStartWaiting } from '../model/plan/start.ts';
import { MARK_STOPPING, planStop } from '../model/plan/stop.ts';
import type { ContainerRecord } from '../model/records.ts';
import { displayStatus, initialState, verdict } from '../model/state.ts';
import { needsPreparing } from '../model/volume/volume.ts';
import { type CreatePorts, newConfig } from './create.ts';
import { assertNoDependents, inOldNamespaces } from './dependencies.ts';
import { assertRestartable, assertStartable, assertStoppable } from './jobs.ts';
import { leftoversOf } from './leftovers.ts';
import { current } from './observe.ts';
import type { Ports } from './ports.ts';
import { assertRemovable, type RemoveOptions } from './remove.ts';
import { unitPath } from './unit-file.ts';

export type DryRunPorts = Pick<Ports, 'settings' | 'host' | 'store' | 'runtime' | 'rootfs' | 'now'>;

/** Of a container and how it would be stopped; throws what the verb itself would for its state. */
export interface DryRun {
  container: ContainerRecord;
  timeoutSeconds?: number | undefined;
}

export function dryStart(ports: DryRunPorts, { container }: DryRun): string {
  assertStartable(ports, container);
  return show(ports, container, startParts(ports, observed(ports, container)));
}

export function dryStop(ports: DryRunPorts, { container, timeoutSeconds }: DryRun): string {
  assertStoppable(ports, container);
  const stop = stopParts(ports, observed(ports, container), { verb: 'stop', timeoutSeconds });
  const parts = [job('stop', container), ...stop];
  return show(ports, container, parts, timeoutSeconds);
}

export function dryRestart(ports: DryRunPorts, { container, timeoutSeconds }: DryRun): string {
  assertRestartable(ports, container);
  const now = observed(ports, container);
  const stop = stopParts(ports, now, { verb: 'restart', timeoutSeconds });
  const start = startParts(ports, { ...now, state: initialState() }, { mounted: false, bundle: false }).slice(
    1,
  );
  return show(ports, container, [job('restart', container), ...stop, ...start], timeoutSeconds);
}

/** What runs is left alone, what is initialized is stopped. */
export function dryCleanup(ports: DryRunPorts, { container }: DryRun): string {
  const now = observed(ports, container);
  if (verdict('cleanup', now.state.status) !== 'allowed') return show(ports, container, []);
  const parts =
    now.state.status === 'created'
      ? [job('stop', now), ...stopParts(ports, now, {})]
      : [{ by: 'berth container cleanup', steps: cleanupSteps(ports, now) }];
  return show(ports, container, parts);
}

export function dryRemove(ports: DryRunPorts, container: ContainerRecord, options: RemoveOptions): string {
  assertRemovable(ports, container, options);
  assertNoDependents(ports.store, container.config.id);
  return show(ports, container, removeParts(ports, container), options.timeoutSeconds);
}

/** All checks of a create; with `start`, the steps of `run`. */
export function dryCreate(
  ports: CreatePorts,
  request: CreateRequest,
  { start = false }: { start?: boolean } = {},
): string {
  const config = newConfig(ports, request);
  const owner = ports.store.containerByName(config.name);
  const isHalf = owner?.state.status === 'removing';
  if (owner !== undefined && !isHalf && !request.replace) throw nameInUse(config.name, owner.config.id);
  const before = owner === undefined ? '' : show(ports, owner, removeParts(ports, owner));
  const container = { config, state: initialState() };
  const parts = [
    { by: `berth ${start ? 'run' : 'create'}`, steps: planCreate(config).steps },
    ...(start ? startParts(ports, container) : []),
  ];
  return before + show(ports, container, parts);
}

function startParts(
  ports: DryRunPorts,
  { config, state }: ContainerRecord,
  leftovers: Leftovers = leftoversOf(ports, config.id),
): PlanPart[] {
  if (state.status === 'created') return [{ by: 'berth start', steps: planStartWaiting(config).steps }];
  if (verdict('start', state.status) === 'done') return [];
  const joined = inOldNamespaces(ports, config.id).length > 0;
  return [
    job('start', { config }),
    {
      by: `berth-start, run by ${config.unit}`,
      steps: [...planStart(config, leftovers).steps, ...planReady(config, { joined }).steps],
    },
  ];
}

/**
 * berth-stop for what runs, and berth-cleanup, which follows every end of a unit that was active; or the verb instead of both,
 * where it does the same ahead of them.
 */
function stopParts(
  ports: DryRunPorts,
  { config, state }: ContainerRecord,
  { verb, timeoutSeconds }: { verb?: 'stop' | 'restart' | 'rm'; timeoutSeconds?: number | undefined },
): PlanPart[] {
  if (verdict('unit-stop', state.status) !== 'allowed') {
    // A cleanup that was killed is made up for.
    return state.status === 'stopped' ? [{ by: 'berth', steps: cleanupSteps(ports, { config, state }) }] : [];
  }
  const stop = planStop({
    hasGrace: (timeoutSeconds ?? config.stopTimeoutSeconds) !== 0,
    isFrozen: state.status === 'paused',
  });
  const by = (entry: string): string =>
    `${verb === undefined ? '' : `berth ${verb}, or `}${entry}, run by ${config.unit}`;
  const end = planAfterEnd({ preventRestart: false, autoRemove: config.autoRemove });
  return [
    { by: by('berth-stop'), steps: [...MARK_STOPPING.steps, ...stop.steps] },
    {
      by: by('berth-cleanup'),
      steps: [
        ...cleanupSteps(ports, { config, state }),
        ...end.steps,
        ...(config.autoRemove ? planRemove(config, { inUnit: true }).steps : []),
      ],
    },
  ];
}

function removeParts(ports: DryRunPorts, container: ContainerRecord): PlanPart[] {
  const now = observed(ports, container);
  const runs = verdict('unit-stop', now.state.status) === 'allowed';
  const [endUnit, ...rest] = RM_PLAN.steps;
  return [
    { by: 'berth rm', steps: endUnit === undefined ? [] : [endUnit] },
    ...(runs
      ? stopParts(ports, { ...now, config: { ...now.config, autoRemove: false } }, { verb: 'rm' })
      : []),
    {
      by: 'berth rm, under the lock',
      // What the unit's own cleanup has done is not there to be done again.
      steps: [...cleanupSteps(ports, now, runs), ...planRemove(now.config).steps],
    },
    { by: 'berth rm', steps: rest.filter((step) => step !== 'clean-up-and-remove') },
  ];
}

function cleanupSteps(
  { host, runtime }: DryRunPorts,
  { config, state }: ContainerRecord,
  isClean = false,
): PlanPart['steps'] {
  const { bundle, poststopHooks } = runtime.files(config.id);
  return planCleanup({
    cgroup: state.cgroup !== undefined,
    bundle: !isClean && host.exists(bundle),
    poststopHooks: !isClean && host.exists(poststopHooks),
    network: hasNetwork(config),
    volumes: config.mounts.some(needsPreparing),
    checks: config.health !== undefined,
  }).steps;
}

function job(kind: 'start' | 'stop' | 'restart', { config }: { config: ContainerConfig }): PlanPart {
  return { by: `systemd: ${kind} job of ${config.unit}`, steps: [] };
}

function observed(ports: DryRunPorts, container: ContainerRecord): ContainerRecord {
  return { ...container, state: current(container, ports).state };
}

function show(
  ports: DryRunPorts,
  container: ContainerRecord,
  parts: PlanPart[],
  timeoutSeconds?: number,
): string {
  const { config, state } = observed(ports, container);
  if (parts.every(({ steps, by }) => steps.length === 0 && !by.startsWith('systemd')))
    return `nothing: container ${config.name} is ${displayStatus(state.status)}\n`;
  const { settings, runtime, rootfs } = ports;
  const { bundle, spec } = runtime.files(config.id);
  const facts: PlanFacts = {
    config,
    state,
    graceSeconds: timeoutSeconds ?? config.stopTimeoutSeconds,
    paths: {
      store: path.join(settings.stateDir, 'berth.db'),
      unitFile: unitPath(settings, config),
      directory: path.join(settings.stateDir, 'containers', config.id),
      rootfs: rootfs.mountPoint(config.id),
      bundle,
      spec,
    },
  };
  return showPlan(parts, facts);
}
