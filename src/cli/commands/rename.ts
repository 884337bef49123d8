import { renameContainer } from '../../lifecycle/rename.ts';
import type { Command } from '../command.ts';

export const command: Command = {
  path: ['rename'],
  usage: 'CONTAINER NAME',
  summary: 'Give a container, running or not, and its unit another name.',
  flags: {},
  positionals: [2, 2],
  async run({ positionals: [container = '', name = ''] }, context) {
    const ports = await context.ports();
    await renameContainer(ports, ports.store.findContainer(container), name);
    return 0;
  },
};
