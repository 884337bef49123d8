/** Waiting for a moment of `--until`. */
import { setTimeout as delay } from 'node:timers/promises';

/** Longest time of a timer in Node: some 24 days. */
const MAX_DELAY = 2 ** 31 - 1;

/** Resolves at `until` (ms since the epoch), or never; the process may end before. */
export async function atMoment(until: number | undefined, now: number): Promise<unknown> {
  if (until === undefined) return new Promise(() => {});
  let left = until - now;
  for (; left > MAX_DELAY; left -= MAX_DELAY) await delay(MAX_DELAY, undefined, { ref: false });
  return delay(Math.max(0, left), undefined, { ref: false });
}
