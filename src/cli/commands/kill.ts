import { killContainer } from '../../lifecycle/kill.ts';
import { current } from '../../lifecycle/observe.ts';
import { parseSignal } from '../../model/signal.ts';
import { verdict } from '../../model/state.ts';
import type { Command } from '../command.ts';
import { forEach } from '../each.ts';
import { SELECTING, selectContainers } from '../select.ts';

export const command: Command = {
  path: ['kill'],
  usage: 'CONTAINER…',
  summary: 'Send a signal to the first process of running containers. Prints the names.',
  flags: {
    all: SELECTING.all('All running containers'),
    cidfile: SELECTING.cidfile,
    latest: SELECTING.latest,
    signal: { type: 'string', short: 's', help: 'Name or number of the signal', default: 'KILL' },
  },
  positionals: [0, Number.POSITIVE_INFINITY],
  async run(args, context) {
    const signal = parseSignal(args.string('signal') ?? 'KILL');
    const ports = await context.ports();
    const all = args.bool('all');
    return forEach(selectContainers(args, ports), context, async ({ word, container }) => {
      if (all && verdict('kill', current(container, ports).state.status) !== 'allowed') return;
      await killContainer(ports, container, signal);
      context.print(`${word}\n`);
    });
  },
};
