import { networkObject } from '../../model/inspect/network.ts';
import { LISTED_NETWORK, listedNetwork, NETWORK_HEADINGS } from '../../model/template/shapes/network.ts';
import type { Command } from '../command.ts';
import { printFormatted } from '../format.ts';
import { networksPassing } from '../network-select.ts';

export const command: Command = {
  path: ['network', 'ls'],
  usage: '',
  summary: 'List networks.',
  flags: {
    filter: {
      type: 'strings',
      short: 'f',
      help: 'Only those that match: name=, id=, driver=, label=, label!=, until=, dangling=',
    },
    format: { type: 'string', help: 'json, or a Go template, also behind table' },
    'no-trunc': { type: 'bool', help: 'All digits of the IDs' },
    noheading: { type: 'bool', short: 'n', help: 'Without the line of column names' },
    quiet: { type: 'bool', short: 'q', help: 'Only the names' },
  },
  positionals: [0, 0],
  async run(args, { ports, print }) {
    const filters = args.strings('filter');
    networksPassing(filters);
    const opened = await ports();
    const networks = opened.networkFiles.list().filter(networksPassing(filters, opened));
    if (args.bool('quiet')) {
      print(networks.map(({ name }) => `${name}\n`).join(''));
      return 0;
    }
    printFormatted(print, {
      kind: 'rows',
      name: 'ls',
      format: args.string('format') || undefined,
      noHeading: args.bool('noheading'),
      headers: NETWORK_HEADINGS,
      rows: networks.map((network) =>
        listedNetwork(networkObject(network), { truncated: !args.bool('no-trunc') }),
      ),
      table: '{{.ID}}\t{{.Name}}\t{{.Driver}}',
      type: LISTED_NETWORK,
      json: () => networks.map(networkObject),
    });
    return 0;
  },
};
