import { refreshContainer } from '../../lifecycle/refresh.ts';
import type { Command } from '../command.ts';
import { forEach } from '../each.ts';
import { SELECTING, selectContainers } from '../select.ts';

export const command: Command = {
  path: ['container', 'refresh'],
  usage: 'CONTAINER…',
  summary: 'Take containers down and bring them back to the state they were in. Prints the names.',
  flags: { all: SELECTING.all('All containers'), latest: SELECTING.latest },
  positionals: [0, Number.POSITIVE_INFINITY],
  async run(args, context) {
    const ports = await context.ports();
    return forEach(selectContainers(args, ports), context, async ({ word, container }) => {
      await refreshContainer(ports, container);
      context.print(`${word}\n`);
    });
  },
};
