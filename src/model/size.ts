/** Sizes as Podman's flags take and show them. */
import { BerthError } from './errors.ts';

const POWER: Record<string, number> = { b: 0, k: 1, m: 2, g: 3, t: 4, p: 5 };

/** `64m`, `64MB`, `64MiB`, `64Mi` → 67108864 (podman-create(1), --memory); with a step of 1000, → 64000000. */
export function parseSize(text: string, step: 1000 | 1024 = 1024): number {
  const [, number, unit = 'b'] = /^(\d+(?:\.\d+)?|\.\d+) ?([kmgtp])?i?b?$/i.exec(text) ?? [];
  const bytes = Math.floor(Number(number) * step ** (POWER[unit.toLowerCase()] ?? 0));
  if (!Number.isSafeInteger(bytes)) {
    throw new BerthError('invalid', `invalid size: '${text}': write a number with b, k, m or g, like 512m`);
  }
  return bytes;
}

/** 123456789 → `123 MB` (decimal units, three digits), as `images` shows sizes. */
export function humanSize(bytes: number): string {
  return scaled(bytes, { digits: 3, separator: ' ' });
}

/** 10794 → `10.8kB`, as `ps --size` and `stats` show sizes; `stats` with four digits. */
export function shortSize(bytes: number, digits = 3): string {
  return scaled(bytes, { digits, separator: '' });
}

/** 25276514304 → `23.54GiB`. */
export function binarySize(bytes: number): string {
  return scaled(bytes, { digits: 4, separator: '', step: 1024 });
}

function scaled(
  bytes: number,
  { digits, separator, step = 1000 }: { digits: number; separator: string; step?: 1000 | 1024 },
): string {
  const units =
    step === 1000 ? ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] : ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = bytes;
  let unit = 0;
  while (value >= step && unit < units.length - 1) {
    value /= step;
    unit++;
  }
  return `${Number(value.toPrecision(digits))}${separator}${units[unit]}`;
}
