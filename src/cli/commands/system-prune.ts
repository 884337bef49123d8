import { pruneImages } from '../../lifecycle/image/prune.ts';
import { pruneNetworks } from '../../lifecycle/network/networks.ts';
import { pruneVolumes } from '../../lifecycle/volume/volumes.ts';
import { messageOf } from '../../model/errors.ts';
import { shortSize } from '../../model/size.ts';
import type { Command } from '../command.ts';
import { confirmed } from '../confirm.ts';
import { prunableImages } from '../image-prune.ts';
import { networksPassing } from '../network-select.ts';
import { PRUNE_FLAGS, prune, pruneFilters } from '../prune.ts';
import { volumesPassing } from '../volume-select.ts';

export const command: Command = {
  path: ['system', 'prune'],
  usage: '',
  summary:
    'Remove what is not used: all containers that do not run, networks, images without a name, and volumes if asked.',
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
    const warning = `This command removes:
\t- all stopped containers
\t- all networks not used by at least one container
${withVolumes ? '\t- all volumes not used by at least one container\n' : ''}\t- all ${images}
`;
    if (!args.bool('force') && !(await confirmed(context, warning))) return 0;
    const ports = await context.ports();
    const texts = args.strings('filter');
    const { removed, exitCode } = await prune(ports, filters, context);
    const pruned = await pruneImages(ports, prunableImages(ports, { all, filters: texts }));
    const volumes = withVolumes ? await pruneVolumes(ports, volumesPassing(texts, ports)) : [];
    const networks = pruneNetworks(ports, networksPassing(texts, ports, { prune: true }));
    const gone = volumes.filter(({ error }) => error === undefined);
    const failed = [...volumes, ...networks].filter(({ error }) => error !== undefined);
    const sections: [heading: string, names: string[]][] = [
      ['Deleted Containers', removed.map(({ id }) => id)],
      ['Deleted Volumes', gone.map(({ name }) => name)],
      ['Deleted Images', pruned.map(({ id }) => id)],
      ['Deleted Networks', networks.flatMap(({ name, error }) => (error === undefined ? name : []))],
    ];
    for (const [heading, names] of sections)
      if (names.length > 0) context.print(`${[heading, ...names].join('\n')}\n`);
    for (const { error } of failed) context.warn(`Error: ${messageOf(error)}`);
    const sizes = [
      ...[...removed, ...gone].map((one) => one.bytes),
      ...pruned.flatMap(({ layers }) => layers.map(({ sizeBytes }) => sizeBytes)),
    ];
    const bytes = sizes.reduce((total, size) => total + size, 0);
    context.print(`Total reclaimed space: ${shortSize(bytes, 4)}\n`);
    return failed.length > 0 ? 125 : exitCode;
  },
};
