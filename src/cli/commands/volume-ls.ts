import { BerthError } from '../../model/errors.ts';
import { VOLUME } from '../../model/template/shapes/volume.ts';
import type { Command } from '../command.ts';
import { printFormatted } from '../format.ts';
import { volumeObject, volumesPassing } from '../volume-select.ts';

export const command: Command = {
  path: ['volume', 'ls'],
  usage: '',
  summary: 'List volumes.',
  flags: {
    filter: { type: 'strings', short: 'f', help: 'Only those that match, KEY=VALUE' },
    format: { type: 'string', help: 'json, or a Go template, also behind table' },
    noheading: { type: 'bool', short: 'n', help: 'Without the line of column names' },
    quiet: { type: 'bool', short: 'q', help: 'Only the names' },
  },
  positionals: [0, 0],
  async run(args, { ports, print }) {
    const format = args.string('format');
    const quiet = args.bool('quiet');
    if (quiet && format !== undefined)
      throw new BerthError('usage', 'quiet and format flags cannot be used together');
    const filters = args.strings('filter');
    volumesPassing(filters);
    const opened = await ports();
    const volumes = opened.store.listVolumes().filter(volumesPassing(filters, opened));
    if (quiet) {
      print(volumes.map(({ config }) => `${config.name}\n`).join(''));
      return 0;
    }
    const rows = volumes.map((volume) => volumeObject(opened, volume));
    // Of nothing Podman prints nothing, not even the headings.
    if (rows.length === 0 && format !== 'json') return 0;
    printFormatted(print, {
      kind: 'rows',
      name: 'list',
      format,
      noHeading: args.bool('noheading'),
      headers: HEADINGS,
      rows,
      table: '{{.Driver}}\t{{.Name}}',
      type: VOLUME,
      json: () => rows,
    });
    return 0;
  },
};

const HEADINGS = {
  Name: 'VOLUME NAME',
  Driver: 'DRIVER',
  Mountpoint: 'MOUNTPOINT',
  CreatedAt: 'CREATED AT',
  Labels: 'LABELS',
  Scope: 'SCOPE',
  Options: 'OPTIONS',
  UID: 'UID',
  GID: 'GID',
  Anonymous: 'ANONYMOUS',
  MountCount: 'MOUNT COUNT',
  NeedsCopyUp: 'NEEDS COPY UP',
  NeedsChown: 'NEEDS CHOWN',
  Status: 'STATUS',
};
