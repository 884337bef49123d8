import { initialize } from '../../lifecycle/init.ts';
import { current } from '../../lifecycle/observe.ts';
import { verdict } from '../../model/state.ts';
import type { Command } from '../command.ts';
import { forEach } from '../each.ts';
import { SELECTING, selectContainers } from '../select.ts';

export const command: Command = {
  path: ['init'],
  usage: 'CONTAINER…',
  summary:
    'Create containers in the runtime through their units, without starting their commands: start does that. Prints the names.',
  flags: { all: SELECTING.all('All containers'), latest: SELECTING.latest },
  positionals: [0, Number.POSITIVE_INFINITY],
  async run(args, context) {
    const ports = await context.ports();
    return forEach(selectContainers(args, ports), context, async ({ word, container }) => {
      // As for Podman, "all" are those that can be.
      if (args.bool('all') && verdict('init', current(container, ports).state.status) === 'refused') return;
      await initialize(ports, container);
      context.print(`${word}\n`);
    });
  },
};
