/** What a start does that may take long: systemd is told to wait for it (EXTEND_TIMEOUT_USEC= of sd_notify(3)). */
import type { Ports } from './ports.ts';

/** How often systemd is told that a start goes on, and how much longer than that it is to wait. */
const EXTEND_EVERY_MS = 10_000;
const EXTEND_MARGIN_MS = 60_000;
const MORE_TIME = `EXTEND_TIMEOUT_USEC=${(EXTEND_EVERY_MS + EXTEND_MARGIN_MS) * 1000}`;

/** Called ever so often, it has systemd wait for a start that goes on. */
export function patience({ notify }: Pick<Ports, 'notify'>): () => Promise<void> {
  let told = performance.now();
  return async () => {
    if (performance.now() - told < EXTEND_EVERY_MS) return;
    told = performance.now();
    await notify([MORE_TIME]);
  };
}

/** The same around work that others do, programs that copy for example. */
export async function patiently<T>(
  { notify }: Pick<Ports, 'notify'>,
  work: () => T | Promise<T>,
): Promise<T> {
  // What cannot be told now is told the next time.
  const timer = setInterval(() => void notify([MORE_TIME]).catch(() => {}), EXTEND_EVERY_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
