/** Waiting for something to become true of a container: woken by the kernel and the database, not by a clock. */
import type { ContainerRecord } from '../model/records.ts';
import { PAYLOAD_CGROUP, SUPERVISOR_CGROUP } from '../model/unit-cgroups.ts';
import { current } from './observe.ts';
import type { Ports } from './ports.ts';

export type LookPorts = Pick<Ports, 'host' | 'store' | 'runtime' | 'now'>;

/** `wait`: until something changes · `soon`: something is about to, and might do so without a word. */
export type Answer<T> = { answer: T } | 'wait' | 'soon';

const SOON_MS = 100;

/**
 * Looks at the container, with its state reconciled (undefined if there is none), now and after every change until there
 * is an answer. Undefined if there is none within `timeoutMs`.
 */
export async function lookUntil<T>(
  ports: LookPorts,
  id: string,
  look: (container: ContainerRecord | undefined) => Answer<T> | Promise<Answer<T>>,
  timeoutMs = Number.POSITIVE_INFINITY,
): Promise<T | undefined> {
  const deadline = performance.now() + timeoutMs;
  let wake = (): void => {};
  const stopWatching = ports.store.onChange(() => wake());
  try {
    for (;;) {
      // Watched before it is looked at, so that nothing happens unseen in between.
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const stored = ports.store.getContainer(id);
      const stopCgroups = watchCgroups(ports, stored, () => wake());
      let timer: NodeJS.Timeout | undefined;
      try {
        const seen = stored === undefined ? undefined : { ...stored, state: current(stored, ports).state };
        const found = await look(seen);
        if (typeof found === 'object') return found.answer;
        const left = Math.min(
          deadline - performance.now(),
          found === 'soon' ? SOON_MS : Number.POSITIVE_INFINITY,
        );
        if (deadline <= performance.now()) return undefined;
        if (Number.isFinite(left)) timer = setTimeout(wake, left);
        await woken;
      } finally {
        clearTimeout(timer);
        stopCgroups();
      }
    }
  } finally {
    stopWatching();
  }
}

/** Anew for each look: the next run has cgroups of the same name, but not the same ones. */
function watchCgroups(
  { host }: LookPorts,
  container: ContainerRecord | undefined,
  listener: () => void,
): () => void {
  const cgroup = container?.state.cgroup;
  if (cgroup === undefined) return () => {};
  const stops = [PAYLOAD_CGROUP, SUPERVISOR_CGROUP].map((part) =>
    host.onCgroupEvent(`${cgroup}/${part}`, listener),
  );
  return () => {
    for (const stop of stops) stop?.();
  };
}
