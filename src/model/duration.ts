/** Durations as Go writes them (time.ParseDuration), because Podman's flags take and show that form. */
import { BerthError } from './errors.ts';

/** In nanoseconds, Go's own unit. */
const UNIT_NS: Record<string, bigint> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

/** Go counts in 64 bits: about 292 years. */
const MAX_NS = 2n ** 63n;

/** More digits of a fraction change no nanosecond of any unit. */
const FRACTION_DIGITS = 18;

// One way to read each digit: an ambiguous pattern would take minutes for a long run of digits.
const TERM = /(?:(\d+)(?:\.(\d*))?|\.(\d+))(ns|us|µs|μs|ms|s|m|h)/g;
const DURATION = new RegExp(`^(?:${TERM.source})+$`);

/**
 * `1m30s` → 90000, exact to the nanosecond up to 100 days. Throws a BerthError with Go's words; a bare number (except 0) has no unit and
 * is refused, as is more than Go can count (292 years).
 */
export function parseDuration(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1;
  const body = text.replace(/^[+-]/, '');
  if (body === '0') return 0;
  const nanoseconds = DURATION.test(body) ? sum(body) : MAX_NS;
  if (nanoseconds >= MAX_NS) {
    throw new BerthError(
      'invalid',
      `time: ${whyRefused(text, body)}: write a number with a unit, like 30s, 1m30s or 500ms`,
    );
  }
  return (sign * Number(nanoseconds)) / 1e6 || 0; // never -0
}

/** As Go's parser words it: where it stopped reading. */
function whyRefused(text: string, body: string): string {
  const quoted = JSON.stringify(text);
  for (const [, unit = ''] of body.matchAll(/(?:\d+\.?\d*|\.\d+)([^\d.]*)/gy)) {
    if (unit === '') return `missing unit in duration ${quoted}`;
    if (!Object.hasOwn(UNIT_NS, unit)) return `unknown unit ${JSON.stringify(unit)} in duration ${quoted}`;
  }
  return `invalid duration ${quoted}`;
}

/** Each term by itself rounded down, as Go does it. */
function sum(terms: string): bigint {
  let total = 0n;
  for (const [, whole = '0', after, alone, unit = ''] of terms.matchAll(TERM)) {
    const size = UNIT_NS[unit] ?? 0n;
    const fraction = (after ?? alone ?? '').slice(0, FRACTION_DIGITS);
    const part = (BigInt(fraction === '' ? '0' : fraction) * size) / 10n ** BigInt(fraction.length);
    // Digits beyond Go's 64 bits: the number counts as too large without being worked out.
    const count = /^0*\d{1,19}$/.test(whole) ? BigInt(whole) : MAX_NS;
    total += count * size + part;
  }
  return total;
}

/** 90000 → `1m30s`, as Go prints durations: whole nanoseconds, below a second in the largest unit that fits. */
export function formatDuration(ms: number): string {
  const nanoseconds = Math.abs(Math.round(ms * 1e6));
  const sign = ms < 0 ? '-' : '';
  if (nanoseconds === 0) return '0s';
  if (nanoseconds < 1e3) return `${sign}${nanoseconds}ns`;
  if (nanoseconds < 1e6) return `${sign}${nanoseconds / 1e3}µs`;
  if (nanoseconds < 1e9) return `${sign}${nanoseconds / 1e6}ms`;
  const hours = Math.floor(nanoseconds / 3600e9);
  const minutes = Math.floor((nanoseconds % 3600e9) / 60e9);
  const seconds = ((nanoseconds % 60e9) / 1e9).toFixed(9).replace(/\.?0+$/, '');
  if (hours > 0) return `${sign}${hours}h${minutes}m${seconds}s`;
  return minutes > 0 ? `${sign}${minutes}m${seconds}s` : `${sign}${seconds}s`;
}

/** "About a minute", "3 hours": how `ps` words an age. */
export function humanDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.floor(seconds / 60);
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.floor(minutes / 60 + 0.5);
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 14) return `${Math.floor(hours / 24)} days`;
  if (hours < 24 * 60) return `${Math.floor(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months`;
  return `${Math.floor(hours / 24 / 365)} years`;
}
