/** attach, start --attach and run: this process's streams on a container's, until it ends or the keys to detach come. */
import { BerthError, messageOf } from '../model/errors.ts';
import type { ContainerRecord } from '../model/records.ts';
import { parseSignal } from '../model/signal.ts';
import { type ContainerState, verdict } from '../model/state.ts';
import { endAhead } from './ahead.ts';
import type { CleanupPorts } from './cleanup.ts';
import { exitOfStart } from './exit.ts';
import { initJob, startWaiting } from './init.ts';
import { assertStartable } from './jobs.ts';
import { killContainer } from './kill.ts';
import { current } from './observe.ts';
import type { AttachRequest, Ports } from './ports.ts';
import { appendContainerEvent } from './record.ts';

export interface AttachOptions extends Omit<AttachRequest, 'terminal' | 'onSignal'> {
  /** Hand the signals that this process gets to the container. */
  sigProxy: boolean;
  /** Called when the container runs and the streams are connected. */
  onStarted?: () => void;
}

type AttachPorts = CleanupPorts & Pick<Ports, 'startHealthTimer'>;

/**
 * Attaches to a running container. Returns its exit code, or 0 after the keys to detach, which leave it running.
 * Throws when it does not run, or has no streams of its own (passthrough).
 */
export async function attachToRunning(
  ports: AttachPorts,
  container: ContainerRecord,
  options: AttachOptions,
): Promise<number> {
  const { config } = container;
  const { state } = current(container, ports);
  if (verdict('attach', state.status) !== 'allowed') {
    throw new BerthError(
      'state',
      `attaching to container ${config.id}: you can only attach to running containers`,
    );
  }
  return attached(ports, container, {
    ...options,
    begin: () => {
      const { store, now } = ports;
      store.transaction(() => appendContainerEvent(store, config, { status: 'attach' }, now()));
      return Promise.resolve(state.startNumber);
    },
  });
}

/**
 * Starts a container with the streams connected before its command runs, so that no output is lost. One that runs
 * already is attached to. Returns as attachToRunning does; a failed start is thrown with the exit code that it means
 * to a shell, a state that forbids it as startUnit does.
 */
export async function startAttached(
  ports: AttachPorts,
  container: ContainerRecord,
  options: AttachOptions,
): Promise<number> {
  const { config } = container;
  const { state } = current(container, ports);
  if (verdict('start', state.status) === 'done') return attachToRunning(ports, container, options);
  assertStartable(ports, container);
  return attached(ports, container, {
    ...options,
    prepare: () => initJob(ports, container),
    begin: async () =>
      // Undefined: somebody else has started it in the meantime.
      (await startWaiting(ports, config.id, [{ status: 'attach' }])) ?? stateOf(ports, container).startNumber,
  });
}

interface Attached extends AttachOptions {
  /** What must have happened before conmon is there. */
  prepare?: () => Promise<void>;
  /** Lets the payload run, if it does not yet; which start this is. */
  begin: () => Promise<number>;
}

async function attached(
  ports: AttachPorts,
  container: ContainerRecord,
  { prepare, begin, sigProxy, onStarted, ...request }: Attached,
): Promise<number> {
  const { config } = container;
  if (config.logDriver === 'passthrough') {
    throw new BerthError(
      'unsupported',
      `container ${config.name} has the log driver passthrough: its streams are those of its unit, in the journal; run it with --detach`,
    );
  }
  let running = false;
  let canceled: string | undefined;
  const attachment = ports.runtime.attach(config, {
    ...request,
    terminal: config.terminal,
    onSignal: (signal) => {
      if (running) return sigProxy && handOn(ports, container, signal);
      canceled = signal;
      return true;
    },
  });
  const assertWanted = (): void => {
    if (canceled !== undefined) throw canceledBy(canceled);
  };
  try {
    await prepare?.();
    assertWanted();
    await attachment.connect();
    assertWanted();
    const startNumber = await begin();
    running = true;
    if (canceled !== undefined) handOn(ports, container, canceled);
    const { cgroup = '' } = stateOf(ports, container);
    const run = { startNumber, cgroup, cgroupId: ports.host.cgroupId(cgroup) };
    onStarted?.();
    if ((await attachment.ended) !== 'ended') return 0;
    await endAhead(ports, container, run);
    const code = await exitOfStart(ports, container, run);
    return code < 0 ? 255 : code;
  } catch (error) {
    // It was initialized for this, and will not be started.
    if (prepare !== undefined && !running) await (await ports.systemd()).stopUnit(config.unit);
    throw error;
  } finally {
    attachment.close();
  }
}

/** As a shell has it that a signal ended the command. */
export function canceledBy(signal: string): BerthError {
  return new BerthError('state', `not started, because of ${signal}`, {
    exitCode: 128 + parseSignal(signal),
  });
}

/** A signal for the payload; false if it does not run (any more). */
function handOn(ports: AttachPorts, container: ContainerRecord, signal: string): boolean {
  if (verdict('kill', stateOf(ports, container).status) !== 'allowed') return false;
  killContainer(ports, container, parseSignal(signal)).catch((error: unknown) => {
    // It has ended in the meantime, which is what the person will hear.
    if (!(error instanceof BerthError && error.code === 'state')) ports.warn(messageOf(error));
  });
  return true;
}

/** As it is now; as it was, when it has been removed. */
function stateOf(ports: AttachPorts, container: ContainerRecord): ContainerState {
  const { config, state } = container;
  return current({ config, state: ports.store.getContainer(config.id)?.state ?? state }, ports).state;
}
