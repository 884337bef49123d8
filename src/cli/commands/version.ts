import { imageArchitecture } from '../../model/image.ts';
import { VERSION } from '../../wiring/version.ts';
import type { Command } from '../command.ts';

export const command: Command = {
  path: ['version'],
  usage: '',
  summary: 'Show versions.',
  flags: { format: { type: 'string', short: 'f', help: 'json, or a Go template' } },
  positionals: [0, 0],
  async run(args, { print }) {
    const facts = {
      Version: VERSION,
      Node: process.version,
      OsArch: `${process.platform}/${imageArchitecture(process.arch)}`,
    };
    const format = args.string('format');
    if (format === 'json') print(`${JSON.stringify({ Client: facts }, null, 2)}\n`);
    else if (format !== undefined) {
      const { printFormatted } = await import('../format.ts');
      const { VERSION_HALF, VERSION_REPORT } = await import('../../model/template/shapes/version.ts');
      printFormatted(print, {
        kind: 'object',
        name: 'version',
        format,
        object: { Client: facts },
        type: VERSION_REPORT,
        fallback: { object: facts, type: VERSION_HALF },
      });
    } else
      print(
        `Client:   Berth\nVersion:  ${facts.Version}\nNode:     ${facts.Node}\nOS/Arch:  ${facts.OsArch}\n`,
      );
    return 0;
  },
};
