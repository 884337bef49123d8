import { mountImage } from '../../lifecycle/image/mount.ts';
import { resolveImage } from '../../lifecycle/image/resolve.ts';
import type { Ports } from '../../lifecycle/ports.ts';
import { BerthError } from '../../model/errors.ts';
import type { ImageRecord } from '../../model/records.ts';
import type { Command } from '../command.ts';
import { table } from '../table.ts';

export const command: Command = {
  path: ['image', 'mount'],
  usage: '[IMAGE…]',
  summary: 'Mount images, to look at their files, and print where; without one, list what is mounted.',
  flags: {
    all: { type: 'bool', short: 'a', help: 'Mount all images' },
    format: { type: 'string', help: 'json: the list as JSON' },
  },
  positionals: [0, Number.POSITIVE_INFINITY],
  async run(args, { ports, print }) {
    const format = args.string('format') ?? '';
    if (format !== '' && format !== 'json')
      throw new BerthError('usage', `unknown --format argument: ${JSON.stringify(format)}`);
    const all = args.bool('all');
    if (all && args.positionals.length > 0)
      throw new BerthError('usage', 'when using the --all switch, you may not pass any image names or IDs');
    const opened = await ports();
    const { store, imageFiles } = opened;
    const named = args.positionals.map((name) => resolveImage(store, name).image);
    const wanted = all ? store.listImages() : named;
    for (const image of wanted) await mountImage(opened, image);
    const listed =
      wanted.length > 0 ? wanted : store.listImages().filter(({ id }) => imageFiles.isMounted(id));
    print(shown(opened, listed, { format, alone: named.length === 1 }));
    return 0;
  },
};

function shown(
  { imageFiles }: Pick<Ports, 'imageFiles'>,
  images: readonly ImageRecord[],
  { format, alone }: { format: string; alone: boolean },
): string {
  if (format === 'json') {
    const objects = images.map(({ id, names, digest }) => ({
      id,
      Names: digest === undefined ? [] : [`sha256:${digest}`],
      Repositories: names,
      mountpoint: imageFiles.mountPoint(id),
    }));
    return `${JSON.stringify(objects, null, 1)}\n`;
  }
  if (alone) return images.map(({ id }) => `${imageFiles.mountPoint(id)}\n`).join('');
  const rows = images.map(({ id, names }) => [names[0] ?? id, imageFiles.mountPoint(id)]);
  return table([], rows, { noHeading: true });
}
