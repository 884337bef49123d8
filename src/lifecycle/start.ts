/** berth-start: what ExecStart= of a container's unit does, from nothing to READY=1. */

import { asBerthError, BerthError } from '../model/errors.ts';
import { planReady, planStart, type ReadyStep, type StartStep } from '../model/plan/start.ts';
import type { ContainerRecord } from '../model/records.ts';
import {
  type ContainerState,
  displayStatus,
  initialState,
  type ProcessRef,
  verdict,
} from '../model/state.ts';
import type { MountedSecret } from '../oci/mounts.ts';
import type { Starting } from './await-ready.ts';
import { rewriteNameFiles, writeContainerFiles } from './container-files.ts';
import { mountCredentials } from './credentials.ts';
import { assertDependenciesRun, inOldNamespaces } from './dependencies.ts';
import { runPoststopHooks } from './hooks.ts';
import { assertOwnersLive } from './joined-namespaces.ts';
import { leftoversOf } from './leftovers.ts';
import { withContainer } from './lock.ts';
import { releaseRootfs } from './mount.ts';
import { setUpNetwork, tearDownNetwork } from './network-setup.ts';
import { current, PAYLOAD_CGROUP, STARTER_CGROUP, SUPERVISOR_CGROUP } from './observe.ts';
import { writePidFiles } from './pid-files.ts';
import type { Ports, ReservedPorts } from './ports.ts';
import { record } from './record.ts';
import { releaseVolumes, useVolumes } from './run-volumes.ts';
import { beginChecks, recordRunning } from './running.ts';
import { labelFiles } from './selinux.ts';
import { checkSources, containerUser, writeSpec } from './spec.ts';
import { doSteps, type Steps } from './steps.ts';
import { assertSameNamespace } from './user-namespace.ts';

export type StartPorts = Pick<
  Ports,
  | 'settings'
  | 'host'
  | 'store'
  | 'locks'
  | 'runtime'
  | 'rootfs'
  | 'secrets'
  | 'volumes'
  | 'networkFiles'
  | 'networkDriver'
  | 'systemd'
  | 'startHealthTimer'
  | 'notify'
  | 'now'
  | 'warn'
>;

interface StartContext {
  ports: StartPorts;
  container: ContainerRecord;
  unitCgroup: string;
  /** The payload shall wait for `berth start`. */
  held: boolean;
  /** Aborted when systemd wants the unit stopped: it does not run ExecStop= before READY=1. */
  stopAsked: AbortSignal;
  /** systemd has yet to be told that conmon is the main process, when all is done. */
  handsOver?: boolean;
  /** Held by this process until conmon has them. */
  reserved?: ReservedPorts;
  processes?: { payload: ProcessRef; conmon: ProcessRef };
  /** Files of the unit's credentials, until the runtime has mounted them. */
  credentials: readonly MountedSecret[];
}

/**
 * Starts the container inside the calling unit. Accepts configured, created, stopped and exited; running is
 * success (nothing is done). Resolves once systemd has READY=1 and the health timer, if any, runs.
 *
 * A failure leaves no mount, cgroup or runtime state, is recorded in the container's state for `berth start` and
 * `inspect` to show, and is thrown with exit code 125, 126 or 127.
 */
export async function startContainer(ports: StartPorts, id: string): Promise<void> {
  const started = await withContainer(ports, id, async (container) => ({
    context: await startLocked(ports, container),
  }));
  if (started === undefined) {
    throw new BerthError(
      'no-such-container',
      `no container with ID ${id}: it was removed meanwhile, or its unit is a leftover: then remove the unit file`,
    );
  }
  const { context } = started;
  if (context === undefined) return;
  const facts = { held: context.held, joined: inOldNamespaces(ports, id).length > 0 };
  const plan = planReady(context.container.config, facts);
  context.handsOver = plan.steps.includes('hand-over');
  const stopped = stopWhenAsked(context);
  const ready = doSteps(plan, READY_STEPS, context).then(() => linger(context));
  await Promise.race([ready, stopped]);
  if (context.stopAsked.aborted) await stopped;
}

/**
 * systemd may have been at a stop when READY=1 came, with this process as the one to tell. It reads what it is notified of
 * before anything else, so a moment is enough; Node cannot send the descriptor that would ask for a receipt (BARRIER=1 of
 * sd_notify(3)). Nobody waits for this: the start is over.
 */
const LINGER_MS = 100;

async function linger({ ports: { host }, unitCgroup }: StartContext): Promise<void> {
  // A stop waits until the one where conmon lives is empty.
  host.enterCgroup(`${unitCgroup}/${STARTER_CGROUP}`);
  await host.delay(LINGER_MS);
}

/**
 * Settles only when systemd wants a stop: then this process, whom it has told, ends the payload as berth-stop would. To die
 * of the signal is no way out: systemd would wait for the rest of the unit until its time limit.
 */
async function stopWhenAsked(context: StartContext): Promise<never> {
  const { stopAsked } = context;
  if (!stopAsked.aborted) await new Promise((resolve) => stopAsked.addEventListener('abort', resolve));
  return (await import('./await-ready.ts')).stopStarting(starting(context));
}

/** systemd's SIGTERM, from now on. */
function onStopAsked({ host }: Pick<StartPorts, 'host'>): AbortSignal {
  const asked = new AbortController();
  host.onTerminate(() => asked.abort());
  return asked.signal;
}

/** The part that needs the lock; undefined when the payload runs already. */
async function startLocked(ports: StartPorts, container: ContainerRecord): Promise<StartContext | undefined> {
  const { config } = container;
  const now = current(container, ports);
  const meaning = verdict('start', now.state.status);
  if (meaning === 'done') return undefined;
  if (meaning === 'refused') {
    throw new BerthError(
      'state',
      `cannot start container ${config.name}: it is ${displayStatus(now.state.status)}`,
    );
  }
  if (now.changed) record(ports, { config, state: now.state, events: now.events });
  const { holdFor, ...state } = now.state;
  const context: StartContext = {
    ports,
    container: { ...container, state },
    unitCgroup: ports.host.unitCgroup(),
    held: ports.host.isAlive(holdFor),
    stopAsked: onStopAsked(ports),
    credentials: [],
  };
  await doStart(context);
  return context;
}

async function doStart(context: StartContext): Promise<void> {
  const { ports, container } = context;
  const { config, state } = container;
  const plan = planStart(config, { ...leftoversOf(ports, config.id), held: context.held });
  try {
    await doSteps(plan, STEPS, context);
  } catch (thrown) {
    const error = asBerthError(thrown);
    record(ports, {
      config,
      state: {
        ...state,
        invocation: ports.host.unitRun().invocation,
        ...(context.stopAsked.aborted
          ? { stopRequested: true, error: '', startFailure: 0 }
          : { error: error.message, startFailure: error.exitCode }),
      },
      events: [],
    });
    throw error;
  }
}

const STEPS: Steps<StartStep, StartContext> = {
  'check-dependencies': { do: ({ ports, container: { config } }) => assertDependenciesRun(ports, config) },
  'enter-supervisor-cgroup': {
    do: ({ ports, unitCgroup }) => ports.host.enterCgroup(`${unitCgroup}/${SUPERVISOR_CGROUP}`),
  },
  'sweep-leftovers': {
    do: async ({ ports, container: { config }, unitCgroup }) => {
      ports.host.killCgroup(`${unitCgroup}/${PAYLOAD_CGROUP}`);
      await ports.runtime.delete(config);
      await runPoststopHooks(ports, config);
      await tearDownNetwork(ports, config.id);
      await releaseVolumes(ports, config.id);
      await releaseRootfs(ports, config.id);
      ports.host.remove(ports.runtime.files(config.id).bundle);
    },
  },
  'mount-rootfs': {
    do: async ({ ports, container: { config } }) => {
      assertSameNamespace(ports, config);
      ports.host.makeDirectory(ports.runtime.files(config.id).bundle);
      await ports.rootfs.mount(config);
    },
    undo: async ({ ports, container: { config } }) => {
      await releaseRootfs(ports, config.id);
      ports.host.remove(ports.runtime.files(config.id).bundle);
    },
  },
  'reserve-ports': {
    do: async (context) => {
      const { ports, container } = context;
      context.reserved = await (await import('./hold-ports.ts')).holdPorts(ports, container.config);
    },
    undo: ({ reserved }) => reserved?.release(),
  },
  'set-up-network': {
    do: ({ ports, container: { config }, processes }) => setUpNetwork(ports, config, processes?.payload.pid),
    undo: ({ ports, container: { config } }) => tearDownNetwork(ports, config.id),
  },
  'write-names': { do: ({ ports, container: { config } }) => rewriteNameFiles(ports, config) },
  'write-files': {
    do: async (context) => {
      const { ports, container } = context;
      writeContainerFiles(ports, container.config);
      context.credentials = await mountCredentials(ports, container.config);
      labelFiles(ports, container.config);
    },
  },
  'mount-volumes': {
    do: ({ ports, container: { config } }) => {
      checkSources(ports, config);
      return useVolumes(ports, config, containerUser(ports, config));
    },
    undo: ({ ports, container: { config } }) => releaseVolumes(ports, config.id),
  },
  'write-spec': {
    do: ({ ports, container: { config }, unitCgroup, credentials }) =>
      writeSpec(ports, config, { cgroupsPath: `${unitCgroup}/${PAYLOAD_CGROUP}`, credentials }),
  },
  'create-in-runtime': {
    do: async (context) => {
      const { ports, container } = context;
      context.processes = await ports.runtime.create(container.config, {
        ...notifications(context),
        heldFds: context.reserved?.fds ?? [],
      });
      context.reserved?.release();
      if (context.credentials.length > 0) await ports.rootfs.unmountCredentials(container.config.id);
      writePidFiles(ports, container.config, context.processes);
      assertOwnersLive(ports, container.config);
    },
    undo: async ({ ports, container: { config }, processes }) => {
      await ports.runtime.delete(config);
      // Only a container that had been created has an end.
      if (processes !== undefined) await runPoststopHooks(ports, config);
    },
  },
  'start-payload': {
    do: ({ ports, container: { config }, stopAsked }) => {
      // One that has not begun takes no signal.
      if (stopAsked.aborted)
        throw new BerthError('state', `container ${config.name} was stopped before it was started`);
      return ports.runtime.start(config);
    },
  },
  'record-created': {
    do: (context) =>
      record(context.ports, {
        config: context.container.config,
        state: createdState(context),
        events: [{ status: 'init' }],
        also: (store) => store.clearHealth(context.container.config.id),
      }),
  },
  'record-running': {
    do: (context) =>
      recordRunning(context.ports, context.container.config, {
        state: createdState(context),
        before: [{ status: 'init' }],
      }),
  },
};

const READY_STEPS: Steps<ReadyStep, StartContext> = {
  // Loaded when needed: most starts wait for neither.
  'await-healthy': {
    do: async (context) => (await import('./await-ready.ts')).awaitHealthy(starting(context)),
  },
  'await-word': {
    do: async (context) => (await import('./await-ready.ts')).awaitWord(starting(context)),
  },
  'notify-ready': {
    do: async (context) => {
      const { payload } = processesOf(context);
      // Who starts a held payload later cannot speak for the unit: the words must be true before and after.
      const fate = context.held ? 'is initialized, its first process is' : 'runs as process';
      await context.ports.notify([
        ...(context.handsOver === true ? [] : mainProcess(context)),
        'READY=1',
        `STATUS=container ${context.container.config.name} ${fate} ${payload.pid}`,
      ]);
    },
  },
  'restart-joined': {
    do: async ({ ports, container: { config } }) => {
      for (const { unit } of inOldNamespaces(ports, config.id)) {
        ports.warn(`restarting ${unit}, which uses the namespaces of the last run of ${config.name}`);
        await (await ports.systemd()).tryRestartUnitNoWait(unit);
      }
    },
  },
  'start-health-timer': { do: ({ ports, container: { config } }) => beginChecks(ports, config) },
  'hand-over': {
    do: async (context) => {
      // One that has ended meanwhile is followed by this process's own end.
      if (context.ports.host.isAlive(context.processes?.conmon))
        await context.ports.notify(mainProcess(context));
    },
  },
};

function mainProcess(context: StartContext): string[] {
  return [`MAINPID=${processesOf(context).conmon.pid}`];
}

function starting({ ports, container: { config }, unitCgroup, stopAsked }: StartContext): Starting {
  return { ports, config, unitCgroup, stopAsked };
}

/** conmon passes on what the payload says, or the word of a passing check for the unit's watchdog. */
function notifications({ ports, container: { config } }: StartContext): { notifySocket?: string } {
  const { notifySocket, hasWatchdog } = ports.host.unitRun();
  return config.sdNotify === 'container' || hasWatchdog ? { notifySocket } : {};
}

/** The payload is there and waits. Nothing of the last run speaks for this one. */
function createdState(context: StartContext): ContainerState {
  return {
    ...initialState(),
    ...processesOf(context),
    status: 'created',
    startNumber: context.container.state.startNumber,
    invocation: context.ports.host.unitRun().invocation,
    cgroup: context.unitCgroup,
  };
}

function processesOf(context: StartContext): { payload: ProcessRef; conmon: ProcessRef } {
  if (context.processes === undefined) throw new Error('the container was not created');
  return context.processes;
}
