/** Moments as `--since`, `--until` and the filter `until` take them. */
import { parseDuration } from './duration.ts';
import { BerthError } from './errors.ts';

export interface MomentOptions {
  /** ms since the epoch */
  now: number;
  /** Where a duration leads: `10m` is ten minutes ago, or (`events --until`) from now. */
  durations?: 'ago' | 'ahead';
}

const SECONDS = /^\d+(\.\d+)?$/;
const DATE = /^(\d{4}-\d\d-\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d(?:\.\d+)?))?)?)?(Z|[+-]\d\d:\d\d)?$/;
/** JavaScript's (ECMA-262, time values), in ms: no date is further away. */
const LAST_MOMENT = 8.64e15;
const DURATION = /^[+-]?[0-9.]+[a-zµμ]/;

/**
 * ms since the epoch of: seconds since the epoch (`1700000000.5`), a date with or without a time and an offset (without
 * one it is local: `2026-01-02`, `2026-01-02T03:04`), or a duration (`1h30m`). Throws a BerthError 'invalid' with
 * Podman's words.
 */
export function parseMoment(text: string, { now, durations = 'ago' }: MomentOptions): number {
  const moment = momentOf(text, now, durations);
  if (moment !== undefined && Math.abs(moment) <= LAST_MOMENT) return moment;
  throw new BerthError(
    'invalid',
    `failed to parse value as time or duration: ${JSON.stringify(text)}: write a date like 2026-01-02T03:04:05Z or a duration like 10m`,
  );
}

function momentOf(text: string, now: number, durations: 'ago' | 'ahead'): number | undefined {
  if (SECONDS.test(text)) return Math.round(Number(text) * 1e6) / 1e3; // a fraction is exact to the microsecond
  const [, date, hour = '00', minute = '00', second = '00', offset = ''] = DATE.exec(text) ?? [];
  if (date !== undefined) {
    const moment = Date.parse(`${date}T${hour}:${minute}:${second}${offset}`);
    if (!Number.isNaN(moment) && isDay(date) && hour !== '24') return moment;
  } else if (DURATION.test(text)) {
    const duration = parseDuration(text);
    return durations === 'ago' ? now - duration : now + duration;
  }
  return undefined;
}

/** JavaScript takes February 30 for March 2. */
function isDay(date: string): boolean {
  return new Date(`${date}T00:00:00Z`).toISOString().startsWith(date);
}
