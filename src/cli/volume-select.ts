/** Which volumes a command is about, and what a filter on its command line says. */

import type { Ports } from '../lifecycle/ports.ts';
import { findVolume } from '../lifecycle/volume/volumes.ts';
import { parseFilters } from '../model/filters.ts';
import { volumeFilter } from '../model/volume/filter.ts';
import { inspectVolume, type VolumeRecord } from '../model/volume/volume.ts';

/** A test for `--filter`; `ports` is absent while only the words are looked at. */
export function volumesPassing(
  texts: readonly string[],
  ports?: Pick<Ports, 'store' | 'now'>,
): (volume: VolumeRecord) => boolean {
  const filters = parseFilters(
    texts,
    (text) => `filter input must be in the form of filter=value: ${text} is invalid`,
  );
  if (ports !== undefined)
    return volumeFilter(filters, { now: Date.parse(ports.now()), find: (name) => findVolume(ports, name) });
  const known = new Map([...filters].filter(([key]) => key !== 'since' && key !== 'after'));
  return volumeFilter(known, { now: 0, find: () => undefined as never });
}

/** The volume as `volume inspect` and templates see it. */
export function volumeObject({ volumes }: Pick<Ports, 'volumes'>, volume: VolumeRecord): object {
  return inspectVolume(volume, volumes.path(volume.config.name));
}
