/** Images out of archives, into the layer store of an instance. */
import type { Settings } from '../model/settings.ts';
import type { ArchiveSource } from '../storage/archive.ts';
import { type ImportedImage, type ImportOptions, importArchive } from '../storage/import.ts';
import { ensureStorage, storagePaths } from '../storage/paths.ts';

/** Unpacks every image of an archive; recording them is lifecycle/load.ts. Errors: see importArchive. */
export function importImages(
  { stateDir }: Settings,
  source: ArchiveSource,
  options: ImportOptions,
): Promise<ImportedImage[]> {
  const paths = storagePaths(stateDir);
  ensureStorage(paths);
  return importArchive(paths, source, options);
}
