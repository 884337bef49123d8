import { pruneVolumes, unusedVolumes } from '../../lifecycle/volume/volumes.ts';
import { asBerthError } from '../../model/errors.ts';
import type { Command } from '../command.ts';
import { confirmed } from '../confirm.ts';
import { volumesPassing } from '../volume-select.ts';

export const command: Command = {
  path: ['volume', 'prune'],
  usage: '',
  summary: 'Remove the volumes that no container uses, with all that is in them. Prints their names.',
  flags: {
    filter: { type: 'strings', help: 'Only those that match, KEY=VALUE, as for volume ls' },
    force: { type: 'bool', short: 'f', help: 'Do not ask' },
  },
  positionals: [0, 0],
  async run(args, context) {
    const filters = args.strings('filter');
    volumesPassing(filters);
    const ports = await context.ports();
    const passes = volumesPassing(filters, ports);
    if (!args.bool('force')) {
      const names = unusedVolumes(ports, passes).map(({ config }) => config.name);
      if (names.length === 0) {
        context.print(`WARNING! ${WARNING}\nNo dangling volumes found\n`);
        return 0;
      }
      const warning = `${WARNING}\n${names.join('\n')}`;
      if (!(await confirmed(context, warning))) return 0;
    }
    const pruned = await pruneVolumes(ports, passes);
    for (const { name, error } of pruned) {
      if (error === undefined) context.print(`${name}\n`);
      else context.warn(`Error: ${asBerthError(error).message}`);
    }
    return pruned.some(({ error }) => error !== undefined) ? 125 : 0;
  },
};

const WARNING =
  'This will remove all volumes not used by at least one container. The following volumes will be removed:';
