import { gatherInfo } from '../../lifecycle/info.ts';
import type { Command } from '../command.ts';
import { VERSIONS } from '../versions.ts';

export const command: Command = {
  path: ['info'],
  usage: '',
  summary: 'Show what Berth finds on this host and what it holds.',
  flags: {
    debug: { type: 'bool', short: 'D', help: 'Has no effect' },
    format: { type: 'string', short: 'f', help: 'json, or a Go template', default: 'YAML' },
  },
  positionals: [0, 0],
  async run(args, { ports, print }) {
    const object = await gatherInfo(await ports(), VERSIONS);
    const format = args.string('format');
    if (format === undefined) {
      const { toYaml } = await import('../../model/yaml.ts');
      print(toYaml(object));
    } else {
      const { printFormatted } = await import('../format.ts');
      const { INFO_REPORT } = await import('../../model/template/shapes/info.ts');
      printFormatted(print, { kind: 'object', name: 'info', format, object, type: INFO_REPORT });
    }
    return 0;
  },
};
