import { disconnectNetwork } from '../../lifecycle/network/connect.ts';
import { findNetwork } from '../../lifecycle/network/find.ts';
import type { Command } from '../command.ts';

export const command: Command = {
  path: ['network', 'disconnect'],
  usage: 'NETWORK CONTAINER',
  summary: 'Take a container out of a network, at once if it runs.',
  flags: {
    force: {
      type: 'bool',
      short: 'f',
      help: 'Changes nothing: a container that runs is taken out without it, too',
    },
  },
  positionals: [2, 2],
  async run(args, context) {
    const [network = '', container = ''] = args.positionals;
    const ports = await context.ports();
    const found = ports.store.findContainer(container);
    await disconnectNetwork(ports, found, { network: findNetwork(ports, network).name, name: container });
    return 0;
  },
};
