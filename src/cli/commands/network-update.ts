import { updateNetwork } from '../../lifecycle/network/networks.ts';
import type { Command } from '../command.ts';
import { listed } from '../entries.ts';

export const command: Command = {
  path: ['network', 'update'],
  usage: 'NETWORK',
  summary: 'Change the name servers of a network, also for the containers that run in it. Prints its name.',
  flags: {
    'dns-add': { type: 'strings', help: 'Name servers that come' },
    'dns-drop': { type: 'strings', help: 'Name servers that go' },
  },
  positionals: [1, 1],
  async run(args, { ports, print }) {
    const [name = ''] = args.positionals;
    const [add, drop] = [args.strings('dns-add').flatMap(listed), args.strings('dns-drop').flatMap(listed)];
    await updateNetwork(await ports(), name, { add, drop });
    print(`${name}\n`);
    return 0;
  },
};
