import type { Ports } from '../../lifecycle/ports.ts';
import { BerthError } from '../../model/errors.ts';
import type { ImageRecord } from '../../model/records.ts';
import { ANY } from '../../model/template/types.ts';
import type { Arguments, Command } from '../command.ts';
import { imagePredicate } from '../image-prune.ts';
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
    history: { type: 'bool', help: 'Also all names that each image ever had' },
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
    else if (format === undefined)
      print(imageTable(rows, { digests: args.bool('digests'), history: args.bool('history'), noHeading }));
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
  const passes = imagePredicate({ store, now }, filters);
  return store
    .listImages()
    .filter(passes)
    .flatMap((image) =>
      imageRows(image, { now: at, whole: args.bool('no-trunc'), containers: usedBy(image) }),
    );
}

function imageTable(
  rows: ImageRow[],
  { digests, history, noHeading }: { digests: boolean; history: boolean; noHeading: boolean },
): string {
  const digest = (text: string): string[] => (digests ? [text] : []);
  const past = (text: string): string[] => (history ? [text] : []);
  return table(
    ['REPOSITORY', 'TAG', ...digest('DIGEST'), 'IMAGE ID', 'CREATED', 'SIZE', ...past('HISTORY')],
    rows.map((row) => [
      row.Repository,
      row.Tag,
      ...digest(row.Digest),
      row.ID,
      row.Created,
      row.Size,
      ...past(row.History),
    ]),
    { noHeading },
  );
}
