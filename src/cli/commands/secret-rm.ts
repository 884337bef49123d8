import { removeSecret } from '../../lifecycle/secrets.ts';
import { BerthError } from '../../model/errors.ts';
import type { Command } from '../command.ts';
import { forEach } from '../each.ts';

export const command: Command = {
  path: ['secret', 'rm'],
  usage: 'SECRET…',
  summary: 'Remove secrets. Prints their IDs. What containers have of them as files stays.',
  flags: {
    all: { type: 'bool', short: 'a', help: 'All secrets' },
    ignore: { type: 'bool', short: 'i', help: 'A secret that does not exist is no error' },
  },
  positionals: [0, Number.POSITIVE_INFINITY],
  async run(args, context) {
    const all = args.bool('all');
    if (all === args.positionals.length > 0)
      throw new BerthError('usage', '`berth secret rm` requires one argument, or the --all flag');
    const ports = await context.ports();
    const names = all ? ports.secrets.list().map(({ name }) => name) : args.positionals;
    return forEach(names, context, async (name) => {
      try {
        context.print(`${removeSecret(ports, name)}\n`);
      } catch (error) {
        const isMissing = error instanceof BerthError && error.code === 'no-such-secret';
        // Of all, one may have been removed by somebody else meanwhile.
        if (!isMissing || !(all || args.bool('ignore'))) throw error;
      }
    });
  },
};
