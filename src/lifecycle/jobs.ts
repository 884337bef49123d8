/** berth start, stop and restart: a systemd job for the container's unit, waited for. Never the work itself. */
import type { ContainerConfig } from '../model/config.ts';
import { BerthError } from '../model/errors.ts';
import type { ContainerRecord } from '../model/records.ts';
import { type ContainerState, verdict } from '../model/state.ts';
import { stopAhead } from './ahead.ts';
import { cleanupLocked, unitRests } from './cleanup.ts';
import { failureOfStart, saying, unableTo } from './failure.ts';
import { graceWarning, shorterGrace } from './grace.ts';
import { improper } from './improper.ts';
import { startWaiting } from './init.ts';
import { withContainer } from './lock.ts';
import { current } from './observe.ts';
import { thawUnit } from './pause.ts';
import type { Ports } from './ports.ts';
import { record } from './record.ts';
import { finishRename } from './rename.ts';

type JobPorts = Pick<Ports, 'host' | 'store' | 'locks' | 'runtime' | 'systemd' | 'now' | 'warn'>;
type StopPorts = JobPorts & Pick<Ports, 'settings' | 'rootfs' | 'volumes' | 'networkFiles' | 'networkDriver'>;
type StartPorts = JobPorts & Pick<Ports, 'startHealthTimer' | 'settings'>;

/**
 * Starts the container's unit, or lets an initialized container run. Running is success. Throws with what made the
 * start fail (exit code 125, as `podman start`).
 */
export async function startUnit(ports: StartPorts, container: ContainerRecord): Promise<void> {
  assertStartable(ports, container);
  await saying('start', container, startJob(ports, container));
}

/** As startUnit, for a caller whose exit code is that of the container's command: 126 or 127 if that cannot be run. */
export async function startJob(ports: StartPorts, container: ContainerRecord): Promise<void> {
  const { config } = container;
  await settleName(ports, container);
  if (current(container, ports).state.status !== 'created') {
    const result = await (await ports.systemd()).startUnit(config.unit);
    if (result !== 'done') throw failureOfStart(ports, container, result);
  }
  // The job may have been that of an init.
  await startWaiting(ports, config.id);
}

export interface StopOptions {
  /** Grace in seconds, instead of the container's own; negative: no SIGKILL. */
  timeoutSeconds?: number | undefined;
  /** When it was asked for (beginStops), if not by this call. */
  askedAt?: string;
}

/** Stops the container's unit. Not running is success. */
export async function stopUnit(
  ports: StopPorts,
  container: ContainerRecord,
  options: StopOptions = {},
): Promise<void> {
  const { config } = container;
  assertStoppable(ports, container);
  await endUnit(ports, container, options);
  await withContainer(ports, config.id, async (fresh) =>
    recordStopped(ports, await cleanUpLeftEnd(ports, fresh)),
  );
}

/** The unit has ended and its cleanup was killed: nobody else would do it before the next start. */
async function cleanUpLeftEnd(ports: StopPorts, container: ContainerRecord): Promise<ContainerRecord> {
  if (current(container, ports).state.status !== 'stopped') return container;
  if (!(await unitRests(ports, container))) return container;
  return { ...container, state: await cleanupLocked(ports, container, { inUnit: false }) };
}

function stoppedByUser({ stoppedAtShutdown: _, ...state }: ContainerState): ContainerState {
  return { ...state, stopRequested: true };
}

/** That a person wants it stopped is kept also when there was nothing to stop: the next boot asks (model/boot-rule.ts). */
function recordStopped(ports: JobPorts, { config, state }: ContainerRecord): void {
  if (verdict('stop', state.status) !== 'done') return;
  if (state.stopRequested && state.stoppedAtShutdown !== true) return;
  record(ports, { config, state: stoppedByUser(state), events: [] });
}

/**
 * Asks systemd for the stops of several containers and waits for none, so that their graces pass side by side: stopUnit,
 * with the answer as its options, then finds the jobs under way. What cannot be stopped is left for it to tell.
 */
export function beginStops(
  ports: StopPorts,
  containers: readonly ContainerRecord[],
  timeoutSeconds?: number,
): Promise<StopOptions> {
  return beginEnds(ports, containers, {
    timeoutSeconds,
    assertReady: (container) => assertStoppable(ports, container),
  });
}

/** The same for another verb that stops; `assertReady` throws for a container that the verb will refuse. */
export async function beginEnds(
  ports: StopPorts,
  containers: readonly ContainerRecord[],
  {
    timeoutSeconds,
    assertReady,
  }: {
    timeoutSeconds: number | undefined;
    assertReady: (container: ContainerRecord) => void;
  },
): Promise<StopOptions> {
  const askedAt = ports.now();
  // One alone waits for nobody.
  for (const container of containers.length > 1 ? containers : []) {
    try {
      assertReady(container);
      await setStopTimeout(ports, container.config, timeoutSeconds);
      await thawUnit(ports, container);
      await (await ports.systemd()).stopUnitNoWait(container.config.unit);
    } catch (error) {
      if (!(error instanceof BerthError)) throw error;
    }
  }
  return { timeoutSeconds, askedAt };
}

/** The stop job, whatever state the container is in: also when nothing runs the unit may wait for its next restart. */
export async function endUnit(
  ports: StopPorts,
  container: ContainerRecord,
  { timeoutSeconds, askedAt }: StopOptions = {},
): Promise<void> {
  const { config } = container;
  await setStopTimeout(ports, config, timeoutSeconds);
  const asked = askedAt ?? ports.now();
  await thawUnit(ports, container);
  const systemd = await ports.systemd();
  // A rename that was cut short may have left it running under the old name.
  if (config.formerUnit !== undefined) await systemd.stopUnit(config.formerUnit);
  const result = await systemd.stopUnit(config.unit, () => stopAhead(ports, container));
  warnIfKilled(ports, config, asked);
  if (result !== 'done')
    throw new BerthError(
      'unit',
      `stopping ${config.unit} ended as ${result}: see systemctl status ${config.unit}`,
    );
}

/** Restarts the container's unit; one that does not run is started. */
export async function restartUnit(
  ports: StartPorts & StopPorts,
  container: ContainerRecord,
  timeoutSeconds?: number,
): Promise<void> {
  const { config } = container;
  assertRestartable(ports, container);
  await settleName(ports, container);
  await recordRestart(ports, config);
  await setStopTimeout(ports, config, timeoutSeconds);
  const asked = ports.now();
  const systemd = await ports.systemd();
  const result = await systemd.restartUnit(config.unit, () => stopAhead(ports, container));
  warnIfKilled(ports, config, asked);
  if (result !== 'done') throw unableTo('start', container, failureOfStart(ports, container, result));
}

async function recordRestart(ports: JobPorts, { id }: ContainerConfig): Promise<void> {
  await withContainer(ports, id, ({ config, state }) => {
    record(ports, { config, state, events: [{ status: 'restart' }] });
  });
}

type StatePorts = Parameters<typeof current>[1];

/** Throws in a state that forbids a start; the next two for a stop and a restart. */
export function assertStartable(ports: StatePorts, container: ContainerRecord): void {
  const { id } = container.config;
  if (verdict('start', current(container, ports).state.status) === 'refused')
    throw improper(
      `unable to start container ${JSON.stringify(id)}: container ${id} must be in Created or Stopped state to be started`,
    );
}

export function assertStoppable(ports: StatePorts, container: ContainerRecord): void {
  if (verdict('stop', current(container, ports).state.status) === 'refused')
    throw improper(`container ${container.config.id} is running or paused, refusing to clean up`);
}

export function assertRestartable(ports: StatePorts, container: ContainerRecord): void {
  if (verdict('restart', current(container, ports).state.status) === 'refused')
    throw improper('unable to restart a container in a paused or unknown state');
}

/** A rename that was cut short is done to its end before its unit is asked for anything. */
async function settleName(ports: StartPorts, { config }: ContainerRecord): Promise<void> {
  if (config.formerUnit === undefined) return;
  await withContainer(ports, config.id, (container) => finishRename(ports, container));
}

/** Leaves word for berth-stop, which systemd will run or runs already: the grace of this one stop. */
async function setStopTimeout(
  ports: JobPorts,
  { id }: ContainerConfig,
  seconds: number | undefined,
): Promise<void> {
  if (seconds === undefined) return;
  await withContainer(ports, id, (container) => {
    const { state } = current(container, ports);
    if (verdict('unit-stop', state.status) !== 'allowed') return;
    record(ports, {
      config: container.config,
      state: { ...state, stopTimeoutSeconds: shorterGrace(seconds, state.stopTimeoutSeconds) },
      events: [],
    });
  });
}

/** Tells whoever asked for the stop that the grace was not enough, as berth-stop tells the unit's journal. */
function warnIfKilled(ports: Pick<JobPorts, 'store' | 'warn'>, config: ContainerConfig, since: string): void {
  // Events outlive the container: with --rm it is gone by now.
  const died = ports.store
    .events(config.id)
    .findLast(({ status, time }) => status === 'died' && time >= since);
  if (died?.graceExceeded !== undefined) ports.warn(graceWarning(config, died.graceExceeded));
}
