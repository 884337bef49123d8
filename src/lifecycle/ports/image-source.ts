/** Where images come from: registries, and files in the forms that containers-transports(5) lists. A part of ports.ts. */
import type { Platform } from '../../model/image/platform.ts';
import type { Place, RegistryAccess } from '../../model/image/pull.ts';
import type { ShortNames } from '../../model/image/registries-conf.ts';
import type { ImportedImage } from '../image/load.ts';

/** What a person may be told while an image is fetched; see storage/pull.ts. */
export type FetchProgress =
  | { step: 'told'; line: string }
  /** Digests (hex) of what the image consists of. */
  | { step: 'blobs'; layers: string[]; config: string }
  | { step: 'bytes'; done: number; total: number; layersDone: number; layers: number }
  | { step: 'writing' };

export interface FetchOptions {
  access: RegistryAccess;
  /** Absent parts: this machine's. */
  platform?: Platform;
  /** The names that the image gets. */
  names: string[];
  onProgress(progress: FetchProgress): void;
  /** A try has failed, there will be another one. */
  onWarning(line: string): void;
  /** ms between two reports of bytes; absent: none. */
  reportEveryMs?: number;
}

export type FetchedImage = ImportedImage & { warnings: string[] };

export interface ImageSource {
  /** What short names mean on this host: containers-registries.conf(5). */
  shortNames(): ShortNames;
  /** The image's layers are in the store when this returns; recording it is the caller's. */
  fetch(place: Place, options: FetchOptions): Promise<FetchedImage[]>;
  /** The digest (hex) of what a registry has under a full name now. */
  digest(name: string, options: Pick<FetchOptions, 'access' | 'onWarning'>): Promise<string>;
  tags(repository: string, options: Pick<FetchOptions, 'access' | 'onWarning'>): Promise<string[]>;
}
