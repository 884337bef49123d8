import { findVolume, mountVolume } from '../../lifecycle/volume/volumes.ts';
import type { Command } from '../command.ts';

export const command: Command = {
  path: ['volume', 'mount'],
  usage: 'VOLUME',
  summary: 'Mount a volume once more and print where; it stays so until unmount, or the next boot.',
  flags: {},
  positionals: [1, 1],
  async run(args, context) {
    const ports = await context.ports();
    context.print(`${await mountVolume(ports, findVolume(ports, args.positionals[0] ?? ''))}\n`);
    return 0;
  },
};
