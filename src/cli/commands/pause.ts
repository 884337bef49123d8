import { current } from '../../lifecycle/observe.ts';
import { pauseContainer } from '../../lifecycle/pause.ts';
import { verdict } from '../../model/state.ts';
import type { Command } from '../command.ts';
import { forEach } from '../each.ts';
import { SELECTING, selectContainers } from '../select.ts';

export const command: Command = {
  path: ['pause'],
  usage: 'CONTAINER…',
  summary: 'Stop everything in running containers until unpause. Prints the names.',
  flags: {
    all: SELECTING.all('All running containers'),
    cidfile: SELECTING.cidfile,
    filter: SELECTING.filter,
    latest: SELECTING.latest,
  },
  positionals: [0, Number.POSITIVE_INFINITY],
  async run(args, context) {
    const ports = await context.ports();
    const all = args.bool('all');
    return forEach(selectContainers(args, ports), context, async ({ word, container }) => {
      if (all && verdict('pause', current(container, ports).state.status) !== 'allowed') return;
      await pauseContainer(ports, container);
      context.print(`${word}\n`);
    });
  },
};
