/** Rows of `images`: one for each name of an image, as templates and JSON see them. */
import { humanDuration } from '../model/duration.ts';
import { imageCreated } from '../model/image/filter.ts';
import { repositoryOf } from '../model/image/pull.ts';
import { digestNames, hasTag, imageDigests } from '../model/inspect/image.ts';
import { shortId } from '../model/name.ts';
import type { ImageRecord } from '../model/records.ts';
import { humanSize } from '../model/size.ts';

/** How `images --sort` compares, newest and smallest first. */
export const IMAGE_ORDERS: Record<string, (a: ImageRow, b: ImageRow) => number> = {
  id: (a, b) => compare(a.Id, b.Id),
  repository: (a, b) => compare(a.Repository, b.Repository),
  size: (a, b) => a.VirtualSize - b.VirtualSize,
  tag: (a, b) => compare(a.Tag, b.Tag),
  created: (a, b) => b.CreatedTime - a.CreatedTime,
};

export type ImageRow = ReturnType<typeof imageRows>[number];

export interface RowView {
  /** ms since the epoch */
  now: number;
  /** --no-trunc */
  whole: boolean;
  containers: number;
}

/** With the words of Podman's templates. */
export function imageRows(image: ImageRecord, { now, whole, containers }: RowView) {
  const created = imageCreated(image);
  const size = image.layers.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  // Podman's is that of the list, where there was one.
  const hex = image.listDigest ?? image.digest;
  const digest = hex === undefined ? '' : `sha256:${hex}`;
  const digests = digestNames(image.names, imageDigests(image));
  const age = `${humanDuration(Math.max(0, now - created))} ago`;
  const pastNames = image.pastNames ?? image.names;
  return shownNames(image.names).map((name) => {
    const colon = name.lastIndexOf(':');
    return {
      ID: whole ? `sha256:${image.id}` : shortId(image.id),
      Id: image.id,
      ParentId: '',
      Repository: name.slice(0, colon),
      Tag: name.slice(colon + 1),
      Names: image.names,
      RepoTags: image.names.filter(hasTag),
      RepoDigests: digests,
      Digest: digest,
      Created: age,
      CreatedSince: age,
      CreatedAt: new Date(created).toISOString().replace(/^(.+)T(.+)\.\d+Z$/, '$1 $2 +0000 UTC'),
      CreatedTime: created,
      Size: humanSize(size),
      VirtualSize: size,
      SharedSize: 0,
      Containers: containers,
      Dangling: image.names.length === 0,
      ReadOnly: false,
      History: pastNames.join(', '),
      PastNames: pastNames,
      Labels: new Map(Object.entries(image.config.labels)),
    };
  });
}

/** Podman's keys. */
export function imageJson(row: ImageRow): object {
  return {
    Id: row.Id,
    ParentId: row.ParentId,
    RepoTags: row.RepoTags,
    RepoDigests: row.RepoDigests,
    Size: row.VirtualSize,
    SharedSize: row.SharedSize,
    VirtualSize: row.VirtualSize,
    Labels: row.Labels.size === 0 ? null : Object.fromEntries(row.Labels),
    Containers: row.Containers,
    Digest: row.Digest,
    History: row.PastNames,
    Names: row.Names,
    Created: Math.floor(row.CreatedTime / 1000),
    CreatedAt: new Date(row.CreatedTime).toISOString().replace(/\.\d+Z$/, 'Z'),
  };
}

export const IMAGE_HEADINGS = {
  ID: 'IMAGE ID',
  Repository: 'REPOSITORY',
  Tag: 'TAG',
  Digest: 'DIGEST',
  Created: 'CREATED',
  CreatedSince: 'CREATED',
  CreatedAt: 'CREATED AT',
  CreatedTime: 'CREATED TIME',
  Size: 'SIZE',
  VirtualSize: 'VIRTUAL SIZE',
  SharedSize: 'SHARED SIZE',
  Labels: 'LABELS',
  Names: 'NAMES',
  Containers: 'CONTAINERS',
  Dangling: 'DANGLING',
  ReadOnly: 'R/O',
  History: 'HISTORY',
  ParentId: 'PARENT ID',
  RepoTags: 'REPO TAGS',
  RepoDigests: 'REPO DIGESTS',
};

/** Those with a tag; without any, one without: `repository:<none>`. */
function shownNames(names: readonly string[]): string[] {
  const tagged = names.filter(hasTag);
  if (tagged.length > 0) return tagged;
  return [`${names[0] === undefined ? '<none>' : repositoryOf(names[0])}:<none>`];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
