import { noSuchVolume } from '../../lifecycle/volume/use.ts';
import { findVolume, removeVolume } from '../../lifecycle/volume/volumes.ts';
import { BerthError } from '../../model/errors.ts';
import type { Command } from '../command.ts';
import { forEach } from '../each.ts';

export const command: Command = {
  path: ['volume', 'rm'],
  usage: 'VOLUME…',
  summary: 'Remove volumes with all that is in them. Prints the names.',
  flags: {
    all: { type: 'bool', short: 'a', help: 'All volumes' },
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
  positionals: [0, Number.POSITIVE_INFINITY],
  async run(args, context) {
    const force = args.bool('force');
    const timeoutSeconds = args.int('time');
    if (timeoutSeconds !== undefined && !force)
      throw new BerthError('usage', '--force option must be specified to use the --time option');
    if (args.bool('all') === args.positionals.length > 0)
      throw new BerthError('usage', 'choose either one or more volumes or all');
    const ports = await context.ports();
    const names = args.bool('all')
      ? ports.store.listVolumes().map(({ config }) => config.name)
      : args.positionals;
    return forEach(names, context, async (name) => {
      try {
        const volume = findVolume(ports, name, noSuchVolume(name, 1));
        await removeVolume(ports, volume, { force, timeoutSeconds });
      } catch (error) {
        if (force && error instanceof BerthError && error.code === 'no-such-volume') return;
        throw error;
      }
      context.print(`${name}\n`);
    });
  },
};
