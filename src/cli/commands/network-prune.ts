import { pruneNetworks } from '../../lifecycle/network/networks.ts';
import { asBerthError } from '../../model/errors.ts';
import type { Command } from '../command.ts';
import { confirmed } from '../confirm.ts';
import { networksPassing } from '../network-select.ts';

export const command: Command = {
  path: ['network', 'prune'],
  usage: '',
  summary: 'Remove the networks that no container uses. Prints their names.',
  flags: {
    filter: { type: 'strings', help: 'Only those that match: label=KEY[=VALUE], label!=KEY, until=TIME' },
    force: { type: 'bool', short: 'f', help: 'Do not ask' },
  },
  positionals: [0, 0],
  async run(args, context) {
    const filters = args.strings('filter');
    networksPassing(filters, undefined, { prune: true });
    const warning = 'This will remove all networks not used by at least one container.';
    if (!args.bool('force') && !(await confirmed(context, warning))) return 0;
    const ports = await context.ports();
    const pruned = pruneNetworks(ports, networksPassing(filters, ports, { prune: true }));
    for (const { name, error } of pruned) {
      if (error === undefined) context.print(`${name}\n`);
      else context.warn(`Error: ${asBerthError(error).message}`);
    }
    return pruned.some(({ error }) => error !== undefined) ? 125 : 0;
  },
};
