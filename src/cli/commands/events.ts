import { readEvents } from '../../lifecycle/events.ts';
import { BerthError } from '../../model/errors.ts';
import type { EventRecord } from '../../model/event.ts';
import { eventFilter } from '../../model/event-filter.ts';
import { type MomentOptions, parseMoment } from '../../model/moment.ts';
import { formatObject, isJson } from '../../model/template/report.ts';
import { EVENT, eventLine, eventObject } from '../../model/template/shapes/event.ts';
import { typed } from '../../model/template/values.ts';
import type { Command } from '../command.ts';
import { atMoment } from '../moment.ts';

export const command: Command = {
  path: ['events'],
  usage: '',
  summary: 'Show what happens to containers, images, volumes and networks, as it happens.',
  flags: {
    filter: { type: 'strings', short: 'f', help: 'Only those that match, KEY=VALUE' },
    format: { type: 'string', help: 'json, or a Go template' },
    'no-trunc': { type: 'bool', help: 'Accepted: nothing is cut off', default: 'true' },
    since: { type: 'string', help: 'Also what happened since this time, or in this time (10m)' },
    stream: { type: 'bool', help: 'Go on with what comes', default: 'true' },
    until: { type: 'string', help: 'End at this time, or after this time' },
  },
  positionals: [0, 0],
  async run(args, { ports, print }) {
    const passes = eventFilter(args.strings('filter'));
    const opened = await ports();
    const now = Date.parse(opened.now());
    const since = moment('since', args.string('since'), { now });
    const until = moment('until', args.string('until'), { now, durations: 'ahead' });
    const stream = args.bool('stream', true);
    const text = eventPrinter(args.string('format'));
    const query = {
      ...(since === undefined ? {} : { since }),
      ...(until === undefined ? {} : { until }),
      onlyNew: stream && since === undefined && until === undefined,
      ...(stream ? { follow: atMoment(until, now) } : {}),
    };
    await readEvents(opened, query, (event) => {
      if (passes(event)) print(text(event));
    });
    return 0;
  },
};

function eventPrinter(format: string | undefined): (event: EventRecord) => string {
  if (format === undefined) return (event) => `${eventLine(event)}\n`;
  const template = isJson(format) ? '{{json .}}' : format;
  return (event) => formatObject(template, typed(EVENT, eventObject(event)), { name: 'events' });
}

function moment(
  flag: 'since' | 'until',
  text: string | undefined,
  options: MomentOptions,
): number | undefined {
  if (text === undefined || text === '') return undefined;
  try {
    return parseMoment(text, options);
  } catch (error) {
    throw new BerthError(
      'invalid',
      `failed to parse event filters: unable to convert ${flag} time of ${text}: unable to interpret time value: write a date like 2026-01-02T03:04:05Z or a duration like 10m`,
      { cause: error },
    );
  }
}
