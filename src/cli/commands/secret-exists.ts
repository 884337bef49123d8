import { BerthError } from '../../model/errors.ts';
import { findSecret } from '../../model/secret.ts';
import type { Command } from '../command.ts';

export const command: Command = {
  path: ['secret', 'exists'],
  usage: 'SECRET',
  summary: 'Exit with 0 if there is such a secret, with 1 if there is none.',
  flags: {},
  positionals: [1, 1],
  async run(args, { ports }) {
    const { secrets } = await ports();
    try {
      findSecret(secrets.list(), args.positionals[0] ?? '');
      return 0;
    } catch (error) {
      if (error instanceof BerthError && error.code === 'no-such-secret') return 1;
      throw error;
    }
  },
};
