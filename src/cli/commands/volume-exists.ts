import type { Command } from '../command.ts';

export const command: Command = {
  path: ['volume', 'exists'],
  usage: 'VOLUME',
  summary: 'Say by the exit code whether there is a volume of that name: 0, or 1.',
  flags: {},
  positionals: [1, 1],
  async run(args, { ports }) {
    return (await ports()).store.getVolume(args.positionals[0] ?? '') === undefined ? 1 : 0;
  },
};
