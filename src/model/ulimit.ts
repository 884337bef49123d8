/** `--ulimit name=soft[:hard]`; the names are those of getrlimit(2), in either case, with or without RLIMIT_. */
import type { UlimitConfig } from './config.ts';
import { BerthError } from './errors.ts';

export const ULIMITS =
  'as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack'.split(
    ' ',
  );

/** Throws BerthError 'invalid' in Podman's words. */
export function parseUlimit(text: string): UlimitConfig {
  const fail = (why: string): never => {
    throw new BerthError(
      'invalid',
      `ulimit option ${JSON.stringify(text)} requires name=SOFT:HARD, failed to be parsed: ${why}`,
    );
  };
  const [, name = '', softText = '', hardText] =
    /^([^=]+)=([^:]*)(?::(.*))?$/s.exec(text) ?? fail(`invalid ulimit argument: ${text}`);
  if (hardText?.includes(':')) {
    const limits = `${softText}:${hardText}`;
    fail(`too many limit value arguments - ${limits}, can only have up to two, \`soft[:hard]\``);
  }
  const limit = name.toLowerCase().replace(/^rlimit_/, '');
  if (!ULIMITS.includes(limit)) fail(`invalid ulimit type: ${name}`);
  const number = (digits: string): number => {
    const parsing = `strconv.ParseInt: parsing ${JSON.stringify(digits)}`;
    if (!/^[+-]?\d+$/.test(digits)) fail(`${parsing}: invalid syntax`);
    // A number that is stored as another one would be a limit that nobody asked for.
    if (!Number.isSafeInteger(Number(digits))) fail(`${parsing}: value out of range: -1 is no limit`);
    return Number(digits) || 0; // never -0
  };
  const soft = number(softText);
  const hard = hardText === undefined ? soft : number(hardText);
  const height = (value: number): number => (value < 0 ? Number.POSITIVE_INFINITY : value);
  if (height(soft) > height(hard))
    fail(`ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`);
  return { name: limit, soft, hard };
}
