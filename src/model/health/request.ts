/** The health flags of create and update, and the check that they and the image's come to. Pure. */
import { BerthError } from '../errors.ts';
import type { ImageConfig } from '../image/image.ts';
import {
  HEALTH_DEFAULTS,
  type HealthConfig,
  type HealthOnFailure,
  healthTest,
  parseHealthCommand,
  STARTUP_DEFAULTS,
  type StartupCheck,
} from './health.ts';

/** The health flags; absent ones come from the image or the defaults. */
export interface HealthRequest {
  command?: string;
  intervalMs?: number;
  timeoutMs?: number;
  startPeriodMs?: number;
  retries?: number;
  onFailure?: HealthOnFailure;
  maxLogCount?: number;
  maxLogSize?: number;
  /** As HealthConfig's; `local` takes back what was there before. */
  logDestination?: string;
  /** Without a command, and no startup check to change, the rest of it has no effect. */
  startup?: StartupRequest;
  /** --no-healthcheck */
  disabled: boolean;
}

/** The flags of the startup check; absent ones are the defaults. */
export interface StartupRequest {
  command?: string;
  intervalMs?: number;
  timeoutMs?: number;
  retries?: number;
  successes?: number;
}

/** @throws BerthError for flags that contradict each other */
export function healthConfig(
  request: HealthRequest,
  image: ImageConfig | undefined,
): HealthConfig | undefined {
  const { command, disabled, onFailure = HEALTH_DEFAULTS.onFailure } = request;
  if (disabled && command !== undefined) {
    throw new BerthError('usage', 'cannot specify both --no-healthcheck and --health-cmd');
  }
  if (disabled && request.startup?.command !== undefined) {
    throw new BerthError('usage', 'cannot specify both --no-healthcheck and --health-startup-cmd');
  }
  const startup = startupCheck(undefined, request.startup);
  const fromImage = image?.healthcheck;
  const test = disabled
    ? undefined
    : command !== undefined
      ? parseHealthCommand(command)
      : fromImage === undefined
        ? undefined
        : healthTest(fromImage.test);
  if (test === undefined) {
    if (onFailure !== 'none')
      throw new BerthError('invalid', `cannot set on-failure action to ${onFailure} without a health check`);
    if (startup !== undefined) {
      throw new BerthError(
        'invalid',
        'cannot set a startup healthcheck when there is no regular healthcheck: invalid argument',
      );
    }
    return undefined;
  }
  return {
    ...test,
    intervalMs: request.intervalMs ?? fromImage?.intervalMs ?? HEALTH_DEFAULTS.intervalMs,
    timeoutMs: request.timeoutMs ?? fromImage?.timeoutMs ?? HEALTH_DEFAULTS.timeoutMs,
    startPeriodMs: request.startPeriodMs ?? fromImage?.startPeriodMs ?? HEALTH_DEFAULTS.startPeriodMs,
    retries: request.retries ?? fromImage?.retries ?? HEALTH_DEFAULTS.retries,
    onFailure,
    maxLogCount: request.maxLogCount ?? HEALTH_DEFAULTS.maxLogCount,
    maxLogSize: request.maxLogSize ?? HEALTH_DEFAULTS.maxLogSize,
    ...logDestination(undefined, request.logDestination),
    ...(startup === undefined ? {} : { startup }),
  };
}

/** Was a check named, though it be none? */
export function speaksOfHealth({ disabled, command }: HealthRequest, image?: ImageConfig): boolean {
  return disabled || command !== undefined || image?.healthcheck !== undefined;
}

/** The startup check that was there with what was asked for; undefined where none is wanted. */
export function startupCheck(
  before: StartupCheck | undefined,
  request: StartupRequest | undefined,
): StartupCheck | undefined {
  const { command, ...changes } = request ?? {};
  const test = command === undefined ? before : parseHealthCommand(command);
  if (test === undefined) return undefined;
  return { ...STARTUP_DEFAULTS, ...before, test: test.test, testAsGiven: test.testAsGiven, ...changes };
}

/** Where the log goes too, as part of a HealthConfig: what was there before, unless something was asked for. */
export function logDestination(
  before: string | undefined,
  asked: string | undefined,
): Pick<HealthConfig, 'logDestination'> {
  const destination = asked ?? before ?? 'local';
  return destination === 'local' ? {} : { logDestination: destination };
}
