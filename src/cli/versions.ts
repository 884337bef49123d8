/** Of which build this is, for `version` and `info`. */
import { imageArchitecture } from '../model/image/image.ts';
import type { VersionReport } from '../model/info.ts';
import { VERSION } from '../wiring/version.ts';

export const VERSIONS: VersionReport = {
  Version: VERSION,
  Bun: process.versions.bun ?? '',
  OsArch: `${process.platform}/${imageArchitecture(process.arch)}`,
  Os: process.platform,
};
