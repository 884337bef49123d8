/** `update`: the config of a container with some of it changed. Pure. */
import type { ContainerConfig, ResourceLimits, RestartPolicy } from './config.ts';
import { BerthError } from './errors.ts';
import { HEALTH_DEFAULTS, type HealthConfig, parseHealthCommand } from './health/health.ts';
import { type HealthRequest, logDestination, speaksOfHealth, startupCheck } from './health/request.ts';

/** What was named; the rest stays as it is. */
export interface UpdateRequest {
  restart?: RestartPolicy;
  limits: ResourceLimits;
  health: HealthRequest;
}

/** Throws BerthError in Podman's words for what makes no sense together. */
export function updatedConfig(config: ContainerConfig, request: UpdateRequest): ContainerConfig {
  const { health: before, healthDisabled, ...rest } = config;
  const health = updatedHealth(before, request.health);
  const { restart = config.restart } = request;
  if (config.autoRemove && restart.name !== 'no') {
    throw new BerthError(
      'invalid',
      'the --rm option conflicts with --restart, when the restartPolicy is not "" and "no"',
    );
  }
  return {
    ...rest,
    restart,
    limits: updatedLimits(config.limits, request.limits),
    ...(health === undefined ? {} : { health }),
    ...(health === undefined && (healthDisabled || speaksOfHealth(request.health))
      ? { healthDisabled: true as const }
      : {}),
  };
}

/** `--cpus` and the quota with its period say the same: the later word counts. */
function updatedLimits(before: ResourceLimits, asked: ResourceLimits): ResourceLimits {
  const kept = { ...before };
  if (asked.cpus !== undefined) {
    delete kept.cpuQuota;
    delete kept.cpuPeriod;
  } else if (asked.cpuQuota !== undefined || asked.cpuPeriod !== undefined) delete kept.cpus;
  return { ...kept, ...asked };
}

function updatedHealth(before: HealthConfig | undefined, request: HealthRequest): HealthConfig | undefined {
  const { disabled, command, startup: startupRequest, logDestination: destination, ...changes } = request;
  const asked =
    [command, startupRequest, destination].some((word) => word !== undefined) ||
    Object.keys(changes).length > 0;
  if (disabled && asked) {
    throw new BerthError('invalid', 'cannot specify both --no-healthcheck and other HealthCheck flags');
  }
  if (disabled) return undefined;
  if (!asked) return before;
  const test = command === undefined ? before : parseHealthCommand(command);
  if (command !== undefined && test === undefined) return undefined; // `none`
  if (test === undefined)
    throw new BerthError('invalid', 'healthcheck command is not set: name one with --health-cmd');
  const { startup: startupBefore, logDestination: destinationBefore, ...kept } = before ?? {};
  const startup = startupCheck(startupBefore, startupRequest);
  return {
    ...HEALTH_DEFAULTS,
    ...kept,
    test: test.test,
    testAsGiven: test.testAsGiven,
    ...changes,
    ...logDestination(destinationBefore, destination),
    ...(startup === undefined ? {} : { startup }),
  };
}
