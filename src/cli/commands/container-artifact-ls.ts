import type { Command } from '../command.ts';

export const command: Command = {
  path: ['container', 'artifact', 'ls'],
  usage: 'CONTAINER',
  summary: 'List the names under which something is kept with a container.',
  flags: {},
  positionals: [1, 1],
  async run(args, { ports, print }) {
    const { store, artifacts } = await ports();
    const names = artifacts(store.findContainer(args.positionals[0] ?? '').config.id).list();
    print(names.map((name) => `${name}\n`).join(''));
    return 0;
  },
};
