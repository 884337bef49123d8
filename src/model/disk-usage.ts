/** `system df`: what images, containers and volumes take on disk, and how much of it could be made free. Pure. */
import type { ImageRecord } from './records.ts';

/** A container, with the bytes that it wrote itself. */
export interface ContainerUse {
  imageId: string | undefined;
  running: boolean;
  rwBytes: number;
}

export interface DiskSummary {
  Type: string;
  Total: number;
  Active: number;
  RawSize: number;
  RawReclaimable: number;
}

export interface ImageUse {
  image: ImageRecord;
  sizeBytes: number;
  /** In layers that another image has too. */
  sharedBytes: number;
  containers: number;
}

/** What each image takes; a layer that several have is on disk once. */
export function imageUses(images: readonly ImageRecord[], containers: readonly ContainerUse[]): ImageUse[] {
  const owners = new Map<string, number>();
  for (const { layers } of images)
    for (const id of new Set(layers.map(({ diffId }) => diffId))) owners.set(id, (owners.get(id) ?? 0) + 1);
  return images.map((image) => ({
    image,
    sizeBytes: sum(image.layers.map(({ sizeBytes }) => sizeBytes)),
    sharedBytes: sum(
      image.layers.filter(({ diffId }) => (owners.get(diffId) ?? 0) > 1).map(({ sizeBytes }) => sizeBytes),
    ),
    containers: containers.filter(({ imageId }) => imageId === image.id).length,
  }));
}

/** A volume: how many containers name it, and what is in it. */
export interface VolumeUse {
  name: string;
  links: number;
  bytes: number;
}

/** The three lines of `system df`. */
export function diskSummary(
  images: readonly ImageRecord[],
  containers: readonly ContainerUse[],
  volumes: readonly VolumeUse[],
): DiskSummary[] {
  const uses = imageUses(images, containers);
  const layers = new Map(
    images.flatMap((image) => image.layers.map((layer) => [layer.diffId, layer.sizeBytes])),
  );
  const unused = uses.filter((use) => use.containers === 0);
  const idle = containers.filter(({ running }) => !running);
  const dangling = volumes.filter(({ links }) => links === 0);
  return [
    {
      Type: 'Images',
      Total: images.length,
      Active: uses.length - unused.length,
      RawSize: sum([...layers.values()]),
      RawReclaimable: sum(unused.map(({ sizeBytes, sharedBytes }) => sizeBytes - sharedBytes)),
    },
    {
      Type: 'Containers',
      Total: containers.length,
      Active: containers.length - idle.length,
      RawSize: sum(containers.map(({ rwBytes }) => rwBytes)),
      RawReclaimable: sum(idle.map(({ rwBytes }) => rwBytes)),
    },
    {
      Type: 'Local Volumes',
      Total: volumes.length,
      Active: volumes.length - dangling.length,
      RawSize: sum(volumes.map(({ bytes }) => bytes)),
      RawReclaimable: sum(dangling.map(({ bytes }) => bytes)),
    },
  ];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
