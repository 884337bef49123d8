/** Go's time.Time over ISO 8601 texts, and time.Duration over nanoseconds: how they print, and their methods. */
import { formatDuration } from '../duration.ts';
import { bigintOf, floatOf, textOf, type Value } from './values.ts';

export interface GoTime {
  /** As `String()` prints it: 2026-11-22 11:56:55.477847535 +0000 UTC. */
  text: string;
  unixSeconds: bigint;
  nanoseconds: number;
}

const ISO = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)?$/;

/** The zero time (year 1) for a text that is no time: Go's value for "never". */
export function goTime(iso: string): GoTime {
  const [, date = '0001-01-01', time = '00:00:00', fraction = '', zone = 'Z'] = ISO.exec(iso) ?? [];
  const offset = zone === 'Z' ? '+0000' : zone.replace(':', '');
  const withZone = `${date}T${time}${offset.slice(0, 3)}:${offset.slice(3)}`;
  const shown = fraction.replace(/0+$/, '');
  return {
    text: `${date} ${time}${shown === '' ? '' : `.${shown}`} ${offset} ${offset === '+0000' ? 'UTC' : offset}`,
    unixSeconds: BigInt(Math.floor((Date.parse(withZone) || 0) / 1000)),
    nanoseconds: Number(fraction.padEnd(9, '0')),
  };
}

const MONTHS = 'January February March April May June July August September October November December'.split(
  ' ',
);
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

/** The local date and clock of a time, in its own zone. */
function parts(iso: string): { utc: Date; offset: string; nanoseconds: number } {
  const { text, nanoseconds } = goTime(iso);
  const [date, clock = '', offset = ''] = text.split(' ');
  return { utc: new Date(`${date}T${clock.slice(0, 8)}Z`), offset, nanoseconds };
}

/**
 * `.StartedAt.Unix`, `.Created.Format "2006-01-02"`, `.Interval.Seconds`: a number, a text or a truth; undefined when
 * there is no such method.
 */
export function timeMember(
  value: Value,
  name: string,
  args: (Value | undefined)[],
): string | bigint | number | boolean | undefined {
  if (value.type.kind === 'duration') return args.length > 0 ? undefined : durationMethod(value, name);
  const [layout] = args;
  if (name === 'Format' && args.length === 1 && layout?.type.kind === 'string')
    return formatTime(textOf(value), textOf(layout));
  return args.length > 0 ? undefined : timeMethod(textOf(value), name);
}

function durationMethod(value: Value, name: string): string | bigint | number | undefined {
  const nanoseconds = bigintOf(value);
  switch (name) {
    case 'Hours':
      return floatOf(value) / 3600e9;
    case 'Minutes':
      return floatOf(value) / 60e9;
    case 'Seconds':
      return floatOf(value) / 1e9;
    case 'Milliseconds':
      return nanoseconds / 1_000_000n;
    case 'Microseconds':
      return nanoseconds / 1000n;
    case 'Nanoseconds':
      return nanoseconds;
    case 'String':
      return formatDuration(floatOf(value) / 1e6);
    default:
      return undefined;
  }
}

function timeMethod(iso: string, name: string): string | bigint | number | boolean | undefined {
  const { text, unixSeconds, nanoseconds } = goTime(iso);
  const { utc } = parts(iso);
  switch (name) {
    case 'Unix':
      return unixSeconds;
    case 'UnixMilli':
      return unixSeconds * 1000n + BigInt(Math.floor(nanoseconds / 1e6));
    case 'UnixMicro':
      return unixSeconds * 1_000_000n + BigInt(Math.floor(nanoseconds / 1e3));
    case 'UnixNano':
      return BigInt.asIntN(64, unixSeconds * 1_000_000_000n + BigInt(nanoseconds));
    case 'IsZero':
      return unixSeconds === -62135596800n && nanoseconds === 0;
    case 'String':
      return text;
    case 'Year':
      return utc.getUTCFullYear();
    case 'Month':
      return MONTHS[utc.getUTCMonth()] ?? '';
    case 'Weekday':
      return DAYS[utc.getUTCDay()] ?? '';
    case 'Day':
      return utc.getUTCDate();
    case 'Hour':
      return utc.getUTCHours();
    case 'Minute':
      return utc.getUTCMinutes();
    case 'Second':
      return utc.getUTCSeconds();
    case 'Nanosecond':
      return nanoseconds;
    default:
      return undefined;
  }
}

// Longest first, so that 2006 is not read as 2 and 006.
const LAYOUT =
  /January|Jan|Monday|Mon|2006|MST|Z07:00|Z0700|-07:00|-0700|-07|[.,](?:0+|9+)(?!\d)|01|02|03|04|05|06|15|PM|pm|_2|1|2|3|4|5/g;

/** A time in Go's layout language, where Mon Jan 2 15:04:05 MST 2006 is the example. */
function formatTime(iso: string, layout: string): string {
  const { utc, offset, nanoseconds } = parts(iso);
  const two = (number: number): string => String(number).padStart(2, '0');
  const month = MONTHS[utc.getUTCMonth()] ?? '';
  const day = DAYS[utc.getUTCDay()] ?? '';
  const colon = `${offset.slice(0, 3)}:${offset.slice(3)}`;
  const isUtc = offset === '+0000';
  const hour = utc.getUTCHours() % 12 || 12;
  const texts: Record<string, string> = {
    January: month,
    Jan: month.slice(0, 3),
    Monday: day,
    Mon: day.slice(0, 3),
    '2006': String(utc.getUTCFullYear()).padStart(4, '0'),
    '06': two(utc.getUTCFullYear() % 100),
    '01': two(utc.getUTCMonth() + 1),
    '1': String(utc.getUTCMonth() + 1),
    '02': two(utc.getUTCDate()),
    _2: String(utc.getUTCDate()).padStart(2),
    '2': String(utc.getUTCDate()),
    '15': two(utc.getUTCHours()),
    '03': two(hour),
    '3': String(hour),
    '04': two(utc.getUTCMinutes()),
    '4': String(utc.getUTCMinutes()),
    '05': two(utc.getUTCSeconds()),
    '5': String(utc.getUTCSeconds()),
    PM: utc.getUTCHours() < 12 ? 'AM' : 'PM',
    pm: utc.getUTCHours() < 12 ? 'am' : 'pm',
    MST: isUtc ? 'UTC' : offset,
    'Z07:00': isUtc ? 'Z' : colon,
    Z0700: isUtc ? 'Z' : offset,
    '-07:00': colon,
    '-0700': offset,
    '-07': offset.slice(0, 3),
  };
  return layout.replace(LAYOUT, (word) => texts[word] ?? fraction(word, nanoseconds));
}

/** `.000` is three digits, `.999` up to three without trailing zeros. */
function fraction(word: string, nanoseconds: number): string {
  const digits = String(nanoseconds)
    .padStart(9, '0')
    .slice(0, word.length - 1);
  if (word[1] === '0') return word[0] + digits.padEnd(word.length - 1, '0');
  const shown = digits.replace(/0+$/, '');
  return shown === '' ? '' : word[0] + shown;
}
