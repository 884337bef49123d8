import { findVolume, unmountVolume } from '../../lifecycle/volume/volumes.ts';
import type { Command } from '../command.ts';

export const command: Command = {
  path: ['volume', 'unmount'],
  usage: 'VOLUME',
  summary: 'Take one mount of a volume back; the last one unmounts it. Prints its name.',
  flags: {},
  positionals: [1, 1],
  async run(args, context) {
    const ports = await context.ports();
    const volume = findVolume(ports, args.positionals[0] ?? '');
    await unmountVolume(ports, volume);
    context.print(`${volume.config.name}\n`);
    return 0;
  },
};
