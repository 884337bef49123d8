import { findNetwork, noSuchNetwork } from '../../lifecycle/network/find.ts';
import { removeNetwork } from '../../lifecycle/network/networks.ts';
import { BerthError } from '../../model/errors.ts';
import type { Command } from '../command.ts';
import { forEach } from '../each.ts';

export const command: Command = {
  path: ['network', 'rm'],
  usage: 'NETWORK…',
  summary: 'Remove networks. Prints the names.',
  flags: {
    force: {
      type: 'bool',
      short: 'f',
      help: 'Remove the containers that use them first; one that does not exist is no error',
    },
    time: {
      type: 'int',
      short: 't',
      help: 'With --force: seconds between the stop signal and SIGKILL; -1: no SIGKILL',
    },
  },
  positionals: [1, Number.POSITIVE_INFINITY],
  async run(args, context) {
    const force = args.bool('force');
    const timeoutSeconds = args.int('time');
    if (timeoutSeconds !== undefined && !force)
      throw new BerthError('usage', '--force option must be specified to use the --time option');
    const ports = await context.ports();
    return forEach(args.positionals, context, async (name) => {
      try {
        await removeNetwork(ports, findNetwork(ports, name), { force, timeoutSeconds });
      } catch (error) {
        if (!(error instanceof BerthError && error.code === 'no-such-network')) throw error;
        if (force) return;
        throw noSuchNetwork(name, 1);
      }
      context.print(`${name}\n`);
    });
  },
};
