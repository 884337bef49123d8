import { humanDuration } from '../../model/duration.ts';
import { type SecretRecord, secretFilter } from '../../model/secret.ts';
import { SECRET_ROW } from '../../model/template/shapes/secret.ts';
import type { Command } from '../command.ts';
import { printFormatted } from '../format.ts';
import { table } from '../table.ts';

const HEADINGS = { ID: 'ID', Name: 'NAME', Driver: 'DRIVER', CreatedAt: 'CREATED', UpdatedAt: 'UPDATED' };

export const command: Command = {
  path: ['secret', 'ls'],
  usage: '',
  summary: 'List secrets.',
  flags: {
    filter: { type: 'strings', short: 'f', help: 'Only those that match: name=… or id=…' },
    format: { type: 'string', help: 'json, or a Go template, also behind table' },
    noheading: { type: 'bool', short: 'n', help: 'Without the line of column names' },
    quiet: { type: 'bool', short: 'q', help: 'Only the IDs' },
  },
  positionals: [0, 0],
  async run(args, { ports, print }) {
    const passes = secretFilter(args.strings('filter'));
    const { secrets, now } = await ports();
    const rows = secrets
      .list()
      .filter(passes)
      .map((secret) => rowOf(secret, Date.parse(now())));
    const format = args.string('format') || undefined;
    const noHeading = args.bool('noheading');
    if (format !== undefined)
      printFormatted(print, {
        kind: 'rows',
        name: 'ls',
        format,
        noHeading,
        headers: HEADINGS,
        rows,
        table: '{{.ID}}',
        type: SECRET_ROW,
        json: () => rows,
      });
    else if (args.bool('quiet')) print(rows.map(({ ID }) => `${ID}\n`).join(''));
    else print(table(Object.values(HEADINGS), rows.map(Object.values), { noHeading }));
    return 0;
  },
};

function rowOf({ id, name, driver, createdAt, updatedAt }: SecretRecord, now: number) {
  const age = (moment: string): string => `${humanDuration(Math.max(0, now - Date.parse(moment)))} ago`;
  return { ID: id, Name: name, Driver: driver, CreatedAt: age(createdAt), UpdatedAt: age(updatedAt) };
}
