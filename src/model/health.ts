/** Health checks: the configuration, and the pure fold from (state, result) to (state, log entry, action). */
import { BerthError } from './errors.ts';

export const HEALTH_ON_FAILURE = ['none', 'kill', 'restart', 'stop'] as const;
export type HealthOnFailure = (typeof HEALTH_ON_FAILURE)[number];

export interface HealthConfig {
  /** argv to run in the container: `['/bin/sh', '-c', …]` for the shell form. */
  test: string[];
  /** As OCI images and `inspect` show it: ['CMD-SHELL', 'redis-cli ping']. */
  testAsGiven: string[];
  /** 0 = no timer (`--health-interval disable`). */
  intervalMs: number;
  timeoutMs: number;
  startPeriodMs: number;
  retries: number;
  onFailure: HealthOnFailure;
  /** Entries kept; 0 = all. */
  maxLogCount: number;
  /** Bytes of output kept per entry; 0 = all. */
  maxLogSize: number;
}

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

export type HealthStatus = 'starting' | 'healthy' | 'unhealthy' | 'stopped';

export interface HealthState {
  status: HealthStatus;
  failingStreak: number;
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
}

/** The state at start. */
export function initialHealth(): HealthState {
  return { status: 'starting', failingStreak: 0 };
}

/**
 * Folds one result in. Failures within the start period are logged and nothing else; a success there already
 * makes the container healthy; outside it, `retries` failures in a row make it unhealthy, and only then is
 * there an action. `startedAt` and the result's times are ISO 8601.
 */
export function foldHealth(
  state: HealthState,
  result: HealthResult,
  config: HealthConfig,
  startedAt: string,
): HealthFold {
  const entry = { ...result, output: truncateUtf8(result.output, keptOutput(config)) };
  const next = nextHealth(state, result, config, startedAt);
  const changed = next.status !== state.status;
  return { state: next, entry, changed, action: next.status === 'unhealthy' ? config.onFailure : 'none' };
}

/** More output than this is kept of no check, also where all is asked for: it goes through memory into the database. */
const MAX_LOG_SIZE = 1_048_576;

/** Bytes of output that are kept of one check. */
export function keptOutput({ maxLogSize }: Pick<HealthConfig, 'maxLogSize'>): number {
  return maxLogSize === 0 ? MAX_LOG_SIZE : Math.min(maxLogSize, MAX_LOG_SIZE);
}

function nextHealth(
  state: HealthState,
  result: HealthResult,
  config: HealthConfig,
  startedAt: string,
): HealthState {
  if (result.exitCode === 0) return { status: 'healthy', failingStreak: 0 };
  if (Date.parse(result.start) < Date.parse(startedAt) + config.startPeriodMs) return state;
  const failingStreak = state.failingStreak + 1;
  return { status: failingStreak >= config.retries ? 'unhealthy' : state.status, failingStreak };
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
