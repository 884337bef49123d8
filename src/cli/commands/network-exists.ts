import { findNetwork } from '../../lifecycle/network/find.ts';
import { BerthError } from '../../model/errors.ts';
import type { Command } from '../command.ts';

export const command: Command = {
  path: ['network', 'exists'],
  usage: 'NETWORK',
  summary: 'Say by the exit code whether there is such a network: 0, or 1.',
  flags: {},
  positionals: [1, 1],
  async run(args, { ports }) {
    try {
      findNetwork(await ports(), args.positionals[0] ?? '');
      return 0;
    } catch (error) {
      if (error instanceof BerthError && error.code === 'no-such-network') return 1;
      throw error;
    }
  },
};
