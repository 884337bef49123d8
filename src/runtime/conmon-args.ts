/** conmon's command line (conmon(8)). Pure: tested as data. */
import type { ContainerConfig } from '../model/config.ts';
import { type RuntimePaths, runtimeRoot } from './paths.ts';

/** The arguments with which conmon creates a container; the payload is not started yet. */
export function conmonArgs(
  config: ContainerConfig,
  paths: RuntimePaths,
  { runDir, logFile, notifySocket }: { runDir: string; logFile: string; notifySocket?: string | undefined },
): string[] {
  const runtimeArgs = [
    `--root=${runtimeRoot(runDir, config.runtime)}`,
    '--log-format=json',
    `--log=${paths.runtimeLog}`,
  ];
  return [
    '--api-version',
    ...['--cid', config.id],
    ...['--cuuid', config.id],
    ...['--name', config.name],
    ...['--runtime', config.runtime],
    ...['--bundle', paths.bundle],
    ...['--container-pidfile', paths.pidFile],
    ...['--conmon-pidfile', paths.conmonPidFile],
    ...['--persist-dir', paths.persistDir],
    '--full-attach',
    ...['--log-path', logPath(config.logDriver, logFile)],
    ...logOptions(config),
    ...['--log-level', 'warning'],
    '--syslog',
    ...runtimeArgs.flatMap((argument) => ['--runtime-arg', argument]),
    ...(notifySocket === undefined ? [] : [`--sdnotify-socket=${notifySocket}`]),
    ...(config.timeoutSeconds === undefined ? [] : ['--timeout', String(config.timeoutSeconds)]),
    ...(config.terminal ? ['--terminal'] : config.interactive ? ['--stdin'] : []),
  ];
}

export interface SessionArgs {
  session: string;
  /** The session's directory, conmon's bundle. */
  directory: string;
  /** Process document of the command. */
  spec: string;
  terminal: boolean;
  /** Somebody will connect before the command begins. */
  attached: boolean;
  /** Program and arguments that conmon runs when the command has ended. */
  exitCommand: readonly string[];
}

/** The arguments with which conmon runs one more command in a container. */
export function sessionArgs(
  { id, runtime }: Pick<ContainerConfig, 'id' | 'runtime'>,
  runDir: string,
  { session, directory, spec, terminal, attached, exitCommand }: SessionArgs,
): string[] {
  const runtimeArgs = [
    `--root=${runtimeRoot(runDir, runtime)}`,
    '--log-format=json',
    `--log=${directory}/oci-log`,
  ];
  const [exitProgram = '', ...exitArgs] = exitCommand;
  return [
    '--api-version',
    ...['--cid', id],
    ...['--cuuid', session],
    ...['--runtime', runtime],
    ...['--bundle', directory],
    ...['--container-pidfile', `${directory}/exec_pid`],
    ...['--conmon-pidfile', `${directory}/conmon.pid`],
    ...['--persist-dir', `${directory}/persist`],
    '--full-attach',
    ...['--log-path', 'none'],
    ...['--log-level', 'warning'],
    '--syslog',
    ...runtimeArgs.flatMap((argument) => ['--runtime-arg', argument]),
    '--exec',
    ...(attached ? ['--exec-attach'] : []),
    ...['--exec-process-spec', spec],
    ...['--exit-command', exitProgram],
    ...exitArgs.flatMap((argument) => ['--exit-command-arg', argument]),
    ...(terminal ? ['--terminal'] : []),
  ];
}

/** conmon refuses a tag for any other driver than journald. */
function logOptions({ logDriver, logOptions: options = {} }: ContainerConfig): string[] {
  const { maxSizeBytes, tag } = options;
  return [
    ...(logDriver === 'k8s-file' && maxSizeBytes !== undefined
      ? ['--log-size-max', String(maxSizeBytes)]
      : []),
    ...(logDriver === 'journald' && tag !== undefined ? ['--log-tag', tag] : []),
  ];
}

function logPath(driver: ContainerConfig['logDriver'], logFile: string): string {
  return driver === 'k8s-file' ? `k8s-file:${logFile}` : driver;
}
