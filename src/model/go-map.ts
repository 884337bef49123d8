/** Maps as Go's encoder writes them. Pure. */

/** Sorted, and null where nothing made it. */
export function mapOrNull<T>(map: Record<string, T>): Record<string, T> | null {
  return Object.keys(map).length === 0 ? null : sortedMap(Object.entries(map));
}

export function sortedMap<T>(entries: readonly [string, T][]): Record<string, T> {
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : Number(a > b))));
}
