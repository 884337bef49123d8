import { resolveImage } from '../../lifecycle/image/resolve.ts';
import { humanDuration } from '../../model/duration.ts';
import { goJson } from '../../model/image/document.ts';
import { type HistoryRow, imageHistory, MISSING } from '../../model/image/history.ts';
import { shortId } from '../../model/name.ts';
import { shortSize } from '../../model/size.ts';
import { isJson } from '../../model/template/report.ts';
import { ANY } from '../../model/template/types.ts';
import type { Command } from '../command.ts';
import { table } from '../table.ts';

const HEADINGS = {
  ID: 'ID',
  Created: 'CREATED',
  CreatedAt: 'CREATED AT',
  CreatedSince: 'CREATED SINCE',
  CreatedBy: 'CREATED BY',
  Size: 'SIZE',
  Comment: 'COMMENT',
  Tags: 'TAGS',
};

export const command: Command = {
  path: ['history'],
  usage: 'IMAGE',
  summary: 'Show the steps that made an image, the last one first.',
  flags: {
    format: { type: 'string', help: 'json, or a Go template, also behind table' },
    human: { type: 'bool', short: 'H', help: 'Ages instead of times', default: 'true' },
    'no-trunc': { type: 'bool', help: 'Show whole IDs and commands' },
    quiet: { type: 'bool', short: 'q', help: 'Only the IDs' },
  },
  positionals: [1, 1],
  async run(args, { ports, print }) {
    const { store, now } = await ports();
    const { image } = resolveImage(store, args.positionals[0] ?? '');
    const history = imageHistory(image, store.listImages());
    const view = {
      now: Date.parse(now()),
      human: args.bool('human', true),
      whole: args.bool('no-trunc'),
    };
    const rows = history.map((row) => shown(row, view));
    const format = args.string('format');
    if (format !== undefined && isJson(format)) print(`${goJson(history.map(jsonRow))}\n`);
    else if (args.bool('quiet')) print(rows.map(({ ID }) => `${ID}\n`).join(''));
    else if (format === undefined) {
      print(
        table(
          ['ID', 'CREATED', 'CREATED BY', 'SIZE', 'COMMENT'],
          rows.map(({ ID, Created, CreatedBy, Size, Comment }) => [ID, Created, CreatedBy, Size, Comment]),
        ),
      );
    } else {
      const { printFormatted } = await import('../format.ts');
      printFormatted(print, {
        kind: 'rows',
        name: 'history',
        format,
        noHeading: false,
        headers: HEADINGS,
        rows,
        table: '{{.ID}}\t{{.Created}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}',
        type: ANY,
        json: () => rows,
      });
    }
    return 0;
  },
};

/** The longest command that a column shows whole. */
const LONGEST = 45;

function shown(row: HistoryRow, { now, human, whole }: { now: number; human: boolean; whole: boolean }) {
  const at = row.created === undefined ? 0 : Date.parse(row.created);
  const time = isoSeconds(at);
  const age = `${humanDuration(Math.max(0, now - at))} ago`;
  const { createdBy, id } = row;
  return {
    ID: whole || id === MISSING ? id : shortId(id),
    Created: human ? age : time,
    CreatedAt: time,
    CreatedSince: age,
    CreatedBy: whole || createdBy.length <= LONGEST ? createdBy : `${createdBy.slice(0, LONGEST - 3)}...`,
    Size: shortSize(row.sizeBytes),
    Comment: row.comment,
    Tags: row.tags,
  };
}

/** Podman's keys. */
function jsonRow({ id, created, createdBy, tags, sizeBytes, comment }: HistoryRow): object {
  return {
    id,
    ...(created === undefined ? {} : { created }),
    ...(createdBy === '' ? {} : { CreatedBy: createdBy }),
    ...(tags.length === 0 ? {} : { tags }),
    size: sizeBytes,
    ...(comment === '' ? {} : { comment }),
    Created: isoSeconds(created === undefined ? 0 : Date.parse(created)),
  };
}

function isoSeconds(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}
