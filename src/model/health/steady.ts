/**
 * Steady checks: while each check finds what the one before it found, nothing follows from it but its entry in the log. Then
 * Berth need not hear of it at once; what was found is folded in later, by whoever looks.
 */
import {
  type HealthConfig,
  type HealthResult,
  type HealthState,
  inStartPeriod,
  keptOutput,
} from './health.ts';

export type SteadyOutcome = 'pass' | 'fail';

/**
 * What a check has to find for nothing to follow; undefined if each result may have consequences, or is asked to be told
 * elsewhere as well (`--health-log-destination`). From the moment `at` on, of a run that began at `startedAt`; ISO 8601.
 */
export function steadyOutcome(
  config: Pick<HealthConfig, 'logDestination' | 'onFailure' | 'startPeriodMs'>,
  { status, failingStreak, startup }: HealthState,
  { at, startedAt }: { at: string; startedAt: string },
): SteadyOutcome | undefined {
  if (config.logDestination !== undefined || startup !== undefined) return undefined;
  if (status === 'healthy' && failingStreak === 0) return 'pass';
  // Until the start period is over failures are not counted.
  if (status !== 'unhealthy' || config.onFailure !== 'none' || inStartPeriod(at, config, startedAt))
    return undefined;
  return 'fail';
}

/** What steady checks have found: how many there were, and the last of their results, oldest first. */
export interface SteadyResults {
  outcome: SteadyOutcome;
  count: number;
  results: HealthResult[];
}

/** The state after them: that they did not change it is what makes them steady, but for the count of failures. */
export function afterSteady(state: HealthState, { outcome, count }: SteadyResults): HealthState {
  return outcome === 'fail' ? { ...state, failingStreak: state.failingStreak + count } : state;
}

/** A log with those results at its end, as long as it may be. */
export function steadyLog(
  log: readonly HealthResult[],
  { results }: SteadyResults,
  { maxLogCount }: Pick<HealthConfig, 'maxLogCount'>,
): HealthResult[] {
  const all = [...log, ...results];
  return maxLogCount === 0 ? all : all.slice(-maxLogCount);
}

/** They wait in memory: at most so many results, of at most so many bytes of output together. */
const MOST_RESULTS = 50;
const MOST_BYTES = 4 * 1_048_576;

/**
 * How many results have to be kept, and after how many Berth has to fetch them because the log wants more than that; 0 =
 * never, as newer ones may take the place of older ones.
 */
export function steadyRoom(config: Pick<HealthConfig, 'maxLogCount' | 'maxLogSize'>): {
  results: number;
  most: number;
} {
  const wanted = config.maxLogCount === 0 ? Number.POSITIVE_INFINITY : config.maxLogCount;
  const results = Math.min(wanted, MOST_RESULTS, Math.floor(MOST_BYTES / keptOutput(config)));
  return { results, most: results < wanted ? results : 0 };
}
