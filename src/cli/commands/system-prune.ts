import { pruneImages } from '../../lifecycle/prune-images.ts';
import { pruneVolumes } from '../../lifecycle/volumes.ts';
import { messageOf } from '../../model/errors.ts';
import { shortSize } from '../../model/size.ts';
import type { Command } from '../command.ts';
import { confirmed } from '../confirm.ts';
import { prunableImages } from '../image-prune.ts';
import { PRUNE_FLAGS, prune, pruneFilters } from '../prune.ts';
import { volumesPassing } from '../volume-select.ts';

export const command: Command = {
  path: ['system', 'prune'],
  usage: '',
  summary:
    'Remove what is not used: all containers that do not run, images without a name, and volumes if asked.',
  flags: {
    ...PRUNE_FLAGS,
    all: { type: 'bool', short: 'a', help: 'Also images with a name, if they have no container' },
    volumes: { type: 'bool', help: 'Also the volumes that no container uses then' },
  },
  positionals: [0, Number.POSITIVE_INFINITY],
  async run(args, context) {
    const filters = pruneFilters(command, args);
    const all = args.bool('all');
    const withVolumes = args.bool('volumes');
    const images = all ? 'images without at least one container associated with them' : 'dangling images';
    const warning = `This command removes:\n\t- all stopped containers\n${withVolumes ? '\t- all volumes not used by at least one container\n' : ''}\t- all ${images}\n`;
    if (!args.bool('force') && !(await confirmed(context, warning))) return 0;
    const ports = await context.ports();
    const { removed, exitCode } = await prune(ports, filters, context);
    const pruned = await pruneImages(ports, prunableImages(ports, { all, filters: args.strings('filter') }));
    const volumes = withVolumes
      ? await pruneVolumes(ports, volumesPassing(args.strings('filter'), ports))
      : [];
    const gone = volumes.filter(({ error }) => error === undefined);
    if (removed.length > 0) context.print('Deleted Containers\n');
    for (const { id } of removed) context.print(`${id}\n`);
    if (pruned.length > 0) context.print('Deleted Images\n');
    for (const { id } of pruned) context.print(`${id}\n`);
    if (gone.length > 0) context.print('Deleted Volumes\n');
    for (const { name } of gone) context.print(`${name}\n`);
    for (const { error } of volumes) if (error !== undefined) context.warn(`Error: ${messageOf(error)}`);
    const sizes = [
      ...[...removed, ...gone].map((one) => one.bytes),
      ...pruned.flatMap(({ layers }) => layers.map(({ sizeBytes }) => sizeBytes)),
    ];
    const bytes = sizes.reduce((total, size) => total + size, 0);
    context.print(`Total reclaimed space: ${shortSize(bytes, 4)}\n`);
    return gone.length < volumes.length ? 125 : exitCode;
  },
};
