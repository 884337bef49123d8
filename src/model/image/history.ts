/** `history`: the steps that made an image, and `image tree`: its layers. Pure. */
import type { ImageRecord } from '../records.ts';
import { shortSize } from '../size.ts';

export interface HistoryRow {
  /** Of the image whose last step this is, if there is one here; else `<missing>`. */
  id: string;
  /** As written; undefined if the step does not say. */
  created?: string;
  createdBy: string;
  /** Names of images that end with this step's layer. */
  tags: string[];
  sizeBytes: number;
  comment: string;
}

export const MISSING = '<missing>';

/**
 * The steps of an image, the last one first. As Podman tells them: a step without a layer belongs to the layer below; the
 * first step that ends with an image's topmost layer is that image, once; the image asked for comes before others of
 * the same layers.
 */
export function imageHistory(image: ImageRecord, all: readonly ImageRecord[]): HistoryRow[] {
  const others = [image, ...all.filter(({ id }) => id !== image.id)];
  const used = new Set<string>();
  let height = image.layers.length;
  return image.config.history.toReversed().map((step): HistoryRow => {
    const here = height === 0 ? [] : others.filter((other) => isOf(other, image, height));
    const [first] = here;
    const owner = first !== undefined && !used.has(first.id) ? first : undefined;
    if (owner !== undefined) used.add(owner.id);
    const sizeBytes = step.emptyLayer ? 0 : (image.layers[height - 1]?.sizeBytes ?? 0);
    if (!step.emptyLayer && height > 0) height -= 1;
    return {
      id: owner?.id ?? MISSING,
      ...(step.created === undefined ? {} : { created: step.created }),
      createdBy: step.createdBy ?? '',
      tags: here.flatMap(({ names }) => names),
      sizeBytes,
      comment: step.comment ?? '',
    };
  });
}

/** The layers of an image, lowest first; with --whatrequires of all images that stand on it. */
export function imageTree(
  image: ImageRecord,
  all: readonly ImageRecord[],
  { whatRequires = false } = {},
): string {
  const size = image.layers.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const lines = [
    `Image ID: ${image.id.slice(0, 12)}`,
    `Tags:     [${image.names.join(' ')}]`,
    `Size:     ${shortSize(size, 4)}`,
    image.layers.length === 0 ? 'No Image Layers' : 'Image Layers',
    ...(whatRequires ? requiring(image, all) : ownLayers(image, all)),
  ];
  return `${lines.join('\n')}\n\n`;
}

function ownLayers(image: ImageRecord, all: readonly ImageRecord[]): string[] {
  return image.layers.map((_, index) =>
    layerLine(image, index + 1, all, { lead: '', last: index + 1 === image.layers.length }),
  );
}

/** What lies on the image's topmost layer, below that line. */
function requiring(image: ImageRecord, all: readonly ImageRecord[]): string[] {
  const walk = (from: ImageRecord, height: number, lead: string): string[] => {
    const next = all.filter((other) => other.layers.length > height && isOn(other, from, height));
    const branches = [...Map.groupBy(next, ({ layers }) => layers[height]?.diffId).values()];
    return branches.flatMap((branch, index) => {
      const [first] = branch;
      if (first === undefined) return [];
      const last = index + 1 === branches.length;
      return [
        layerLine(first, height + 1, all, { lead, last }),
        ...walk(first, height + 1, `${lead}${last ? '    ' : '│   '}`),
      ];
    });
  };
  const height = image.layers.length;
  if (height === 0) return [];
  const above = walk(image, height, '    ');
  return [layerLine(image, height, all, { lead: '', last: true }), ...above];
}

function layerLine(
  image: ImageRecord,
  height: number,
  all: readonly ImageRecord[],
  { lead, last }: { lead: string; last: boolean },
): string {
  const layer = image.layers[height - 1];
  const tops = all.filter((other) => isOf(other, image, height)).flatMap(({ names }) => names);
  const size = shortSize(layer?.sizeBytes ?? 0, 4);
  const top = tops.length === 0 ? '' : ` Top Layer of: [${tops.join(' ')}]`;
  return `${lead}${last ? '└──' : '├──'} ID: ${layer?.diffId.slice(0, 12)} Size: ${size}${top}`;
}

/** Does `other` consist of just the lowest layers of the image? */
function isOf(other: ImageRecord, image: ImageRecord, height: number): boolean {
  return other.layers.length === height && isOn(other, image, height);
}

function isOn(other: ImageRecord, image: ImageRecord, height: number): boolean {
  return image.layers.slice(0, height).every(({ diffId }, index) => other.layers[index]?.diffId === diffId);
}
