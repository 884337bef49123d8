import { pruneImages } from '../../lifecycle/prune-images.ts';
import { shortSize } from '../../model/size.ts';
import type { Command } from '../command.ts';
import { confirmed } from '../confirm.ts';
import { prunableImages } from '../image-prune.ts';
import { PRUNE_FLAGS, prune, pruneFilters } from '../prune.ts';

export const command: Command = {
  path: ['system', 'prune'],
  usage: '',
  summary: 'Remove what is not used: all containers that do not run, and images without a name.',
  flags: {
    ...PRUNE_FLAGS,
    all: { type: 'bool', short: 'a', help: 'Also images with a name, if they have no container' },
    volumes: { type: 'bool', help: 'Also volumes: there are no named ones yet, so nothing more' },
  },
  positionals: [0, Number.POSITIVE_INFINITY],
  async run(args, context) {
    const filters = pruneFilters(command, args);
    const all = args.bool('all');
    const images = all ? 'images without at least one container associated with them' : 'dangling images';
    const warning = `This command removes:\n\t- all stopped containers\n\t- all ${images}\n`;
    if (!args.bool('force') && !(await confirmed(context, warning))) return 0;
    const ports = await context.ports();
    const { removed, exitCode } = await prune(ports, filters, context);
    const pruned = await pruneImages(ports, prunableImages(ports, { all, filters: args.strings('filter') }));
    if (removed.length > 0) context.print('Deleted Containers\n');
    for (const { id } of removed) context.print(`${id}\n`);
    if (pruned.length > 0) context.print('Deleted Images\n');
    for (const { id } of pruned) context.print(`${id}\n`);
    const sizes = [
      ...removed.map((one) => one.bytes),
      ...pruned.flatMap(({ layers }) => layers.map(({ sizeBytes }) => sizeBytes)),
    ];
    const bytes = sizes.reduce((total, size) => total + size, 0);
    context.print(`Total reclaimed space: ${shortSize(bytes, 4)}\n`);
    return exitCode;
  },
};
