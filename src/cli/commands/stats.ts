import { listContainers } from '../../lifecycle/list.ts';
import type { Ports } from '../../lifecycle/ports.ts';
import { measure } from '../../lifecycle/stats.ts';
import { BerthError } from '../../model/errors.ts';
import type { ContainerRecord } from '../../model/records.ts';
import { hasPayload } from '../../model/state.ts';
import type { Sample } from '../../model/stats.ts';
import { formatRows, isJson } from '../../model/template/report.ts';
import {
  STATS,
  STATS_HEADINGS,
  STATS_TABLE,
  type StatsRow,
  statsJson,
  statsObject,
} from '../../model/template/shapes/stats.ts';
import type { Arguments, Command } from '../command.ts';
import { repeat } from '../repeat.ts';
import { latestContainer } from '../select.ts';

export const command: Command = {
  path: ['stats'],
  usage: '[CONTAINER…]',
  summary: 'Show what containers use, again and again until it is ended.',
  flags: {
    all: { type: 'bool', short: 'a', help: 'Also those that do not run' },
    format: { type: 'string', help: 'json, or a Go template, also behind table' },
    interval: { type: 'int', short: 'i', help: 'Seconds between two looks', default: '5' },
    latest: { type: 'bool', short: 'l', help: 'The container that was created last' },
    'no-reset': { type: 'bool', help: 'Leave on the screen what was there' },
    'no-stream': { type: 'bool', help: 'Look once' },
    'no-trunc': { type: 'bool', help: 'Show whole IDs' },
  },
  positionals: [0, Number.POSITIVE_INFINITY],
  async run(args, context) {
    const ways = [args.bool('all'), args.bool('latest'), args.positionals.length > 0];
    if (ways.filter(Boolean).length > 1)
      throw new BerthError('usage', '--all, --latest and containers cannot be used together');
    const seconds = args.int('interval') ?? 5;
    if (seconds < 1)
      throw new BerthError('usage', 'invalid interval, must be a positive number greater zero');
    const ports = await context.ports();
    let before = new Map<string, Sample>();
    return repeat(
      { seconds: args.bool('no-stream') ? 0 : seconds, clear: !args.bool('no-reset') },
      context,
      async () => {
        const rows = selected(args, ports).map((container): StatsRow => {
          const { id, name } = container.config;
          return {
            id,
            name,
            whole: args.bool('no-trunc'),
            sample: measure(ports, container, before.get(id)),
          };
        });
        before = new Map(rows.map(({ id, sample }) => [id, sample]));
        context.print(statsText(rows, args.string('format')));
        return 0;
      },
    );
  },
};

/** Looked up anew each time: containers come and go. */
function selected(args: Arguments, ports: Ports): ContainerRecord[] {
  if (args.bool('latest')) return [latestContainer(ports)];
  if (args.positionals.length > 0) return args.positionals.map((name) => find(name, ports));
  const { containers } = listContainers(ports);
  return args.bool('all') ? containers : containers.filter(({ state }) => hasPayload(state.status));
}

function find(name: string, { store }: Ports): ContainerRecord {
  try {
    return store.findContainer(name);
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    throw new BerthError(
      error.code,
      `unable to get list of containers: unable to look up container ${name}: ${error.message}`,
    );
  }
}

function statsText(rows: StatsRow[], format: string | undefined): string {
  if (format !== undefined && isJson(format)) return `${JSON.stringify(rows.map(statsJson), null, 1)}\n`;
  return formatRows({
    name: 'stats',
    format,
    table: STATS_TABLE,
    headers: STATS_HEADINGS,
    rows: rows.map(statsObject),
    type: STATS,
  });
}
