/** healthcheck run: one check, its result folded into the container's health, and what follows from it. */
import type { ContainerConfig } from '../model/config.ts';
import { BerthError, isErrno } from '../model/errors.ts';
import {
  dueCheck,
  EVENTS_LOGGER,
  foldHealth,
  type HealthCheck,
  type HealthConfig,
  type HealthFold,
  type HealthOnFailure,
  type HealthResult,
  type HealthState,
  initialHealth,
  keptOutput,
} from '../model/health/health.ts';
import { healthUnits } from '../model/name.ts';
import type { ContainerRecord } from '../model/records.ts';
import { type ContainerState, verdict } from '../model/state.ts';
import { PAYLOAD_CGROUP } from '../model/unit-cgroups.ts';
import { execProcess } from '../oci/process.ts';
import { serializeSpec } from '../oci/serialize.ts';
import { runningProcess } from './exec.ts';
import { copyHealthLog } from './health-log.ts';
import { current } from './observe.ts';
import type { Ports } from './ports.ts';
import { appendContainerEvent } from './record.ts';
import { beginSteadyChecks, endSteadyChecks } from './steady.ts';

export type HealthPorts = Pick<
  Ports,
  'host' | 'store' | 'runtime' | 'systemd' | 'startHealthTimer' | 'now' | 'warn'
>;

/** The cgroup of the check command, below the container's: killing it ends all that the check started. */
const HEALTH_CGROUP = 'health';

/**
 * Runs the container's check once, or judges the `found` result of one that has been run; undefined, and nothing is changed,
 * if the container stopped (or was paused, or started anew) meanwhile. Throws (125) when the container does not run or
 * has no check. An unhealthy verdict with an action ends the payload; the unit's Restart= then does the rest, so there is
 * one restart owner.
 */
export async function runHealthCheck(
  ports: HealthPorts,
  container: ContainerRecord,
  { found }: { found?: HealthResult } = {},
): Promise<HealthFold | undefined> {
  const { config } = container;
  const { state } = current(container, ports);
  if (verdict('healthcheck', state.status) !== 'allowed') {
    throw new BerthError('state', `container ${config.id} is not running`);
  }
  if (config.health === undefined)
    throw new BerthError('invalid', `container ${config.id} has no defined healthcheck`);
  const result = found ?? (await check(ports, { ...container, state }, config.health));
  if (result.exitCode === TIMED_OUT || found?.exitCode === KILLED) await renewCgroup(ports, state);
  const fold = save(ports, { ...container, state }, result);
  if (fold === undefined) return undefined;
  if (fold.changed) {
    const output = fold.entry.output.trim();
    ports.warn(
      `container ${config.name} is ${fold.state.status}${output === '' ? '' : `: ${output.replace(/\s*\n\s*/g, ' | ')}`}`,
    );
  }
  copyHealthLog(ports, config, fold);
  if (fold.passed) await beginRegularChecks(ports, config, config.health);
  if (fold.action !== 'none') {
    ports.warn(
      fold.isStartup
        ? `startup check of ${config.name} failed ${config.health.startup?.retries} times, action: ${fold.action}`
        : `health check of ${config.name} failed ${fold.state.failingStreak} times in a row, action: ${fold.action}`,
    );
    await act(ports, { ...container, state }, fold.action);
  }
  return fold;
}

/** The exit code of a check that was killed at its time-out. */
const TIMED_OUT = -1;

/** bin/berth-check takes that for a time-out of its own, and kills what the check has started. */
const KILLED = 137;

/** Who was killed is gone soon; longer than this nobody waits for what hangs in the kernel. */
const KILLED_WAIT_MS = 1000;

/** A cgroup that was killed lets no runtime clone into it any more (seen with Linux 6.18): the next check gets another. */
async function renewCgroup({ host }: Pick<Ports, 'host'>, state: ContainerState): Promise<void> {
  await host.waitUntilEmpty(healthCgroup(state), KILLED_WAIT_MS);
  host.removeCgroup(healthCgroup(state));
}

function healthCgroup(state: ContainerState): string {
  return `${state.cgroup}/${PAYLOAD_CGROUP}/${HEALTH_CGROUP}`;
}

/** How long a check has to end that has asked for another timer: until then that timer could not begin one. */
const OWN_END_MS = 1000;

/** From its own service, or from a person's command: the timer of the startup check gives way to the regular one's. */
async function beginRegularChecks(
  ports: HealthPorts,
  config: ContainerConfig,
  { intervalMs }: HealthConfig,
): Promise<void> {
  if (intervalMs > 0)
    return ports.startHealthTimer(config, { intervalMs, replacing: { firstMs: OWN_END_MS } });
  await (await ports.systemd()).stopUnit(healthUnits(config.name).timer);
}

const SIGKILL = 9;

/**
 * What follows from unhealthy. Killing the payload makes the unit fail, and its Restart= decides. systemd is asked, not
 * waited for: it will stop this check together with the unit that it is bound to.
 */
async function act(
  ports: HealthPorts,
  { config, state }: ContainerRecord,
  action: Exclude<HealthOnFailure, 'none'>,
): Promise<void> {
  if (action === 'stop') return (await ports.systemd()).stopUnitNoWait(config.unit);
  // Without a policy the unit would stay failed.
  if (action === 'restart' && config.restart.name === 'no') {
    return (await ports.systemd()).restartUnitNoWait(config.unit);
  }
  if (state.payload !== undefined) ports.host.signal(state.payload, SIGKILL);
}

async function check(
  ports: HealthPorts,
  container: ContainerRecord,
  health: HealthConfig,
): Promise<HealthResult> {
  const due = dueCheck(health, container.health);
  const start = ports.now();
  try {
    const { process, cgroup } = commandOf(ports, container, due);
    const { code, output } = await ports.runtime.exec(container.config, {
      process,
      stdio: 'capture',
      timeoutMs: due.timeoutMs,
      maxOutput: keptOutput(health),
      cgroup: { name: HEALTH_CGROUP, kill: () => ports.host.killCgroup(cgroup) },
    });
    return { exitCode: code, output, start, end: ports.now() };
  } catch (error) {
    // The command could not be run in the container: a failed check, as for Podman, not a failure of Berth.
    if (error instanceof BerthError) return { exitCode: 1, output: error.message, start, end: ports.now() };
    if (isErrno(error, 'ENOENT'))
      return { exitCode: 1, output: 'the container ended', start, end: ports.now() };
    throw error;
  }
}

/** What is run, and the cgroup where, which is there. */
function commandOf(
  ports: Pick<HealthPorts, 'host' | 'runtime'>,
  { config, state }: ContainerRecord,
  { test }: HealthCheck,
): { process: string; cgroup: string } {
  const cgroup = healthCgroup(state);
  ports.host.makeCgroup(cgroup);
  return {
    process: serializeSpec(execProcess(config, runningProcess(ports, config.id), { args: test })),
    cgroup,
  };
}

/**
 * Folds and saves in one transaction, on the state as it is now, and then lets checks that find the same pass by; undefined if the
 * run that was checked is over: what was found out about it says nothing of a run that came after it.
 */
function save(
  ports: HealthPorts,
  { config, state }: ContainerRecord,
  result: HealthResult,
): HealthFold | undefined {
  const { store } = ports;
  const fold = store.transaction(() => {
    const container = store.getContainer(config.id);
    if (container === undefined || config.health === undefined) return undefined;
    if (container.state.startNumber !== state.startNumber) return undefined;
    if (current(container, ports).state.status !== 'running') return undefined;
    // It has taken the check along.
    if (ports.host.isEnding(container.state.payload)) return undefined;
    const before = endSteadyChecks(ports, config) ?? initialHealth(config.health);
    const fold = foldHealth(before, result, config.health, container.state.startedAt ?? result.start);
    store.saveHealth(config.id, fold.state);
    store.appendHealthLog(config.id, fold.entry, config.health.maxLogCount);
    const isLogged = config.health.logDestination === EVENTS_LOGGER;
    if (fold.changed || isLogged) {
      const { status, failingStreak } = fold.state;
      appendContainerEvent(
        store,
        config,
        {
          status: 'health_status',
          healthStatus: status,
          healthFailingStreak: failingStreak,
          ...(isLogged ? { healthLog: fold.entry } : {}),
        },
        result.end,
      );
    }
    return fold;
  });
  if (fold !== undefined) beginSteady(ports, { config, state }, { health: fold.state, at: result.start });
  return fold;
}

/**
 * Only what is kept may pass by in silence: with a full disk, or killed before the commit, there would be a rule for a state that
 * nobody knows of. In a transaction that writes nothing, so that nobody changes the health meanwhile.
 */
function beginSteady(
  ports: HealthPorts,
  { config, state }: Pick<ContainerRecord, 'config' | 'state'>,
  { health, at }: { health: HealthState; at: string },
): void {
  const { store, runtime } = ports;
  store.transaction(() => {
    const container = store.getContainer(config.id);
    if (container === undefined || config.health === undefined) return;
    const isOfRun = container.state.startNumber === state.startNumber;
    if (!isOfRun || JSON.stringify(container.health) !== JSON.stringify(health)) return;
    if (current(container, ports).state.status !== 'running') return;
    // Another check that has found the same was first.
    if (runtime.steadyResults(config) !== undefined) return;
    const command = commandOf(ports, container, dueCheck(config.health, health));
    beginSteadyChecks(ports, container, { ...command, at });
  });
}
