/** The port to what images are on disk. A part of ports.ts, which hands it on. */

import type { ImageFormat, SavedImage } from '../../model/image/archive.ts';
import type { IdMappings } from '../../model/user-namespace/id-map.ts';

/** A layer that has been written and published; no image has it yet. */
export interface NewLayer {
  /** sha256 hex of its tar. */
  diffId: string;
  sizeBytes: number;
}

/**
 * Where a new layer's files come from: a tar, packed or not; what a container changed; a whole mounted tree. `ids`: of the user
 * namespace whose owners they have.
 */
export type LayerSource =
  | { tar: AsyncIterable<Uint8Array> }
  | { container: string; ids?: IdMappings | undefined }
  | { directory: string; ids?: IdMappings | undefined };

/** What removing takes of it. */
export type RemovingFiles = Pick<ImageFiles, 'listLayers' | 'removeLayers' | 'isMounted' | 'unmount'>;

export interface ImageFiles {
  /** Diff ids of all layers that are on disk. */
  listLayers(): string[];
  /**
   * Takes layers away, all of them at once for whoever looks; the room they take is made free by the function that is
   * returned, or by the next one that is called.
   */
  removeLayers(diffIds: readonly string[]): () => Promise<void>;

  /**
   * Makes a layer. `hold` is called with its diff id before anybody can see it. Errors: BerthError 'archive' for a broken or
   * hostile tar, 'storage'.
   */
  addLayer(source: LayerSource, hold: (diffIds: readonly string[]) => void): Promise<NewLayer>;
  /** sha256 hex of a text. */
  digest(text: string): string;
  /** An archive of images, as a stream of bytes. */
  archive(format: 'docker-archive' | 'oci-archive', images: readonly SavedImage[]): AsyncIterable<Uint8Array>;
  /** The same into a file that is not there or empty: whole or not at all. */
  writeArchive(
    file: string,
    format: 'docker-archive' | 'oci-archive',
    images: readonly SavedImage[],
  ): Promise<void>;
  /** One image into a directory, which is made. */
  writeDirectory(
    directory: string,
    image: SavedImage,
    options: { format: ImageFormat; compress: boolean },
  ): Promise<void>;

  /** Where an image is mounted, or would be. */
  mountPoint(id: string): string;
  isMounted(id: string): boolean;
  /** @param layers diff ids, lowest first. Read-only. */
  mount(id: string, layers: readonly string[]): Promise<void>;
  /** Not mounted is success. */
  unmount(id: string): Promise<void>;
}
