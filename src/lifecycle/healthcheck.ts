/** healthcheck run: one check, its result folded into the container's health, and what follows from it. */
import { BerthError, isErrno } from '../model/errors.ts';
import {
  foldHealth,
  type HealthConfig,
  type HealthFold,
  type HealthOnFailure,
  type HealthResult,
  initialHealth,
  keptOutput,
} from '../model/health.ts';
import type { ContainerRecord } from '../model/records.ts';
import { verdict } from '../model/state.ts';
import { execProcess } from '../oci/process.ts';
import { serializeSpec } from '../oci/serialize.ts';
import { runningProcess } from './exec.ts';
import { current, PAYLOAD_CGROUP } from './observe.ts';
import type { Ports } from './ports.ts';
import { appendContainerEvent } from './record.ts';

export type HealthPorts = Pick<Ports, 'host' | 'store' | 'runtime' | 'systemd' | 'now' | 'warn'>;

/** The cgroup of the check command, below the container's: killing it ends all that the check started. */
const HEALTH_CGROUP = 'health';

/**
 * Runs the container's check once. Throws (125) when the container does not run or has no check. An unhealthy verdict
 * with an action ends the payload; the unit's Restart= then does the rest, so there is one restart owner.
 */
export async function runHealthCheck(ports: HealthPorts, container: ContainerRecord): Promise<HealthFold> {
  const { config } = container;
  const { state } = current(container, ports);
  if (verdict('healthcheck', state.status) !== 'allowed') {
    throw new BerthError('state', `container ${config.id} is not running`);
  }
  if (config.health === undefined)
    throw new BerthError('invalid', `container ${config.id} has no defined healthcheck`);
  const result = await check(ports, container, config.health);
  const fold = save(ports, { ...container, state }, result);
  if (fold === undefined)
    throw new BerthError('state', `container ${config.id} stopped while it was being checked`);
  if (fold.changed) {
    const output = fold.entry.output.trim();
    ports.warn(
      `container ${config.name} is ${fold.state.status}${output === '' ? '' : `: ${output.replace(/\s*\n\s*/g, ' | ')}`}`,
    );
  }
  if (fold.action !== 'none') {
    ports.warn(
      `health check of ${config.name} failed ${fold.state.failingStreak} times in a row, action: ${fold.action}`,
    );
    await act(ports, { ...container, state }, fold.action);
  }
  return fold;
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
  const { config, state } = container;
  const name = `${state.cgroup}/${PAYLOAD_CGROUP}/${HEALTH_CGROUP}`;
  const start = ports.now();
  try {
    ports.host.makeCgroup(name);
    const { code, output } = await ports.runtime.exec(config, {
      process: serializeSpec(execProcess(config, runningProcess(ports, config.id), { args: health.test })),
      stdio: 'capture',
      timeoutMs: health.timeoutMs,
      maxOutput: keptOutput(health),
      cgroup: { name: HEALTH_CGROUP, kill: () => ports.host.killCgroup(name) },
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

/**
 * Folds and saves in one transaction, on the state as it is now; undefined if the run that was checked is over: what was
 * found out about it says nothing of a run that came after it.
 */
function save(
  ports: HealthPorts,
  { config, state }: ContainerRecord,
  result: HealthResult,
): HealthFold | undefined {
  const { store } = ports;
  return store.transaction(() => {
    const container = store.getContainer(config.id);
    if (container === undefined || config.health === undefined) return undefined;
    if (container.state.startNumber !== state.startNumber) return undefined;
    if (current(container, ports).state.status !== 'running') return undefined;
    const fold = foldHealth(
      container.health ?? initialHealth(),
      result,
      config.health,
      container.state.startedAt ?? result.start,
    );
    store.saveHealth(config.id, fold.state);
    store.appendHealthLog(config.id, fold.entry, config.health.maxLogCount);
    if (fold.changed) {
      appendContainerEvent(
        store,
        config,
        { status: 'health_status', healthStatus: fold.state.status },
        result.end,
      );
    }
    return fold;
  });
}
