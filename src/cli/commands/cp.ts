import { resolve } from 'node:path';
import { type CopyPlace, copy } from '../../lifecycle/copy.ts';
import type { Ports } from '../../lifecycle/ports.ts';
import { type Place, parseCopyPlaces } from '../../model/copy.ts';
import { BerthError } from '../../model/errors.ts';
import type { Command } from '../command.ts';
import { findContainer } from '../select.ts';

export const command: Command = {
  path: ['cp'],
  usage: '[CONTAINER:]SRC [CONTAINER:]DEST',
  summary: 'Copy files between a container and the host, or between containers. - is a tar on a stream.',
  flags: {
    archive: {
      type: 'bool',
      short: 'a',
      help: "What is copied into a container becomes its user's; otherwise owners stay",
      default: 'true',
    },
    overwrite: { type: 'bool', help: 'Directories and other files may replace each other' },
  },
  positionals: [2, 2],
  async run(args, { ports, stream }) {
    const [from = '', to = ''] = args.positionals;
    const places = parseCopyPlaces(from, to);
    const opened = await ports();
    const [source, target] = places.map((place) => locate(opened, place)) as [CopyPlace, CopyPlace];
    await copy(opened, source, target, {
      archive: args.bool('archive', true),
      overwrite: args.bool('overwrite'),
      caller: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
      input: process.stdin,
      output: stream,
    });
    return 0;
  },
};

function locate(ports: Ports, place: Place): CopyPlace {
  if ('stream' in place) return place;
  if ('host' in place) return { path: absolute(place.host), typed: place.host };
  const { container: given, path } = place;
  const container = findContainer(given, ports, { ignoreMissing: true });
  if (container === undefined)
    throw new BerthError('no-such-container', `container ${JSON.stringify(given)} does not exist`);
  return { container, given, path };
}

/** A final slash or dot says something. */
function absolute(path: string): string {
  const end = /\/\.?$/.exec(path)?.[0] ?? (/(^|\/)\.\.?$/.test(path) ? '/.' : '');
  return `${resolve(path)}${end}`.replace(/^\/\//, '/');
}
