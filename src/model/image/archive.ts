/** What image archives say of the images in them: docker-archive, OCI image layout, and Docker's directory. Pure. */

export const IMAGE_FORMATS = ['oci-dir', 'oci-archive', 'docker-dir', 'docker-archive'] as const;
export type ImageFormat = (typeof IMAGE_FORMATS)[number];

/** An image that is to be written. */
export interface SavedImage {
  /** sha256 hex of the document. */
  id: string;
  /** Full names; may be none. */
  names: string[];
  /** The config as it came. */
  document: string;
  /** Lowest first, as uncompressed tars. */
  layers: { diffId: string; sizeBytes: number }[];
}

/** A file of an archive as it lies there; digest in hex. */
export interface Blob {
  digest: string;
  sizeBytes: number;
}

const OCI = 'application/vnd.oci.image';
const DOCKER = 'application/vnd.docker';

/** `manifest.json` of a docker-archive. */
export function dockerArchiveManifest(images: readonly SavedImage[]): string {
  return JSON.stringify(
    images.map(({ id, names, layers }) => ({
      Config: `${id}.json`,
      RepoTags: names,
      Layers: layers.map(({ diffId }) => `${diffId}.tar`),
    })),
  );
}

/** The manifest of an OCI layout. Its layers are the plain tars: their digests are the diff ids. */
export function ociManifest({ id, document, layers }: SavedImage): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: `${OCI}.manifest.v1+json`,
    config: {
      mediaType: `${OCI}.config.v1+json`,
      digest: `sha256:${id}`,
      size: Buffer.byteLength(document),
    },
    layers: layers.map(({ diffId, sizeBytes }) => ({
      mediaType: `${OCI}.layer.v1.tar`,
      digest: `sha256:${diffId}`,
      size: sizeBytes,
    })),
  });
}

/** One entry of an OCI layout's index, for each name, or one without. */
export function ociDescriptors(names: readonly string[], manifest: Blob): object[] {
  const descriptor = {
    mediaType: `${OCI}.manifest.v1+json`,
    digest: `sha256:${manifest.digest}`,
    size: manifest.sizeBytes,
  };
  if (names.length === 0) return [descriptor];
  return names.map((name) => ({
    ...descriptor,
    annotations: { 'org.opencontainers.image.ref.name': name },
  }));
}

export function ociIndex(descriptors: readonly object[]): string {
  return JSON.stringify({ schemaVersion: 2, manifests: descriptors });
}

export const OCI_LAYOUT = '{"imageLayoutVersion":"1.0.0"}';

/** `manifest.json` of a directory as skopeo's `dir:` transport has it; its files are named by their digests. */
export function dockerDirectoryManifest(
  { id, document }: SavedImage,
  layers: readonly Blob[],
  { compressed }: { compressed: boolean },
): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: `${DOCKER}.distribution.manifest.v2+json`,
    config: {
      mediaType: `${DOCKER}.container.image.v1+json`,
      size: Buffer.byteLength(document),
      digest: `sha256:${id}`,
    },
    layers: layers.map(({ digest, sizeBytes }) => ({
      mediaType: `${DOCKER}.image.rootfs.diff.tar${compressed ? '.gzip' : ''}`,
      size: sizeBytes,
      digest: `sha256:${digest}`,
    })),
  });
}

export const DIRECTORY_VERSION = 'Directory Transport Version: 1.1\n';
