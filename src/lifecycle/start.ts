/** berth-start: what ExecStart= of a container's unit does, from nothing to READY=1. */

import { asBerthError, BerthError } from '../model/errors.ts';
import { planStart, type StartStep } from '../model/plan/start.ts';
import type { ContainerRecord } from '../model/records.ts';
import { type ContainerState, displayStatus, initialState, verdict } from '../model/state.ts';
import { PAYLOAD_CGROUP, SUPERVISOR_CGROUP } from '../model/unit-cgroups.ts';
import type { MountedSecret } from '../oci/mounts.ts';
import { rewriteNameFiles, writeContainerFiles } from './container-files.ts';
import { mountCredentials } from './credentials.ts';
import { assertDependenciesRun } from './dependencies.ts';
import { runPoststopHooks } from './hooks.ts';
import { assertOwnersLive } from './joined-namespaces.ts';
import { leftoversOf } from './leftovers.ts';
import { withContainer } from './lock.ts';
import { releaseRootfs } from './mount.ts';
import { setUpNetwork, tearDownNetwork } from './network/setup.ts';
import { current } from './observe.ts';
import { patiently } from './patience.ts';
import { writePidFiles } from './pid-files.ts';
import type { LaunchedMonitor, Ports, ReservedPorts } from './ports.ts';
import { becomeReady, processesOf, type ReadyContext } from './ready.ts';
import { record } from './record.ts';
import { recordRunning } from './running.ts';
import { labelFiles } from './selinux.ts';
import { checkSources, containerUser, writeSpec } from './spec.ts';
import { doSteps, type Steps } from './steps.ts';
import { assertSameNamespace } from './user-namespace.ts';
import { releaseVolumes, useVolumes } from './volume/run-volumes.ts';

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
  | 'notifyBarrier'
  | 'now'
  | 'warn'
>;

interface StartContext extends ReadyContext {
  ports: StartPorts;
  /** Held by this process until conmon has them. */
  reserved?: ReservedPorts;
  monitor?: LaunchedMonitor;
  /** The runtime may know the container. */
  inRuntime?: boolean;
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
  await becomeReady(context);
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
  'reserve-ports': {
    do: async (context) => {
      const { ports, container } = context;
      context.reserved = await (await import('./network/hold-ports.ts')).holdPorts(ports, container.config);
    },
    undo: ({ reserved }) => reserved?.release(),
  },
  // It takes some ms until it can begin, which what follows is done in.
  'launch-monitor': {
    do: (context) => {
      const { host, runtime } = context.ports;
      const { config } = context.container;
      host.makeDirectory(runtime.files(config.id).bundle);
      const heldFds = context.reserved?.fds ?? [];
      context.monitor = runtime.launch(config, { ...notifications(context), heldFds });
    },
    undo: ({ ports, container: { config }, monitor, inRuntime }) => {
      monitor?.cancel();
      // By it berth-cleanup knows that the runtime has something to forget.
      if (inRuntime !== true) ports.host.remove(ports.runtime.files(config.id).bundle);
    },
  },
  'mount-rootfs': {
    do: async ({ ports, container: { config } }) => {
      assertSameNamespace(ports, config);
      // In a user namespace layers may have to be copied.
      await patiently(ports, () => ports.rootfs.mount(config));
    },
    undo: ({ ports, container: { config } }) => releaseRootfs(ports, config.id),
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
      const { ports, container, monitor } = context;
      if (monitor === undefined) throw new Error('conmon was not launched');
      context.inRuntime = true;
      const processes = await monitor.create();
      context.processes = processes;
      context.reserved?.release();
      if (context.credentials.length > 0) await ports.rootfs.unmountCredentials(container.config.id);
      writePidFiles(ports, container.config, processes);
      assertOwnersLive(ports, container.config);
    },
    undo: async (context) => {
      const { ports, container, processes } = context;
      const { config } = container;
      await ports.runtime.delete(config);
      context.inRuntime = false;
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
