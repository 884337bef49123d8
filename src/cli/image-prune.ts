/** Which images `image prune`, `system prune` and `images` mean. */

import { findImageName } from '../lifecycle/image/resolve.ts';
import type { Ports } from '../lifecycle/ports.ts';
import { BerthError } from '../model/errors.ts';
import { imageFilter } from '../model/image/filter.ts';
import type { ImageRecord } from '../model/records.ts';

/** The predicate of filters as `images` has them. Throws BerthError in Podman's words. */
export function imagePredicate(
  { store, now }: Pick<Ports, 'store' | 'now'>,
  filters: readonly string[],
): (image: ImageRecord) => boolean {
  const used = new Set(store.listContainers().containers.map(({ config }) => config.image?.id));
  return imageFilter(filters, {
    now: Date.parse(now()),
    find: (text) => findAny(store, text),
    isUsed: ({ id }) => used.has(id),
  });
}

/** Those without a name, with `all` any; whether they have containers is looked at when they are removed. */
export function prunableImages(
  ports: Pick<Ports, 'store' | 'now'>,
  { all, filters }: { all: boolean; filters: readonly string[] },
): (image: ImageRecord) => boolean {
  const passes = imagePredicate(ports, filters);
  return (image) => (all || image.names.length === 0) && passes(image);
}

/** Undefined also for what cannot be a name. */
function findAny(store: Ports['store'], text: string): ImageRecord | undefined {
  try {
    return findImageName(store, text)?.image;
  } catch (error) {
    if (error instanceof BerthError && error.code === 'invalid') return undefined;
    throw error;
  }
}
