import type { Command } from '../command.ts';
import { VERSIONS } from '../versions.ts';

export const command: Command = {
  path: ['version'],
  usage: '',
  summary: 'Show versions.',
  flags: { format: { type: 'string', short: 'f', help: 'json, or a Go template' } },
  positionals: [0, 0],
  async run(args, { print }) {
    const format = args.string('format');
    if (format === undefined) {
      const { Version, Bun, OsArch } = VERSIONS;
      print(`Client:   Berth\nVersion:  ${Version}\nBun:      ${Bun}\nOS/Arch:  ${OsArch}\n`);
      return 0;
    }
    const { printFormatted } = await import('../format.ts');
    const { VERSION_HALF, VERSION_REPORT } = await import('../../model/template/shapes/version.ts');
    printFormatted(print, {
      kind: 'object',
      name: 'version',
      format,
      object: { Client: VERSIONS },
      type: VERSION_REPORT,
      // There is no server apart, so that the client's are the server's.
      fallback: { format: format.replaceAll('.Server.', '.'), object: VERSIONS, type: VERSION_HALF },
    });
    return 0;
  },
};
