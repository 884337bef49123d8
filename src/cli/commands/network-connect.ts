import { connectNetwork } from '../../lifecycle/network/connect.ts';
import { findNetwork } from '../../lifecycle/network/find.ts';
import { attachmentOf } from '../../model/network/choice.ts';
import type { Command } from '../command.ts';
import { listed } from '../entries.ts';

export const command: Command = {
  path: ['network', 'connect'],
  usage: 'NETWORK CONTAINER',
  summary: 'Put a container into one more network, at once if it runs.',
  flags: {
    alias: { type: 'strings', help: 'A name that the container has in the network, beside its own' },
    ip: { type: 'string', help: 'Its IPv4 address there' },
    ip6: { type: 'string', help: 'Its IPv6 address there' },
    'mac-address': { type: 'string', help: 'The hardware address of its interface there' },
  },
  positionals: [2, 2],
  async run(args, context) {
    const [network = '', container = ''] = args.positionals;
    const options = attachmentOf({
      aliases: args.strings('alias').flatMap(listed),
      ip: args.string('ip') ?? '',
      ip6: args.string('ip6') ?? '',
      mac: args.string('mac-address') ?? '',
    });
    const ports = await context.ports();
    const { name } = findNetwork(ports, network);
    await connectNetwork(ports, ports.store.findContainer(container), { network: name, ...options });
    return 0;
  },
};
