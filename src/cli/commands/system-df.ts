import { listContainers } from '../../lifecycle/list.ts';
import type { Ports } from '../../lifecycle/ports.ts';
import {
  type ContainerUse,
  type DiskSummary,
  diskSummary,
  imageUses,
  type VolumeUse,
} from '../../model/disk-usage.ts';
import { commandColumn } from '../../model/display.ts';
import { humanDuration } from '../../model/duration.ts';
import { BerthError } from '../../model/errors.ts';
import { imageCreated } from '../../model/image/filter.ts';
import { shortId } from '../../model/name.ts';
import type { ContainerRecord } from '../../model/records.ts';
import { shortSize } from '../../model/size.ts';
import { displayStatus, hasPayload } from '../../model/state.ts';
import { INT, int, type Method, pointer, STRING, struct } from '../../model/template/types.ts';
import type { Command } from '../command.ts';
import { table } from '../table.ts';

export const command: Command = {
  path: ['system', 'df'],
  usage: '',
  summary: 'Show the room that images, containers and volumes take, and how much could be made free.',
  flags: {
    format: { type: 'string', help: 'json, or a Go template, also behind table' },
    verbose: { type: 'bool', short: 'v', help: 'Show every image, container and volume' },
  },
  positionals: [0, 0],
  async run(args, { ports, print }) {
    const format = args.string('format');
    if (args.bool('verbose') && format !== undefined)
      throw new BerthError('usage', 'cannot combine --format and --verbose flags');
    const opened = await ports();
    const used = containersInUse(opened);
    const volumes = volumesInUse(opened);
    if (args.bool('verbose')) print(details(opened, used, volumes));
    else
      await printSummary(
        print,
        diskSummary(
          opened.store.listImages(),
          used.map(({ use }) => use),
          volumes,
        ),
        format,
      );
    return 0;
  },
};

interface Used {
  record: ContainerRecord;
  use: ContainerUse;
}

function containersInUse(ports: Ports): Used[] {
  return listContainers(ports).containers.map((record) => ({
    record,
    use: {
      imageId: record.config.image?.id,
      running: hasPayload(record.state.status),
      rwBytes: ports.rootfs.sizes(record.config).rw,
    },
  }));
}

function volumesInUse({ store, volumes }: Ports): VolumeUse[] {
  return store
    .listVolumes()
    .map(({ config: { name }, usedBy }) => ({ name, links: usedBy.length, bytes: volumes.size(name) }));
}

/** Sizes in words, which Podman computes for its templates. */
const WORDS: Record<'Size' | 'Reclaimable', (summary: DiskSummary) => string> = {
  Size: ({ RawSize }) => shortSize(RawSize, 4),
  Reclaimable: ({ RawSize, RawReclaimable }) =>
    `${shortSize(RawReclaimable, 4)} (${RawSize === 0 ? 0 : Math.round((100 * RawReclaimable) / RawSize)}%)`,
};

const SUMMARY = pointer(
  struct(
    'system.dfSummary',
    { Type: STRING, Total: INT, Active: INT, RawSize: int('int64'), RawReclaimable: int('int64') },
    Object.fromEntries(
      Object.entries(WORDS).map(([name, text]): [string, Method] => [
        name,
        { type: STRING, get: (object) => text(object as unknown as DiskSummary) },
      ]),
    ),
  ),
);

async function printSummary(
  print: (text: string) => void,
  summaries: DiskSummary[],
  format: string | undefined,
): Promise<void> {
  const rows = summaries.map((row) => ({
    ...row,
    TotalCount: row.Total,
    Size: WORDS.Size(row),
    Reclaimable: WORDS.Reclaimable(row),
  }));
  const { printFormatted } = await import('../format.ts');
  printFormatted(print, {
    kind: 'rows',
    name: 'df',
    format,
    table: '{{.Type}}\t{{.Total}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}',
    headers: {
      Type: 'TYPE',
      Total: 'TOTAL',
      Active: 'ACTIVE',
      Size: 'SIZE',
      Reclaimable: 'RECLAIMABLE',
      RawSize: 'RAW SIZE',
      RawReclaimable: 'RAW RECLAIMABLE',
    },
    rows,
    type: SUMMARY,
    json: () => rows,
  });
}

/** -v: three tables. */
function details({ store, now }: Ports, used: Used[], volumes: VolumeUse[]): string {
  const age = (ms: number): string => humanDuration(Math.max(0, Date.parse(now()) - ms));
  const size = (bytes: number): string => shortSize(bytes, 4);
  const images = imageUses(
    store.listImages(),
    used.map(({ use }) => use),
  ).flatMap(({ image, sizeBytes, sharedBytes, containers }) =>
    (image.names.length > 0 ? image.names : ['<none>:<none>']).map((name) => [
      name.slice(0, name.lastIndexOf(':')),
      name.slice(name.lastIndexOf(':') + 1),
      shortId(image.id),
      age(imageCreated(image)),
      size(sizeBytes),
      size(sharedBytes),
      size(sizeBytes - sharedBytes),
      String(containers),
    ]),
  );
  const containers = used.map(({ record: { config, state }, use }) => [
    shortId(config.id),
    shortId(config.image?.id ?? ''),
    commandColumn(config, false),
    String(store.volumesOf(config.id).length),
    size(use.rwBytes),
    age(Date.parse(config.createdAt)),
    displayStatus(state.status),
    config.name,
  ]);
  return [
    'Images space usage:\n\n',
    table(
      ['REPOSITORY', 'TAG', 'IMAGE ID', 'CREATED', 'SIZE', 'SHARED SIZE', 'UNIQUE SIZE', 'CONTAINERS'],
      images,
    ),
    '\nContainers space usage:\n\n',
    table(
      ['CONTAINER ID', 'IMAGE', 'COMMAND', 'LOCAL VOLUMES', 'SIZE', 'CREATED', 'STATUS', 'NAMES'],
      containers,
    ),
    '\nLocal Volumes space usage:\n\n',
    table(
      ['VOLUME NAME', 'LINKS', 'SIZE'],
      volumes.map(({ name, links, bytes }) => [name, String(links), size(bytes)]),
    ),
  ].join('');
}
