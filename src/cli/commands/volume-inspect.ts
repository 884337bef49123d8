import { findVolume } from '../../lifecycle/volume/volumes.ts';
import { BerthError, messageOf } from '../../model/errors.ts';
import type { Command } from '../command.ts';
import { volumeObject } from '../volume-select.ts';

export const command: Command = {
  path: ['volume', 'inspect'],
  usage: 'VOLUME…',
  summary: 'Show everything about volumes, as a JSON array.',
  flags: {
    all: { type: 'bool', short: 'a', help: 'All volumes' },
    format: { type: 'string', short: 'f', help: 'json, or a Go template', default: 'json' },
  },
  positionals: [0, Number.POSITIVE_INFINITY],
  async run(args, { ports, print, warn }) {
    const all = args.bool('all');
    if (all && args.positionals.length > 0)
      throw new BerthError('usage', 'cannot use --all and volume names together');
    if (!all && args.positionals.length === 0)
      throw new BerthError('usage', 'provide one or more volume names or use --all');
    const opened = await ports();
    const { store } = opened;
    const missing = new Set<string>();
    const volumes = all
      ? store.listVolumes()
      : args.positionals.flatMap((name) => {
          const absent = new BerthError('no-such-volume', `no such volume ${name}`);
          try {
            return findVolume(opened, name, absent);
          } catch (error) {
            if (error === absent) {
              missing.add(absent.message);
              return [];
            }
            throw new BerthError('invalid', `inspecting volume ${name}: ${messageOf(error)}`, {
              cause: error,
            });
          }
        });
    const objects = volumes.map((volume) => volumeObject(opened, volume));
    const format = args.string('format') ?? 'json';
    if (format === 'json' || format === '') print(`${JSON.stringify(objects, null, 5)}\n`);
    else {
      const { printFormatted } = await import('../format.ts');
      const { VOLUME } = await import('../../model/template/shapes/volume.ts');
      printFormatted(print, {
        kind: 'objects',
        name: 'inspect',
        format,
        objects: objects.map((object) => ({ object, type: VOLUME })),
      });
    }
    for (const text of missing) warn(`Error: ${text}`);
    return missing.size > 0 ? 125 : 0;
  },
};
