import { findNetwork } from '../../lifecycle/network/find.ts';
import { BerthError, messageOf } from '../../model/errors.ts';
import type { Command } from '../command.ts';
import { networkDetails } from '../network-select.ts';

export const command: Command = {
  path: ['network', 'inspect'],
  usage: 'NETWORK…',
  summary: 'Show everything about networks, with the containers that run in them, as a JSON array.',
  flags: {
    format: { type: 'string', short: 'f', help: 'json, or a Go template', default: 'json' },
  },
  positionals: [1, Number.POSITIVE_INFINITY],
  async run(args, { ports, print, warn }) {
    const opened = await ports();
    const missing: string[] = [];
    const objects = args.positionals.flatMap((name) => {
      try {
        return networkDetails(opened, findNetwork(opened, name));
      } catch (error) {
        if (!(error instanceof BerthError && error.code === 'no-such-network'))
          throw new BerthError('invalid', `inspecting network ${name}: ${messageOf(error)}`, {
            cause: error,
          });
        missing.push(`network ${name}: ${error.message}`);
        return [];
      }
    });
    const format = args.string('format') ?? 'json';
    if (format === 'json' || format === '') print(`${JSON.stringify(objects, null, 5)}\n`);
    else {
      const { printFormatted } = await import('../format.ts');
      const { NETWORK } = await import('../../model/template/shapes/network.ts');
      printFormatted(print, {
        kind: 'objects',
        name: 'inspect',
        format,
        objects: objects.map((object) => ({ object, type: NETWORK })),
      });
    }
    for (const text of missing) warn(`Error: ${text}`);
    return missing.length > 0 ? 125 : 0;
  },
};
