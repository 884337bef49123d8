/** Events of images, inside the transaction of the change they tell of. */
import type { ImageEventStatus } from '../../model/event.ts';
import type { Store } from '../ports.ts';

/** @param name what the event names: the image's name, or a file. */
export function appendImageEvent(
  store: Store,
  facts: { id: string; status: ImageEventStatus; name: string; time: string },
): void {
  store.appendEvent({ ...facts, type: 'image', image: facts.name });
}
