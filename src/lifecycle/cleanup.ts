/** berth-cleanup: what ExecStopPost= does after every end, however it came. Idempotent. */

import { mayStayStopped } from '../model/boot-rule.ts';
import type { ContainerConfig } from '../model/config.ts';
import { allErrors, type BerthError, messageOf } from '../model/errors.ts';
import { endedByKill } from '../model/kill.ts';
import { hasNetwork } from '../model/network/names.ts';
import { outcome } from '../model/outcome.ts';
import { type AfterEndStep, type CleanupStep, planAfterEnd, planCleanup } from '../model/plan/cleanup.ts';
import { type Facts, reconcile } from '../model/reconcile.ts';
import type { ContainerRecord } from '../model/records.ts';
import { retriesExhausted, willRestart } from '../model/restart.ts';
import { type ContainerState, hasPayload } from '../model/state.ts';
import { PAYLOAD_CGROUP, SUPERVISOR_CGROUP } from '../model/unit-cgroups.ts';
import { needsPreparing } from '../model/volume/volume.ts';
import { takeReceipt } from './end-receipt.ts';
import { forgetContainer } from './forget.ts';
import { runPoststopHooks } from './hooks.ts';
import { withContainer } from './lock.ts';
import { releaseRootfs } from './mount.ts';
import { tearDownNetwork } from './network/setup.ts';
import { observe } from './observe.ts';
import type { Ports } from './ports.ts';
import { record } from './record.ts';
import { forgetSessions } from './sessions.ts';
import { endSteadyChecks } from './steady.ts';
import { doSteps, type Steps, trySteps } from './steps.ts';
import { releaseVolumes } from './volume/run-volumes.ts';

export type CleanupPorts = Pick<
  Ports,
  | 'settings'
  | 'host'
  | 'store'
  | 'locks'
  | 'runtime'
  | 'rootfs'
  | 'volumes'
  | 'networkFiles'
  | 'networkDriver'
  | 'systemd'
  | 'now'
  | 'warn'
>;

/** $SERVICE_RESULT of a start that ExecCondition= passed over (systemd.exec(5)). */
const LEFT_OUT = 'exec-condition';

/** How systemd words the end of a main process in $EXIT_CODE and $EXIT_STATUS (systemd.exec(5)). */
const STOPPED_IN_START = 'killed TERM';

/** The same where a credential could not be had, so that berth-start has not even begun (EXIT_CREDENTIALS). */
const WITHOUT_CREDENTIALS = 'exited 243';

/** SIGKILL is quick; a payload in uninterruptible sleep is not waited for longer. */
const KILL_WAIT_MS = 5000;

/**
 * Ends what is left of the run, forgets it in the runtime, unmounts, records exit code, times and OOM, and removes
 * the container if it was made with --rm, nobody needs it and this is not the first half of a restart. Each part is
 * tried even if one before it failed.
 *
 * Runs in the unit that has ended. Returns the exit code for systemd: 0 when the end was asked for or the payload ended
 * with 0, its code otherwise (the unit's ExecStart= ignores conmon's code: see unitfile/container-service.ts).
 */
export async function cleanupContainer(ports: CleanupPorts, id: string): Promise<number> {
  const exitCode = await withContainer(ports, id, async (container) => {
    const { config } = container;
    const atShutdown = await isStoppedAtShutdown(ports, container);
    const state = await cleanupLocked(ports, container, { inUnit: true, atShutdown });
    const result = outcome(state, config.restart);
    // What was initialized waits for `berth start`, and what was killed is to stay so; Restart= must not start them.
    const shallRest = container.state.status === 'created' || wasKilled(container, state);
    const startsAgain = (shallRest || config.autoRemove) && (await willStartAgain(ports, container));
    const plan = planAfterEnd({
      preventRestart:
        result.hopeless ||
        (shallRest && !startsAgain) ||
        (result.exitCode !== 0 && (await isExhausted(ports, container))),
      autoRemove:
        config.autoRemove &&
        state.startFailure === 0 &&
        !startsAgain &&
        ports.store.dependentsOf(id).length === 0,
    });
    const prevented = plan.steps.includes('prevent-restart');
    const restarts = !startsAgain && !prevented && willRestart(state, config.restart, result.exitCode);
    const ended = { ...container, state };
    if (restarts) record(ports, { config, state, events: [{ status: 'restart' }] });
    else if (result.exitCode === 0) await recordRestarts(ports, ended);
    await doSteps(plan, AFTER_END, { ports, container: ended });
    return result.exitCode;
  });
  // Gone: whoever has removed it may have known how it ended.
  return exitCode ?? takeReceipt(ports, id) ?? 0;
}

/** Has the unit ended for good? Then its own cleanup is over, or was killed, and nobody else does its work. */
export async function unitRests(
  ports: Pick<Ports, 'systemd'>,
  { config }: ContainerRecord,
): Promise<boolean> {
  const { activeState } = await (await ports.systemd()).unitStatus(config.unit);
  return activeState === 'inactive' || activeState === 'failed';
}

const AFTER_END: Steps<AfterEndStep, { ports: CleanupPorts; container: ContainerRecord }> = {
  'prevent-restart': {
    do: async ({ ports, container: { config } }) => {
      await withSystemd(ports, (systemd) => systemd.stopUnitNoWait(config.unit));
    },
  },
  'remove-container': {
    do: ({ ports, container }) => forgetContainer(ports, container, { inUnit: true, volumes: true }),
  },
};

interface CleanupContext {
  ports: Omit<CleanupPorts, 'settings' | 'systemd'>;
  container: ContainerRecord;
  /** Of the unit, when there is or was one. */
  cgroup: string;
  /** What was true before anything was ended: killing and deleting destroys it (exit file, memory.events). */
  facts: Facts;
  inUnit: boolean;
  atShutdown: boolean;
  state: ContainerState;
  failures: unknown[];
}

/** The work itself, for a caller that holds the lock. Returns the state as recorded. */
export async function cleanupLocked(
  ports: Omit<CleanupPorts, 'settings' | 'systemd'>,
  container: ContainerRecord,
  { inUnit, atShutdown = false }: { inUnit: boolean; atShutdown?: boolean },
): Promise<ContainerState> {
  const { host, runtime } = ports;
  const { config, state } = container;
  const cgroup = inUnit ? host.unitCgroup() : state.cgroup;
  const plan = planCleanup({
    cgroup: cgroup !== undefined,
    bundle: host.exists(runtime.files(config.id).bundle),
    poststopHooks: host.exists(runtime.files(config.id).poststopHooks),
    network: hasNetwork(config),
    volumes: config.mounts.some(needsPreparing),
    checks: config.health !== undefined,
  });
  const facts = observe(container, ports);
  const context: CleanupContext = {
    ports,
    container,
    cgroup: cgroup ?? '',
    facts,
    inUnit,
    atShutdown,
    state,
    failures: [],
  };
  await trySteps(plan, STEPS, context);
  if (context.failures.length > 0) throw cleanupError(context);
  return context.state;
}

const STEPS: Steps<CleanupStep, CleanupContext> = {
  'end-processes': {
    do: async ({ ports: { host }, cgroup }) => {
      for (const part of [PAYLOAD_CGROUP, SUPERVISOR_CGROUP]) {
        if (!host.isPopulated(`${cgroup}/${part}`)) continue;
        host.killCgroup(`${cgroup}/${part}`);
        await host.waitUntilEmpty(`${cgroup}/${part}`, KILL_WAIT_MS);
      }
    },
  },
  'delete-from-runtime': { do: ({ ports, container: { config } }) => ports.runtime.delete(config) },
  'run-poststop-hooks': { do: ({ ports, container: { config } }) => runPoststopHooks(ports, config) },
  'tear-down-network': { do: ({ ports, container: { config } }) => tearDownNetwork(ports, config.id) },
  'release-volumes': { do: ({ ports, container: { config } }) => releaseVolumes(ports, config.id) },
  'unmount-rootfs': { do: ({ ports, container: { config } }) => releaseRootfs(ports, config.id) },
  'keep-check-results': {
    do: ({ ports, container: { config } }) =>
      void ports.store.transaction(() => endSteadyChecks(ports, config)),
  },
  'remove-bundle': {
    do: ({ ports, container: { config } }) => {
      const { bundle, endReceipt } = ports.runtime.files(config.id);
      for (const file of [bundle, endReceipt]) ports.host.remove(file);
    },
  },
  'remove-cgroup': { do: ({ ports, cgroup }) => ports.host.removeCgroup(`${cgroup}/${PAYLOAD_CGROUP}`) },
  'record-end': { do: recordEnd },
};

function cleanupError({ container, failures }: CleanupContext): BerthError {
  return allErrors(`cleanup of container ${container.config.name}`, failures);
}

function recordEnd(context: CleanupContext): void {
  const { ports, container, facts, inUnit } = context;
  const after = reconcile(container.state, { ...facts, payloadAlive: false, conmonAlive: false });
  const { config } = container;
  const weighed = {
    ...after.state,
    ...(after.changed && endedByKill(after.state, config) ? { stopRequested: true } : {}),
    ...(context.atShutdown ? { stoppedAtShutdown: true } : {}),
  };
  context.state = settled(inUnit ? ofThisRun(config, weighed, ports.host.unitRun()) : weighed);
  if (context.failures.length > 0)
    context.state.error = [context.state.error, cleanupError(context).message].filter(Boolean).join('; ');
  const ended = hasPayload(container.state.status) || container.state.status === 'stopped';
  record(ports, {
    config,
    state: context.state,
    events: [...after.events, ...(ended ? [{ status: 'cleanup' as const }] : [])],
    also: () => forgetSessions(ports, container.config),
  });
}

/**
 * A run that ended before berth-start recorded it (killed, timed out, stopped meanwhile) has told nothing of itself:
 * the state is that of the run before, and its exit code, stop and error must not speak for this one.
 */
function ofThisRun(
  { unit }: Pick<ContainerConfig, 'unit'>,
  state: ContainerState,
  { invocation, result, mainExit }: ReturnType<Ports['host']['unitRun']>,
): ContainerState {
  // conmon is not killed by SIGTERM, it passes it on: the main process still was berth-start, and systemd stopped it
  // between the record of the run and READY=1, when it does not run ExecStop= yet.
  if (state.invocation === invocation)
    return mainExit === STOPPED_IN_START ? { ...state, stopRequested: true } : state;
  const stopped = result === 'success' || result === LEFT_OUT;
  return {
    ...state,
    invocation,
    stopRequested: stopped,
    startFailure: stopped ? 0 : 125,
    error: stopped
      ? ''
      : `the start was cut short (${mainExit === WITHOUT_CREDENTIALS ? 'systemd could not set up the credentials of the unit' : result}): see journalctl -u ${unit}`,
  };
}

/** stopped → exited, created → configured: the runtime no longer knows it. */
function settled(state: ContainerState): ContainerState {
  const next = { ...state };
  delete next.stopTimeoutSeconds;
  if (state.status === 'stopped') return { ...next, status: 'exited' };
  if (state.status === 'created') return { ...next, status: 'configured' };
  return next;
}

/**
 * Did a `kill` end the run? It counts as a stop, but systemd, who was not asked for one, would restart the unit whatever
 * its exit code. In a stop under way it would not, and must not be asked for another: that would cancel the start
 * which may follow it.
 */
function wasKilled(before: ContainerRecord, after: ContainerState): boolean {
  const { name } = before.config.restart;
  if (name !== 'always' && name !== 'unless-stopped') return false;
  return after.lastKill !== undefined && after.stopRequested && !before.state.stopRequested;
}

/**
 * Has the machine's shutdown stopped it, and not a person? Asked only where the next boot wants to know (boot-rule.ts).
 * A bus that is gone is the end of a shutdown.
 */
async function isStoppedAtShutdown(ports: CleanupPorts, container: ContainerRecord): Promise<boolean> {
  const { config, state } = container;
  const { invocation, mainExit } = ports.host.unitRun();
  const isStop =
    state.status === 'stopping' || invocation !== state.invocation || mainExit === STOPPED_IN_START;
  if (!isStop || !mayStayStopped({ ...state, stopRequested: true }, config.restart)) return false;
  const systemState = await withSystemd(ports, (systemd) => systemd.systemState());
  return systemState === undefined || systemState === 'stopping';
}

/** systemd forgets a unit that has ended well, and with it how often it was restarted. */
async function recordRestarts(ports: CleanupPorts, { config, state }: ContainerRecord): Promise<void> {
  if (config.restart.name === 'no' || state.startNumber < 2) return;
  const status = await withSystemd(ports, (systemd) => systemd.unitStatus(config.unit));
  if (status === undefined || status.restarts === (state.restarts ?? 0)) return;
  record(ports, { config, state: { ...state, restarts: status.restarts }, events: [] });
}

async function isExhausted(ports: CleanupPorts, { config }: ContainerRecord): Promise<boolean> {
  if (config.restart.name !== 'on-failure' || config.restart.maximumRetryCount === 0) return false;
  const status = await withSystemd(ports, (systemd) => systemd.unitStatus(config.unit));
  return status !== undefined && retriesExhausted(config.restart, status.restarts);
}

/** Is this end a part of `systemctl restart`, or has a start been asked for since? */
async function willStartAgain(ports: CleanupPorts, { config }: ContainerRecord): Promise<boolean> {
  return (await withSystemd(ports, (systemd) => systemd.hasStartJob(config.unit))) ?? false;
}

/** systemd's bus may already be down at the end of a shutdown: said, and without consequence, as nothing restarts then. */
async function withSystemd<T>(
  ports: CleanupPorts,
  work: (systemd: Awaited<ReturnType<Ports['systemd']>>) => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work(await ports.systemd());
  } catch (error) {
    ports.warn(`systemd could not be asked: ${messageOf(error)}`);
    return undefined;
  }
}
