import type { Command } from '../command.ts';
import { confirmed } from '../confirm.ts';
import { PRUNE_FLAGS, prune, pruneFilters } from '../prune.ts';

export const command: Command = {
  path: ['container', 'prune'],
  usage: '',
  summary: 'Remove all containers that do not run. Prints their IDs.',
  flags: PRUNE_FLAGS,
  positionals: [0, Number.POSITIVE_INFINITY],
  async run(args, context) {
    const filters = pruneFilters(command, args);
    const sure =
      args.bool('force') || (await confirmed(context, 'This will remove all non running containers.'));
    if (!sure) return 0;
    const { removed, exitCode } = await prune(await context.ports(), filters, context);
    for (const { id } of removed) context.print(`${id}\n`);
    return exitCode;
  },
};
