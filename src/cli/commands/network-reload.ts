import { reloadNetwork } from '../../lifecycle/network/connect.ts';
import { current } from '../../lifecycle/observe.ts';
import { BerthError } from '../../model/errors.ts';
import { hasNetwork } from '../../model/network/names.ts';
import { hasPayload } from '../../model/state.ts';
import type { Command } from '../command.ts';
import { forEach } from '../each.ts';
import { SELECTING, selectContainers } from '../select.ts';

export const command: Command = {
  path: ['network', 'reload'],
  usage: 'CONTAINER…',
  summary:
    "Make the interfaces, rules and ports of running containers anew, after the host's firewall was flushed. Prints IDs.",
  flags: { all: SELECTING.all('All running containers'), latest: SELECTING.latest },
  positionals: [0, Number.POSITIVE_INFINITY],
  async run(args, context) {
    const all = args.bool('all');
    if (!all && !args.bool('latest') && args.positionals.length === 0)
      throw new BerthError('usage', 'you must provide at least one name or id');
    const ports = await context.ports();
    return forEach(selectContainers(args, ports), context, async ({ container }) => {
      if (all && !(hasNetwork(container.config) && hasPayload(current(container, ports).state.status)))
        return;
      await reloadNetwork(ports, container);
      context.print(`${container.config.id}\n`);
    });
  },
};
