import { syncContainer } from '../../lifecycle/sync.ts';
import type { Command } from '../command.ts';
import { forEach } from '../each.ts';
import { SELECTING, selectContainers } from '../select.ts';

export const command: Command = {
  path: ['container', 'sync'],
  usage: 'CONTAINER…',
  summary: 'Bring the records of containers in line with what the kernel says. Prints the names.',
  flags: { all: SELECTING.all('All containers'), latest: SELECTING.latest },
  positionals: [0, Number.POSITIVE_INFINITY],
  async run(args, context) {
    const ports = await context.ports();
    return forEach(selectContainers(args, ports), context, async ({ word, container }) => {
      await syncContainer(ports, container);
      context.print(`${word}\n`);
    });
  },
};
