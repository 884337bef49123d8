import type { Command } from '../command.ts';
import { findContainer } from '../select.ts';

export const command: Command = {
  path: ['container', 'exists'],
  usage: 'CONTAINER',
  summary: 'Exit with 0 if there is such a container, with 1 if there is none.',
  flags: {
    external: { type: 'bool', help: 'Accepted: nothing is in the store that is not a container' },
  },
  positionals: [1, 1],
  async run(args, { ports }) {
    const [name = ''] = args.positionals;
    return findContainer(name, await ports(), { ignoreMissing: true }) === undefined ? 1 : 0;
  },
};
