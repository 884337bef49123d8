import { pruneVolumes } from '../../lifecycle/volumes.ts';
import { BerthError, messageOf } from '../../model/errors.ts';
import { shortSize } from '../../model/size.ts';
import type { Command } from '../command.ts';
import { confirmed } from '../confirm.ts';
import { PRUNE_FLAGS, prune, pruneFilters } from '../prune.ts';
import { volumesPassing } from '../volume-select.ts';

export const command: Command = {
  path: ['system', 'prune'],
  usage: '',
  summary: 'Remove what is not used: all containers that do not run, and volumes if asked.',
  flags: {
    ...PRUNE_FLAGS,
    all: { type: 'bool', short: 'a', help: 'Also images without a container: not yet, and refused' },
    volumes: { type: 'bool', help: 'Also the volumes that no container uses then' },
  },
  positionals: [0, Number.POSITIVE_INFINITY],
  async run(args, context) {
    const filters = pruneFilters(command, args);
    if (args.bool('all'))
      throw new BerthError('unsupported', 'images cannot be removed yet: prune without --all');
    const withVolumes = args.bool('volumes');
    const warning = `This command removes:\n\t- all stopped containers\n${withVolumes ? '\t- all volumes not used by at least one container\n' : ''}`;
    if (!args.bool('force') && !(await confirmed(context, warning))) return 0;
    const ports = await context.ports();
    const { removed, exitCode } = await prune(ports, filters, context);
    if (removed.length > 0) context.print('Deleted Containers\n');
    for (const { id } of removed) context.print(`${id}\n`);
    const volumes = withVolumes
      ? await pruneVolumes(ports, volumesPassing(args.strings('filter'), ports))
      : [];
    const gone = volumes.filter(({ error }) => error === undefined);
    if (gone.length > 0) context.print('Deleted Volumes\n');
    for (const { name } of gone) context.print(`${name}\n`);
    for (const { error } of volumes) if (error !== undefined) context.warn(`Error: ${messageOf(error)}`);
    const bytes = [...removed, ...gone].reduce((total, one) => total + one.bytes, 0);
    context.print(`Total reclaimed space: ${shortSize(bytes, 4)}\n`);
    return gone.length < volumes.length ? 125 : exitCode;
  },
};
