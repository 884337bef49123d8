import { pruneImages } from '../../lifecycle/image/prune.ts';
import { BerthError } from '../../model/errors.ts';
import type { Command } from '../command.ts';
import { confirmed } from '../confirm.ts';
import { prunableImages } from '../image-prune.ts';

export const command: Command = {
  path: ['image', 'prune'],
  usage: '',
  summary: 'Remove images without a name and without containers. Prints their IDs.',
  flags: {
    all: { type: 'bool', short: 'a', help: 'Also images with a name' },
    'build-cache': { type: 'bool', help: 'Accepted: nothing is built here' },
    external: { type: 'bool', help: 'Accepted: nothing is in the store that is not a container' },
    filter: { type: 'strings', help: 'Only those that fit: KEY=VALUE, as for images' },
    force: { type: 'bool', short: 'f', help: 'Do not ask' },
  },
  positionals: [0, Number.POSITIVE_INFINITY],
  async run(args, context) {
    if (args.positionals.length > 0)
      throw new BerthError('usage', `\`berth ${command.path.join(' ')}\` takes no arguments`);
    for (const text of args.strings('filter'))
      if (!text.includes('='))
        throw new BerthError('usage', `filter input must be in the form of filter=value: ${text} is invalid`);
    const all = args.bool('all');
    const warning = all
      ? 'This command removes all images without at least one container associated with them.'
      : 'This command removes all dangling images.';
    if (!args.bool('force') && !(await confirmed(context, warning))) return 0;
    const ports = await context.ports();
    const removed = await pruneImages(ports, prunableImages(ports, { all, filters: args.strings('filter') }));
    for (const { id } of removed) context.print(`${id}\n`);
    return 0;
  },
};
