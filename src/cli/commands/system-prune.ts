import { BerthError } from '../../model/errors.ts';
import { shortSize } from '../../model/size.ts';
import type { Command } from '../command.ts';
import { confirmed } from '../confirm.ts';
import { PRUNE_FLAGS, prune, pruneFilters } from '../prune.ts';

export const command: Command = {
  path: ['system', 'prune'],
  usage: '',
  summary: 'Remove what is not used: all containers that do not run.',
  flags: {
    ...PRUNE_FLAGS,
    all: { type: 'bool', short: 'a', help: 'Also images without a container: not yet, and refused' },
    volumes: { type: 'bool', help: 'Also volumes: there are no named ones yet, so nothing more' },
  },
  positionals: [0, Number.POSITIVE_INFINITY],
  async run(args, context) {
    const filters = pruneFilters(command, args);
    if (args.bool('all'))
      throw new BerthError('unsupported', 'images cannot be removed yet: prune without --all');
    const warning = 'This command removes:\n\t- all stopped containers\n';
    if (!args.bool('force') && !(await confirmed(context, warning))) return 0;
    const { removed, exitCode } = await prune(await context.ports(), filters, context);
    if (removed.length > 0) context.print('Deleted Containers\n');
    for (const { id } of removed) context.print(`${id}\n`);
    const bytes = removed.reduce((total, one) => total + one.bytes, 0);
    context.print(`Total reclaimed space: ${shortSize(bytes, 4)}\n`);
    return exitCode;
  },
};
