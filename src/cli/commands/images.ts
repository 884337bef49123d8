import type { Ports } from '../../lifecycle/ports.ts';
import { resolveImage } from '../../lifecycle/resolve-image.ts';
import { BerthError } from '../../model/errors.ts';
import { imageFilter } from '../../model/image-filter.ts';
import type { ImageRecord } from '../../model/records.ts';
import { ANY } from '../../model/template/types.ts';
import type { Arguments, Command } from '../command.ts';
import { IMAGE_HEADINGS, IMAGE_ORDERS, type ImageRow, imageJson, imageRows } from '../images-rows.ts';
import { table } from '../table.ts';

export const command: Command = {
  path: ['images'],
  usage: '[IMAGE]',
  summary: 'List images.',
  flags: {
    all: { type: 'bool', short: 'a', help: 'Accepted: there are no intermediate images to hide' },
    digests: { type: 'bool', help: 'Show digests' },
    filter: { type: 'strings', short: 'f', help: 'Only those that match, KEY=VALUE' },
    format: { type: 'string', help: 'json, or a Go template, also behind table' },
    'no-trunc': { type: 'bool', help: 'Show whole IDs' },
    noheading: { type: 'bool', short: 'n', help: 'Without the line of column names' },
    quiet: { type: 'bool', short: 'q', help: 'Only the IDs' },
    sort: { type: 'string', help: `Order: ${Object.keys(IMAGE_ORDERS).join(', ')}`, default: 'created' },
  },
  positionals: [0, 1],
  async run(args, { ports, print }) {
    const order = sortOrder(args.string('sort') ?? 'created');
    const rows = listed(args, await ports()).sort(order);
    const format = args.string('format');
    const noHeading = args.bool('noheading');
    if (args.bool('quiet')) print([...new Set(rows.map(({ ID }) => `${ID}\n`))].join(''));
    else if (format === undefined) print(imageTable(rows, { digests: args.bool('digests'), noHeading }));
    else {
      const { printFormatted } = await import('../format.ts');
      printFormatted(print, {
        kind: 'rows',
        name: 'images',
        format,
        noHeading,
        headers: IMAGE_HEADINGS,
        rows,
        table: '{{.Repository}}\t{{.Tag}}',
        type: ANY,
        json: () => rows.map(imageJson),
      });
    }
    return 0;
  },
};

function sortOrder(key: string): (a: ImageRow, b: ImageRow) => number {
  const order = Object.hasOwn(IMAGE_ORDERS, key) ? IMAGE_ORDERS[key] : undefined;
  if (order === undefined)
    throw new BerthError(
      'usage',
      `${JSON.stringify(key)} is not a valid field for sorting. Choose from: ${Object.keys(IMAGE_ORDERS).join(', ')}`,
    );
  return order;
}

function listed(args: Arguments, { store, now }: Ports): ImageRow[] {
  const { containers } = store.listContainers();
  const usedBy = (image: ImageRecord): number =>
    containers.filter(({ config }) => config.image?.id === image.id).length;
  const [name] = args.positionals;
  const filters = [...args.strings('filter'), ...(name === undefined ? [] : [`reference=${name}`])];
  const at = Date.parse(now());
  const passes = imageFilter(filters, {
    now: at,
    find: (text) => findImage(store, text),
    isUsed: (image) => usedBy(image) > 0,
  });
  return store
    .listImages()
    .filter(passes)
    .flatMap((image) =>
      imageRows(image, { now: at, whole: args.bool('no-trunc'), containers: usedBy(image) }),
    );
}

function findImage(store: Ports['store'], text: string): ImageRecord | undefined {
  try {
    return resolveImage(store, text).image;
  } catch (error) {
    if (error instanceof BerthError && (error.code === 'no-such-image' || error.code === 'invalid'))
      return undefined;
    throw error;
  }
}

function imageTable(
  rows: ImageRow[],
  { digests, noHeading }: { digests: boolean; noHeading: boolean },
): string {
  const digest = (text: string): string[] => (digests ? [text] : []);
  return table(
    ['REPOSITORY', 'TAG', ...digest('DIGEST'), 'IMAGE ID', 'CREATED', 'SIZE'],
    rows.map((row) => [row.Repository, row.Tag, ...digest(row.Digest), row.ID, row.Created, row.Size]),
    { noHeading },
  );
}
