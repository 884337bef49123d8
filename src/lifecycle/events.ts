/** events: what has happened, and what happens from now on. Takes no lock. */
import type { EventRecord } from '../model/event.ts';
import type { Ports } from './ports.ts';

export interface EventQuery {
  /** ms since the epoch; undefined: from the oldest that is kept, or with `onlyNew` from now on. */
  since?: number;
  until?: number;
  onlyNew: boolean;
  /** Goes on with what comes until this resolves. */
  follow?: Promise<unknown>;
}

/**
 * Hands every event of the query to `onEvent`, each once and oldest first. Following costs nothing while nothing
 * happens: the database's own file wakes it.
 */
export async function readEvents(
  { store }: Pick<Ports, 'store'>,
  { since, until, onlyNew, follow }: EventQuery,
  onEvent: (event: EventRecord) => void,
): Promise<void> {
  const from = since === undefined ? undefined : new Date(since).toISOString();
  let seen = onlyNew ? store.lastEvent() : 0;
  const handOn = (): void => {
    for (const { seq, ...event } of store.eventsAfter(seen, from)) {
      seen = seq;
      if (until === undefined || Date.parse(event.time) <= until) onEvent(event);
    }
  };
  if (follow === undefined) return handOn();
  let stop: (() => void) | undefined;
  try {
    const failed = new Promise<never>((_, reject) => {
      stop = store.onChange(() => {
        try {
          handOn();
        } catch (error) {
          reject(error);
        }
      });
    });
    handOn();
    await Promise.race([follow, failed]);
    handOn();
  } finally {
    stop?.();
  }
}
