/** Health checks: the configuration, and the pure fold from (state, result) to (state, log entry, action). */
import { BerthError } from '../errors.ts';

export const HEALTH_ON_FAILURE = ['none', 'kill', 'restart', 'stop'] as const;
export type HealthOnFailure = (typeof HEALTH_ON_FAILURE)[number];

/** A command that is run in the container again and again. */
export interface HealthCheck {
  /** argv to run in the container: `['/bin/sh', '-c', …]` for the shell form. */
  test: string[];
  /** As OCI images and `inspect` show it: ['CMD-SHELL', 'redis-cli ping']. */
  testAsGiven: string[];
  /** 0 = no timer (`--health-interval disable`). */
  intervalMs: number;
  timeoutMs: number;
}

/** The check that takes the place of the regular one from each start on, until it has passed. */
export interface StartupCheck extends HealthCheck {
  /** Failures of one run after which the container is restarted; 0 = never. */
  retries: number;
  /** Successes in a row that make it pass; 0 = 1. */
  successes: number;
}

export interface HealthConfig extends HealthCheck {
  startPeriodMs: number;
  retries: number;
  onFailure: HealthOnFailure;
  /** Entries kept; 0 = all. */
  maxLogCount: number;
  /** Bytes of output kept per entry; 0 = all. */
  maxLogSize: number;
  startup?: StartupCheck;
  /** `events_logger`: each result is an event too. Else a directory, absolute, with a copy of the log. Absent: neither. */
  logDestination?: string;
}

/** The word of `--health-log-destination` for each result to be an event. */
export const EVENTS_LOGGER = 'events_logger';

/** Podman's defaults (podman-create(1)). */
export const HEALTH_DEFAULTS = {
  intervalMs: 30_000,
  timeoutMs: 30_000,
  startPeriodMs: 0,
  retries: 3,
  onFailure: 'none' as HealthOnFailure,
  maxLogCount: 5,
  maxLogSize: 500,
};

/** Podman's defaults of the startup check. */
export const STARTUP_DEFAULTS = { intervalMs: 30_000, timeoutMs: 30_000, retries: 0, successes: 0 };

export type HealthStatus = 'starting' | 'healthy' | 'unhealthy' | 'stopped';

export interface HealthState {
  status: HealthStatus;
  failingStreak: number;
  /** While the startup check has not passed: its failures so far, and its last successes in a row. */
  startup?: { failures: number; successes: number };
}

/** One run of the check command, as the runner saw it. */
export interface HealthResult {
  /** The command's exit code; 1 if the runtime could not run it; -1 if it was killed at its time-out. */
  exitCode: number;
  output: string;
  /** ISO 8601 UTC. */
  start: string;
  end: string;
}

export interface HealthFold {
  state: HealthState;
  /** The entry to append to the log. */
  entry: HealthResult;
  /** Did the status word change? Only then is anything said in the journal and the events. */
  changed: boolean;
  action: HealthOnFailure;
  /** It is a failure, and not one of the start period or of a startup check. */
  counts: boolean;
  /** It was a startup check. */
  isStartup: boolean;
  /** The startup check has passed with this one: the timer is to be that of the regular one. */
  passed: boolean;
}

/** The state at start. */
export function initialHealth({ startup }: Pick<HealthConfig, 'startup'>): HealthState {
  const state: HealthState = { status: 'starting', failingStreak: 0 };
  return startup === undefined ? state : { ...state, startup: { failures: 0, successes: 0 } };
}

/** The state when checks begin anew in the same run: a startup check that has passed is not made again. */
export function resumedHealth(state: HealthState | undefined): HealthState {
  const { startup } = state ?? {};
  return { status: 'starting', failingStreak: 0, ...(startup === undefined ? {} : { startup }) };
}

/** The check whose turn it is. */
export function dueCheck(config: HealthConfig, state: HealthState | undefined): HealthCheck {
  return (state?.startup === undefined ? undefined : config.startup) ?? config;
}

/**
 * Folds one result in. Failures within the start period are logged and nothing else; a success there already
 * makes the container healthy; outside it, `retries` failures in a row make it unhealthy, and only then is
 * there an action. Until the startup check has passed, its failures are no more than failures in the start period; too
 * many restart the container. `startedAt` and the result's times are ISO 8601.
 */
export function foldHealth(
  state: HealthState,
  result: HealthResult,
  config: HealthConfig,
  startedAt: string,
): HealthFold {
  const entry = { ...result, output: truncateUtf8(result.output, keptOutput(config)) };
  const { state: next, action } =
    state.startup === undefined || config.startup === undefined
      ? nextHealth(state, result, config, startedAt)
      : nextStartup(state, state.startup, result.exitCode === 0, config.startup);
  return {
    state: next,
    entry,
    changed: next.status !== state.status,
    action,
    counts: next.failingStreak > state.failingStreak,
    isStartup: state.startup !== undefined,
    passed: state.startup !== undefined && next.startup === undefined,
  };
}

/** The clock of file times, by which a check begins, is that much behind that of the start at most. */
const CLOCK_TICK_MS = 1000;

/** Both moments ISO 8601. A check from before the start is of a clock that was set back since: that period is over. */
export function inStartPeriod(
  at: string,
  { startPeriodMs }: Pick<HealthConfig, 'startPeriodMs'>,
  startedAt: string,
): boolean {
  const passedMs = Date.parse(at) - Date.parse(startedAt);
  return passedMs > -CLOCK_TICK_MS && passedMs < startPeriodMs;
}

/** More output than this is kept of no check, also where all is asked for: it goes through memory into the database. */
const MAX_LOG_SIZE = 1_048_576;

/** Bytes of output that are kept of one check. */
export function keptOutput({ maxLogSize }: Pick<HealthConfig, 'maxLogSize'>): number {
  return maxLogSize === 0 ? MAX_LOG_SIZE : Math.min(maxLogSize, MAX_LOG_SIZE);
}

type Next = Pick<HealthFold, 'state' | 'action'>;

function nextHealth(
  { startup: _, ...state }: HealthState,
  result: HealthResult,
  config: HealthConfig,
  startedAt: string,
): Next {
  if (result.exitCode === 0) return { state: { status: 'healthy', failingStreak: 0 }, action: 'none' };
  const isStarting = inStartPeriod(result.start, config, startedAt);
  const failingStreak = state.failingStreak + (isStarting ? 0 : 1);
  const status = !isStarting && failingStreak >= config.retries ? 'unhealthy' : state.status;
  return { state: { status, failingStreak }, action: status === 'unhealthy' ? config.onFailure : 'none' };
}

/** Whether it passes or restarts the container is counted for one run: the next start begins anew. */
function nextStartup(
  state: HealthState,
  count: NonNullable<HealthState['startup']>,
  isSuccess: boolean,
  { retries, successes }: StartupCheck,
): Next {
  if (isSuccess) {
    const healthy = { status: 'healthy', failingStreak: 0 } as const;
    const inARow = count.successes + 1;
    if (inARow >= successes) return { state: healthy, action: 'none' };
    return { state: { ...healthy, startup: { ...count, successes: inARow } }, action: 'none' };
  }
  const failures = count.failures + 1;
  const isHopeless = retries > 0 && failures >= retries;
  return {
    state: { ...state, startup: { failures: isHopeless ? 0 : failures, successes: 0 } },
    action: isHopeless ? 'restart' : 'none',
  };
}

/** Cuts a text to so many bytes of UTF-8 without leaving half a character; 0 = no limit. */
function truncateUtf8(text: string, bytes: number): string {
  const buffer = Buffer.from(text);
  if (buffer.length <= bytes) return text;
  let end = bytes;
  while (end > 0 && ((buffer[end] ?? 0) & 0xc0) === 0x80) end--;
  return buffer.subarray(0, end).toString();
}

/**
 * The check command in the forms Podman takes (podman-create(1), --health-cmd): a JSON array of several words
 * runs as it is, one string runs in the shell; `CMD`, `CMD-SHELL` and `NONE` may lead. Returns undefined for
 * `none`, which switches checks off.
 */
export function parseHealthCommand(text: string): Pick<HealthConfig, 'test' | 'testAsGiven'> | undefined {
  const words = jsonArray(text) ?? keywordWords(text);
  if (words.length === 0)
    throw new BerthError('invalid', 'must define a healthcheck command for all healthchecks');
  return healthTest(words);
}

/** The same for a HEALTHCHECK that stands in an image's config, already an array. */
export function healthTest(words: string[]): Pick<HealthConfig, 'test' | 'testAsGiven'> | undefined {
  const [first = '', ...rest] = words;
  const keyword = first.toUpperCase();
  if (words.length === 0 || (words.length === 1 && (keyword === 'NONE' || first === ''))) return undefined;
  if (keyword === 'NONE') return undefined;
  if ((keyword === 'CMD' || keyword === 'CMD-SHELL') && rest.length === 0)
    throw new BerthError('invalid', `health check: ${keyword} must be followed by a command`);
  if (keyword === 'CMD') return { test: rest, testAsGiven: ['CMD', ...rest] };
  const script = keyword === 'CMD-SHELL' ? rest : words.length === 1 ? [first] : undefined;
  if (script === undefined) return { test: words, testAsGiven: ['CMD', ...words] };
  return { test: ['/bin/sh', '-c', script.join(' ')], testAsGiven: ['CMD-SHELL', ...script] };
}

/** `CMD a b` in one text is a command without a shell, `CMD-SHELL a b` one with it. */
function keywordWords(text: string): string[] {
  const [, keyword = '', rest = ''] = /^(\S+) (.*)$/s.exec(text) ?? [];
  if (keyword.toUpperCase() === 'CMD-SHELL') return [keyword, rest];
  const isWords = keyword.toUpperCase() === 'CMD' || keyword.toUpperCase() === 'NONE';
  return isWords ? text.split(/\s+/).filter((word) => word !== '') : [text];
}

function jsonArray(text: string): string[] | undefined {
  if (!text.trimStart().startsWith('[')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((v) => typeof v === 'string') ? value : undefined;
  } catch {
    return undefined; // not JSON: `[ -e /ready ]` is a shell command
  }
}
