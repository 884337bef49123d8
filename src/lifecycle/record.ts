/** The one place that writes a container's state: the state, its events and the exit record in one transaction. */
import type { ContainerConfig } from '../model/config.ts';
import type { EventFacts } from '../model/event.ts';
import type { ContainerState } from '../model/state.ts';
import type { Ports, Store } from './ports.ts';

/** How long the exit code of a removed container can still be asked for. */
const EXIT_KEEP_MS = 24 * 3_600_000;

/** As much of a config as events tell. */
export type Named = Pick<ContainerConfig, 'id' | 'name' | 'image'> & Partial<Pick<ContainerConfig, 'labels'>>;

export interface Change {
  config: Named;
  state: ContainerState;
  events: EventFacts[];
  /** More rows for the same transaction. */
  also?: (store: Store) => void;
}

/** Records a change. A `died` event also writes the exit record that outlives the container. */
export function record(
  { store, now }: Pick<Ports, 'store' | 'now'>,
  { config, state, events, also }: Change,
): void {
  const time = now();
  store.transaction(() => {
    store.saveState(config.id, state);
    for (const facts of events) {
      appendContainerEvent(store, config, facts, time);
      if (facts.status !== 'died') continue;
      store.saveExit({
        id: config.id,
        startNumber: state.startNumber,
        exitCode: state.exitCode,
        oomKilled: state.oomKilled,
        finishedAt: state.finishedAt ?? time,
      });
      store.pruneExits(new Date(Date.parse(time) - EXIT_KEEP_MS).toISOString());
    }
    also?.(store);
  });
}

/** Appends one event of a container; inside a transaction of the caller's. */
export function appendContainerEvent(store: Store, config: Named, facts: EventFacts, time: string): void {
  store.appendEvent({
    ...facts,
    type: 'container',
    id: config.id,
    name: config.name,
    image: config.image?.name ?? '',
    ...(Object.keys(config.labels ?? {}).length === 0 ? {} : { attributes: config.labels }),
    time,
  });
}
