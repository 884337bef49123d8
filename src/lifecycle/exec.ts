/** exec: one more process in a running container, in the foreground or as a session of its own. */
import type { ContainerConfig } from '../model/config.ts';
import { asBerthError, BerthError } from '../model/errors.ts';
import { idFromBytes } from '../model/name.ts';
import type { ContainerRecord } from '../model/records.ts';
import { type ContainerState, verdict } from '../model/state.ts';
import { SUPERVISOR_CGROUP } from '../model/unit-cgroups.ts';
import { execProcess } from '../oci/process.ts';
import { serializeSpec } from '../oci/serialize.ts';
import type { Spec } from '../oci/types.ts';
import { lookupUser } from '../oci/user.ts';
import { current } from './observe.ts';
import type { Ports, StartedSession } from './ports.ts';
import { secretVariables } from './secrets.ts';
import { beginSession, endSession } from './sessions.ts';

export interface ExecCommand {
  args: string[];
  env: string[];
  user?: string;
  workdir?: string;
  terminal: boolean;
  /** Pass standard input on. */
  interactive: boolean;
  privileged: boolean;
  /** File descriptors of the caller's to hand on, all from 3 on. */
  preserveFds: readonly number[];
  /** Bytes that leave the command to itself; there must be a terminal on both sides. */
  detachKeys: readonly number[];
}

type ExecPorts = Pick<Ports, 'host' | 'store' | 'runtime' | 'rootfs' | 'secrets' | 'now' | 'randomBytes'>;

/**
 * Runs a command in the container on the caller's terminal or streams. Returns its exit code, 0 if it was detached
 * from. Throws with 125 when the container does not run, 126 and 127 when the command cannot be invoked or found.
 *
 * On a terminal it is held by a conmon of its own, so that it can be left to itself; else the runtime's exec is waited
 * for, which costs less.
 */
export async function execCommand(
  ports: ExecPorts,
  container: ContainerRecord,
  command: ExecCommand & { onTerminal: boolean },
): Promise<number> {
  const { config } = container;
  const state = assertRunning(ports, container);
  const process = processDocument(ports, config, command);
  if (command.onTerminal) return inSession(ports, { config, state }, process, command);
  const session = newSession(ports, config);
  const stdio = command.terminal ? 'terminal' : command.interactive ? 'streams' : 'output streams';
  return ending(ports, config, session, async () => {
    const { code } = await ports.runtime.exec(config, { process, stdio, preserveFds: command.preserveFds });
    return code;
  });
}

/** Starts a command that nobody waits for. Returns its session; a command that cannot be run is an error with 125. */
export async function execDetached(
  ports: ExecPorts,
  container: ContainerRecord,
  command: ExecCommand,
): Promise<string> {
  const { config } = container;
  const { cgroup = '' } = assertRunning(ports, container);
  const process = processDocument(ports, config, command);
  const session = newSession(ports, config);
  try {
    const started = await ports.runtime.startSession(config, {
      session,
      process,
      terminal: command.terminal,
      cgroup: `${cgroup}/${SUPERVISOR_CGROUP}`,
    });
    started.leave();
    handOver(ports, session, started);
    return session;
  } catch (thrown) {
    const error = asBerthError(thrown);
    endSession(ports, config, session, error.exitCode);
    throw new BerthError(error.code, error.message, { exitCode: 125, cause: thrown });
  }
}

async function inSession(
  ports: ExecPorts,
  { config, state }: ContainerRecord,
  process: string,
  command: ExecCommand,
): Promise<number> {
  const session = newSession(ports, config);
  let isOver = true;
  const work = async (): Promise<number> => {
    const started = await ports.runtime.startSession(config, {
      session,
      process,
      terminal: command.terminal,
      cgroup: `${state.cgroup}/${SUPERVISOR_CGROUP}`,
      attach: {
        stdin: command.interactive,
        stdout: true,
        stderr: true,
        terminal: command.terminal,
        detachKeys: command.detachKeys,
        onSignal: () => false,
      },
    });
    handOver(ports, session, started);
    const { how, code } = await started.ended();
    started.leave();
    isOver = how === 'ended';
    return code;
  };
  return ending(ports, config, session, work, () => isOver);
}

/** The session lives as long as its conmon from now on, which has its end recorded. */
function handOver({ store }: ExecPorts, session: string, { monitor }: StartedSession): void {
  if (monitor !== undefined) store.transaction(() => store.adoptSession(session, monitor));
}

function newSession(ports: ExecPorts, config: ContainerConfig): string {
  const session = idFromBytes(ports.randomBytes(32));
  beginSession(ports, config, session);
  return session;
}

/** Does the work of a session and records its end, unless it goes on without this process. */
async function ending(
  ports: ExecPorts,
  config: ContainerConfig,
  session: string,
  work: () => Promise<number>,
  isOver = (): boolean => true,
): Promise<number> {
  try {
    const code = await work();
    if (isOver()) endSession(ports, config, session, code);
    return code < 0 ? 255 : code;
  } catch (error) {
    endSession(ports, config, session, asBerthError(error).exitCode);
    throw error;
  }
}

function assertRunning(ports: ExecPorts, container: ContainerRecord): ContainerState {
  const { state } = current(container, ports);
  if (verdict('exec', state.status) === 'allowed') return state;
  throw new BerthError(
    'state',
    'can only create exec sessions on running containers: container state improper',
  );
}

/** The OCI process document of the command, as JSON. */
function processDocument(ports: ExecPorts, config: ContainerConfig, command: ExecCommand): string {
  const user =
    command.user === undefined
      ? undefined
      : lookupUser(
          command.user,
          ports.rootfs.readInRoot(config.id, '/etc/passwd') ?? '',
          ports.rootfs.readInRoot(config.id, '/etc/group') ?? '',
        );
  return serializeSpec(
    execProcess(config, runningProcess(ports, config.id), {
      args: command.args,
      env: command.env,
      secrets: secretVariables(ports, config),
      terminal: command.terminal,
      privileged: command.privileged,
      ...(user === undefined ? {} : { user }),
      ...(command.workdir === undefined ? {} : { cwd: command.workdir }),
      ...(command.privileged ? { hostCapabilities: ports.host.facts(config).capabilities } : {}),
    }),
  );
}

/** The process part of the spec that the container was started with. */
export function runningProcess(
  { host, runtime }: Pick<Ports, 'host' | 'runtime'>,
  id: string,
): Spec['process'] {
  const text = host.readText(runtime.files(id).spec);
  if (text === undefined) {
    throw new BerthError(
      'runtime',
      `the OCI spec of the running container is gone (${runtime.files(id).spec}): restart the container`,
    );
  }
  return (JSON.parse(text) as Spec).process;
}
