/** `--ulimit name=soft[:hard]`; the names are those of getrlimit(2). */
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
  if (!ULIMITS.includes(name)) fail(`invalid ulimit type: ${name}`);
  const number = (digits: string): number =>
    /^-?\d+$/.test(digits)
      ? Number(digits)
      : fail(`strconv.ParseInt: parsing ${JSON.stringify(digits)}: invalid syntax`);
  const soft = number(softText);
  const hard = hardText === undefined ? soft : number(hardText);
  const height = (value: number): number => (value < 0 ? Number.POSITIVE_INFINITY : value);
  if (height(soft) > height(hard))
    fail(`ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`);
  return { name, soft, hard };
}
