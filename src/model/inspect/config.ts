/** `inspect`: what a container was asked to run. Pure. */
import type { ContainerConfig } from '../config.ts';
import { mapOrNull } from '../go-map.ts';
import type { HealthCheck } from '../health/health.ts';
import { inspectExposed } from '../network/port-display.ts';
import { SD_NOTIFY_MODES } from '../sdnotify.ts';
import type { SecretCopy } from '../secret.ts';
import { signalName } from '../signal.ts';

/** The part `Config`. */
export function inspectConfig(config: ContainerConfig, { env }: { env: string[] }): object {
  const { health } = config;
  return {
    Hostname: config.hostname,
    Domainname: '',
    User: config.user,
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    Tty: config.terminal,
    OpenStdin: config.interactive,
    StdinOnce: false,
    Env: env,
    Cmd: config.command.length === 0 ? null : config.command,
    Image: config.image?.name ?? '',
    Volumes: null,
    WorkingDir: config.workdir,
    Entrypoint: config.entrypoint.length === 0 ? null : config.entrypoint,
    OnBuild: null,
    Labels: mapOrNull(config.labels),
    Annotations: mapOrNull(config.annotations),
    StopSignal: signalName(config.stopSignal),
    ...inspectHealthChecks(config),
    HealthcheckOnFailureAction: health?.onFailure ?? 'none',
    HealthLogDestination: health?.logDestination ?? 'local',
    HealthcheckMaxLogCount: health?.maxLogCount ?? 5,
    HealthcheckMaxLogSize: health?.maxLogSize ?? 500,
    CreateCommand: config.createCommand,
    ...(config.systemd === true ? { SystemdMode: true } : {}),
    ...(config.chrootDirs === undefined ? {} : { ChrootDirs: config.chrootDirs }),
    ...(config.timezone === undefined ? {} : { Timezone: config.timezone }),
    Umask: config.umask.toString(8).padStart(4, '0'),
    ...(config.secrets === undefined ? {} : { Secrets: config.secrets.map(inspectSecret) }),
    Timeout: config.timeoutSeconds ?? 0,
    StopTimeout: config.stopTimeoutSeconds,
    Passwd: config.passwd !== false,
    sdNotifyMode: config.sdNotify ?? SD_NOTIFY_MODES[0],
    ...exposedPorts(config),
  };
}

function exposedPorts(config: ContainerConfig): object {
  const exposed = inspectExposed(config);
  return Object.keys(exposed).length === 0 ? {} : { ExposedPorts: exposed };
}

/** Those that are files; of variables Config.Env has the names. */
function inspectSecret({ name, id, uid, gid, mode }: SecretCopy): object {
  return { Name: name, ID: id, UID: uid, GID: gid, Mode: mode };
}

/** What is zero is left out, as by Go's omitempty. */
function inspectHealthChecks({ health, healthDisabled }: ContainerConfig): object {
  if (health === undefined) return healthDisabled === true ? { Healthcheck: { Test: ['NONE'] } } : {};
  const { startup, startPeriodMs, retries } = health;
  return {
    ...(startup === undefined
      ? {}
      : {
          StartupHealthCheck: {
            ...inspectCheck(startup),
            ...ifNotZero('Retries', startup.retries),
            ...ifNotZero('Successes', startup.successes),
          },
        }),
    Healthcheck: {
      ...inspectCheck(health, startPeriodMs),
      ...ifNotZero('Retries', retries),
    },
  };
}

function inspectCheck({ testAsGiven, intervalMs, timeoutMs }: HealthCheck, startPeriodMs = 0): object {
  return {
    Test: testAsGiven,
    ...ifNotZero('StartPeriod', nanoseconds(startPeriodMs)),
    ...ifNotZero('Interval', nanoseconds(intervalMs)),
    ...ifNotZero('Timeout', nanoseconds(timeoutMs)),
  };
}

function ifNotZero(key: string, value: number): object {
  return value === 0 ? {} : { [key]: value };
}

function nanoseconds(ms: number): number {
  return Math.round(ms * 1e6);
}
