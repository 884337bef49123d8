/**
 * What commands do themselves of the work of a unit's programs, when the unit is stopped or ends: systemd takes longer to start
 * berth-stop, and then berth-cleanup, than both have to do. Both find it done (bin/berth), or do what is not.
 */
import type { ContainerConfig } from '../model/config.ts';
import { messageOf } from '../model/errors.ts';
import { namespaceModes } from '../model/namespace.ts';
import { MARK_AHEAD, planStopAhead, type StopAheadStep } from '../model/plan/stop.ts';
import type { ContainerRecord } from '../model/records.ts';
import { parseSignal } from '../model/signal.ts';
import { SUPERVISOR_CGROUP } from '../model/unit-cgroups.ts';
import type { CleanupPorts } from './cleanup.ts';
import { cleanUpEnded, cleanUpStopped } from './early-cleanup.ts';
import { withContainer } from './lock.ts';
import { record } from './record.ts';
import { doSteps, type Steps } from './steps.ts';
import { contextIfStoppable, hasGrace, recordStopping, type StopContext } from './stop.ts';

type AheadPorts = Omit<CleanupPorts, 'systemd'>;
type AheadContext = StopContext<AheadPorts> & { ended: boolean };

/** For what takes longer the unit's programs are there by then. */
const AHEAD_MS = 1000;

/**
 * To be called when systemd has begun to stop the unit, with the container as it was before that was asked for: another
 * run than that one's is left alone, and so is a stop that somebody else has begun.
 */
export async function stopAhead(
  ports: AheadPorts,
  { config: { id }, state }: ContainerRecord,
): Promise<void> {
  const { host } = ports;
  try {
    if (!isInHostsNamespaces(host)) return;
    const context = await withContainer(ports, id, async (fresh) => {
      const stoppable = contextIfStoppable(ports, fresh);
      if (stoppable === undefined || stoppable.isUnderWay || fresh.state.invocation !== state.invocation)
        return undefined;
      if (!endsWithItsFirstProcess(fresh.config)) return undefined;
      const begun = { ...stoppable, ended: false };
      await doSteps(MARK_AHEAD, STEPS, begun);
      return begun;
    });
    if (context === undefined) return;
    await doSteps(planStopAhead({ isFrozen: host.isFrozen(context.payloadCgroup) }), STEPS, context);
    if (context.ended) await cleanUpStopped(ports, id, { invocation: state.invocation, inUnit: false });
  } catch (error) {
    ports.warn(`${messageOf(error)}: the unit does what is left`);
  }
}

/**
 * To be called when a payload that a command has waited for has ended by itself.
 * @param run.cgroup the unit's
 */
export async function endAhead(
  ports: CleanupPorts,
  { config: { id } }: ContainerRecord,
  { startNumber, cgroup }: { startNumber: number; cgroup: string },
): Promise<void> {
  const { host } = ports;
  try {
    if (!isInHostsNamespaces(host)) return;
    if (await host.waitUntilEmpty(`${cgroup}/${SUPERVISOR_CGROUP}`, AHEAD_MS))
      await cleanUpEnded(ports, id, startNumber);
  } catch (error) {
    ports.warn(`${messageOf(error)}: the unit does what is left`);
  }
}

/** Those in which the unit's programs would clean up: its mounts, its firewall, its processes. */
function isInHostsNamespaces({ namespaces, self }: CleanupPorts['host']): boolean {
  const [hosts, own] = [namespaces(1), namespaces(self().pid)];
  return ['mnt', 'net', 'pid', 'cgroup'].every((kind) => hosts[kind] === own[kind]);
}

/** Else its other processes have the grace too, which berth-stop gives them only if it is there before the first one ends. */
function endsWithItsFirstProcess(config: ContainerConfig): boolean {
  return namespaceModes(config).pid === 'private';
}

const STEPS: Steps<StopAheadStep, AheadContext> = {
  'record-stopping': { do: recordStopping },
  // Never by way of the cgroup, which the next run has again: a process is told from the one that has its number next.
  'signal-payload': {
    do: (context) => {
      const { config, state } = context.container;
      if (state.payload === undefined) return;
      context.ports.host.signal(state.payload, hasGrace(context) ? config.stopSignal : parseSignal('KILL'));
    },
  },
  'record-signalled': {
    do: ({ ports, container: { config } }) => {
      const marked = ports.store.getContainer(config.id);
      if (marked !== undefined)
        record(ports, { config, state: { ...marked.state, stopSignalled: true }, events: [] });
    },
  },
  'thaw-payload': {
    do: ({ ports: { host }, payloadCgroup }) => host.freezeCgroup(payloadCgroup, false),
  },
  'await-payload': {
    do: async (context) => {
      context.ended = await context.ports.host.waitUntilEmpty(context.payloadCgroup, AHEAD_MS);
    },
  },
  'await-monitor': {
    do: async (context) => {
      const supervisor = `${context.container.state.cgroup}/${SUPERVISOR_CGROUP}`;
      context.ended &&= await context.ports.host.waitUntilEmpty(supervisor, AHEAD_MS);
    },
  },
};
