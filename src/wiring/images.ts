/** Images out of archives, into the layer store of an instance. */
import type { Ports } from '../lifecycle/ports.ts';
import type { ArchiveSource } from '../storage/archive.ts';
import { type ImportedImage, type ImportOptions, importArchive } from '../storage/import.ts';
import { ensureStorage, storagePaths } from '../storage/paths.ts';

/**
 * Unpacks every image of an archive; recording them is lifecycle/image/load.ts. Until that is done, this process holds their
 * layers, so that nobody takes them for unused. Errors: see importArchive.
 */
export function importImages(
  { settings: { stateDir }, store, host }: Pick<Ports, 'settings' | 'store' | 'host'>,
  source: ArchiveSource,
  options: Omit<ImportOptions, 'hold'>,
): Promise<ImportedImage[]> {
  const paths = storagePaths(stateDir);
  ensureStorage(paths);
  const hold = (diffIds: readonly string[]): void =>
    store.transaction(() => store.holdLayers(diffIds, host.self()));
  return importArchive(paths, source, { ...options, hold });
}
