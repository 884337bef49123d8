/** The flags of the health check, which create, run and update share. */
import path from 'node:path';
import { parseDuration } from '../../model/duration.ts';
import { BerthError, messageOf } from '../../model/errors.ts';
import { EVENTS_LOGGER, HEALTH_ON_FAILURE, type HealthOnFailure } from '../../model/health/health.ts';
import type { HealthRequest, StartupRequest } from '../../model/health/request.ts';
import type { Arguments, Flag } from '../command.ts';

export const HEALTH_FLAGS: Record<string, Flag> = {
  'health-cmd': { type: 'string', help: "Check command; 'none' switches the image's off" },
  'health-interval': {
    type: 'string',
    help: "Time between checks; 'disable' for none by timer",
    default: '30s',
  },
  'health-log-destination': {
    type: 'string',
    help: `Where results go besides inspect: local (nowhere), ${EVENTS_LOGGER}, or a directory`,
    default: 'local',
  },
  'health-max-log-count': { type: 'uint', help: 'Results kept; 0 for all', default: '5' },
  'health-max-log-size': {
    type: 'uint',
    help: 'Bytes of output kept per result; 0 for all, up to 1 MiB',
    default: '500',
  },
  'health-on-failure': {
    type: 'string',
    help: 'What follows from unhealthy: none, kill, restart, stop',
    default: 'none',
  },
  'health-retries': { type: 'uint', help: 'Failures in a row that mean unhealthy', default: '3' },
  'health-start-period': {
    type: 'string',
    help: 'Time after the start in which failures do not count',
    default: '0s',
  },
  'health-startup-cmd': {
    type: 'string',
    help: 'Command that is run in the place of the check after each start, until it has succeeded',
  },
  'health-startup-interval': {
    type: 'string',
    help: "Time between startup checks; 'disable' for none by timer",
    default: '30s',
  },
  'health-startup-retries': {
    type: 'uint',
    help: 'Failed startup checks that restart the container; 0 for never',
    default: '0',
  },
  'health-startup-success': {
    type: 'uint',
    help: 'Successes in a row with which the regular check begins; 0 means 1',
    default: '0',
  },
  'health-startup-timeout': {
    type: 'string',
    help: 'Time after which a startup check is killed and counts as failed',
    default: '30s',
  },
  'health-timeout': {
    type: 'string',
    help: 'Time after which a check is killed and counts as failed',
    default: '30s',
  },
  'no-healthcheck': { type: 'bool', help: "Switch the image's health check off" },
};

/** What the flags ask for; absent ones stay as they are. Throws BerthError 'invalid' in Podman's words. */
export function healthRequest(args: Arguments): HealthRequest {
  const duration = (flag: string, name: string): number | undefined => {
    const text = args.string(flag);
    if (text === undefined) return undefined;
    try {
      return parseDuration(text);
    } catch (error) {
      throw new BerthError('invalid', `invalid ${name}: ${messageOf(error)}`, { cause: error });
    }
  };
  const ensure = (right: boolean, rule: string): void => {
    if (!right) throw new BerthError('invalid', rule);
  };
  const intervalOf = (flag: string): number | undefined =>
    args.string(flag) === 'disable' ? 0 : duration(flag, 'healthcheck-interval');
  const interval = intervalOf('health-interval');
  const startup: StartupRequest = {
    ...optional('command', args.string('health-startup-cmd')),
    ...optional('intervalMs', intervalOf('health-startup-interval')),
    ...optional('timeoutMs', duration('health-startup-timeout', 'healthcheck-timeout')),
    ...optional('retries', args.int('health-startup-retries')),
    ...optional('successes', args.int('health-startup-success')),
  };
  const timeout = duration('health-timeout', 'healthcheck-timeout');
  const startPeriod = duration('health-start-period', 'healthcheck-start-period');
  const retries = args.int('health-retries');
  ensure((interval ?? 0) >= 0, 'healthcheck-interval must be 0 seconds or greater');
  ensure((startup.intervalMs ?? 0) >= 0, 'healthcheck-interval must be 0 seconds or greater');
  ensure((startup.timeoutMs ?? 1) > 0, 'healthcheck-timeout must be at least 1 second');
  ensure((timeout ?? 1) > 0, 'healthcheck-timeout must be greater than 0');
  ensure((startPeriod ?? 0) >= 0, 'healthcheck-start-period must be 0 seconds or greater');
  ensure((retries ?? 1) > 0, 'healthcheck-retries must be greater than 0');
  return {
    ...optional('command', args.string('health-cmd')),
    ...optional('intervalMs', interval),
    ...optional('timeoutMs', timeout),
    ...optional('startPeriodMs', startPeriod),
    ...optional('retries', retries),
    ...optional('onFailure', mapped(args.string('health-on-failure') || undefined, onFailure)),
    ...optional('maxLogCount', args.int('health-max-log-count')),
    ...optional('maxLogSize', args.int('health-max-log-size')),
    ...optional('logDestination', mapped(args.string('health-log-destination'), logDestination)),
    ...(Object.keys(startup).length === 0 ? {} : { startup }),
    disabled: args.bool('no-healthcheck'),
  };
}

function logDestination(text: string): string {
  if (text === '') return 'local';
  return text === 'local' || text === EVENTS_LOGGER ? text : path.resolve(text);
}

function onFailure(text: string): HealthOnFailure {
  const found = HEALTH_ON_FAILURE.find((action) => action === text);
  if (found === undefined)
    throw new BerthError(
      'invalid',
      `invalid on-failure action ${JSON.stringify(text)} for health check: supported actions are ${HEALTH_ON_FAILURE.join(',')}`,
    );
  return found;
}

function mapped<T, U>(value: T | undefined, map: (value: T) => U): U | undefined {
  return value === undefined ? undefined : map(value);
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
}
