/** pause and unpause: the payload's cgroup is frozen, not conmon's; the unit stays active and has no job. */
import { resumedHealth } from '../model/health/health.ts';
import { healthUnits } from '../model/name.ts';
import type { ContainerRecord } from '../model/records.ts';
import { displayStatus, verdict } from '../model/state.ts';
import { PAYLOAD_CGROUP, SUPERVISOR_CGROUP } from '../model/unit-cgroups.ts';
import { improper } from './improper.ts';
import { withContainer } from './lock.ts';
import { current } from './observe.ts';
import type { Ports } from './ports.ts';
import { record } from './record.ts';
import { beginChecks } from './running.ts';
import { endSteadyChecks } from './steady.ts';
import { holdWatchdog, releaseWatchdog } from './watchdog.ts';

export type PausePorts = Pick<
  Ports,
  'host' | 'store' | 'locks' | 'runtime' | 'systemd' | 'startHealthTimer' | 'now' | 'warn'
>;

/**
 * Freezes the payload; its health timer is ended first, so that no check hangs in it. Accepts running. The lock is held
 * while it is decided and begun, so that a stop comes before it or after it, but not while the kernel works. If that
 * fails, all is as before.
 */
export async function pauseContainer(ports: PausePorts, container: ContainerRecord): Promise<void> {
  assertPausable(ports, container);
  await endChecks(ports, container);
  await holdWatchdog(ports, container);
  let began = false;
  try {
    await freeze(ports, container, () => {
      began = true;
    });
  } catch (error) {
    // Whoever else has paused it meanwhile has it paused.
    if (began) await thaw(ports, container);
    if (began || current(container, ports).state.status !== 'paused') {
      await releaseWatchdog(ports, container);
      await beginChecks(ports, container.config);
    }
    throw error;
  }
  await recordFacts(ports, container);
}

/** Lets the payload go on, also when `systemctl freeze` has stopped it; its health counts anew. Accepts paused. */
export async function unpauseContainer(ports: PausePorts, container: ContainerRecord): Promise<void> {
  const { config } = container;
  if (verdict('unpause', current(container, ports).state.status) !== 'allowed')
    throw improper(`${JSON.stringify(config.id)} is not paused, can't unpause`);
  await thawUnit(ports, container);
  await thaw(ports, container);
  await recordFacts(ports, container);
  await releaseWatchdog(ports, container);
  if (config.health !== undefined)
    ports.store.transaction(() =>
      ports.store.saveHealth(config.id, resumedHealth(endSteadyChecks(ports, config))),
    );
  await beginChecks(ports, config);
}

/** Undoes `systemctl freeze`, in which systemd refuses any job and conmon cannot tell of an end. */
export async function thawUnit(
  ports: Pick<Ports, 'host' | 'systemd'>,
  { config, state }: ContainerRecord,
): Promise<void> {
  if (state.cgroup === undefined || !ports.host.isFrozen(`${state.cgroup}/${SUPERVISOR_CGROUP}`)) return;
  await (await ports.systemd()).thawUnit(config.unit);
}

function assertPausable(ports: PausePorts, container: ContainerRecord): void {
  const { status } = current(container, ports).state;
  if (verdict('pause', status) === 'allowed') return;
  throw improper(
    status === 'paused'
      ? `${JSON.stringify(container.config.id)} is already paused`
      : `${JSON.stringify(displayStatus(status))} is not running, can't pause`,
  );
}

async function freeze(ports: PausePorts, container: ContainerRecord, onBegin: () => void): Promise<void> {
  const begun = await withContainer(ports, container.config.id, (fresh) => {
    assertPausable(ports, fresh);
    onBegin();
    return { frozen: ports.host.freezeCgroup(payloadCgroup(fresh), true) };
  });
  await begun?.frozen;
}

/** Something that has ended meanwhile needs no thaw. */
async function thaw(ports: PausePorts, { config }: ContainerRecord): Promise<void> {
  const container = ports.store.getContainer(config.id);
  if (container !== undefined) await ports.host.freezeCgroup(payloadCgroup(container), false);
}

function payloadCgroup({ state }: ContainerRecord): string {
  return `${state.cgroup}/${PAYLOAD_CGROUP}`;
}

/** What the kernel says now, with the events that it means. */
async function recordFacts(ports: PausePorts, { config }: ContainerRecord): Promise<void> {
  await withContainer(ports, config.id, (fresh) => {
    const { state, events, changed } = current(fresh, ports);
    // An end is for cleanup to record, which is on its way.
    if (changed && (state.status === 'paused' || state.status === 'running'))
      record(ports, { config: fresh.config, state, events });
  });
}

async function endChecks(ports: PausePorts, { config }: ContainerRecord): Promise<void> {
  if (config.health === undefined) return;
  const { timer, service } = healthUnits(config.name);
  const systemd = await ports.systemd();
  await systemd.stopUnit(timer);
  await systemd.stopUnit(service);
}
