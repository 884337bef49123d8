import { filterContext, listContainers, listDetails } from '../../lifecycle/list.ts';
import type { Ports } from '../../lifecycle/ports.ts';
import { containerFilter } from '../../model/container-filter.ts';
import { BerthError } from '../../model/errors.ts';
import { type Filters, parseFilters } from '../../model/filters.ts';
import { type Listed, type ListedFacts, SORT_KEYS, type SortKey, sortListed } from '../../model/listed.ts';
import { shortId } from '../../model/name.ts';
import type { ContainerRecord } from '../../model/records.ts';
import type { Arguments, Command, CommandContext } from '../command.ts';
import { type PsView, psTable } from '../ps-table.ts';
import { repeat } from '../repeat.ts';

export const command: Command = {
  path: ['ps'],
  usage: '',
  summary: 'List containers: the running ones, or all.',
  flags: {
    all: { type: 'bool', short: 'a', help: 'Also those that do not run' },
    external: { type: 'bool', help: 'Accepted: nothing is in the store that is not listed' },
    filter: { type: 'strings', short: 'f', help: 'Only those that match, KEY=VALUE' },
    format: { type: 'string', help: 'json, or a Go template, also behind table' },
    last: { type: 'int', short: 'n', help: 'The last so many created, whatever they do', default: '-1' },
    latest: { type: 'bool', short: 'l', help: 'The last created, whatever it does' },
    'no-trunc': { type: 'bool', help: 'Show whole IDs and commands' },
    noheading: { type: 'bool', help: 'Without the line of column names' },
    ns: { type: 'bool', help: 'Show namespaces' },
    pod: { type: 'bool', short: 'p', help: 'Show pods (there are none yet)' },
    quiet: { type: 'bool', short: 'q', help: 'Only the IDs' },
    size: { type: 'bool', short: 's', help: 'Show how much was written' },
    sort: { type: 'string', help: 'Order', choices: SORT_KEYS, default: 'created' },
    sync: { type: 'bool', help: 'Accepted: every list is compared with the kernel' },
    watch: { type: 'uint', short: 'w', help: 'Again every so many seconds' },
  },
  positionals: [0, 0],
  async run(args, context) {
    refuseConflicts(args);
    const filters = parseFilters(args.strings('filter'));
    const ports = await context.ports();
    return repeat({ seconds: args.int('watch') ?? 0 }, context, () =>
      show({ args, filters, ports }, context),
    );
  },
};

function refuseConflicts(args: Arguments): void {
  const conflict =
    args.int('last') !== undefined && args.bool('latest')
      ? 'last and latest are mutually exclusive'
      : args.bool('quiet') && (args.bool('size') || args.bool('ns'))
        ? 'quiet conflicts with size and namespace'
        : args.bool('size') && args.bool('ns')
          ? 'size and namespace options conflict'
          : undefined;
  if (conflict !== undefined) throw new BerthError('usage', conflict);
}

interface Request {
  args: Arguments;
  filters: Filters;
  ports: Ports;
}

async function show({ args, filters, ports }: Request, { print, warn }: CommandContext): Promise<number> {
  const { containers, broken } = listContainers(ports);
  const now = Date.parse(ports.now());
  const passes = containerFilter(filters, filterContext(ports));
  const last = args.bool('latest') ? 1 : Math.max(0, args.int('last') ?? 0);
  const all = args.bool('all') || last > 0 || filters.has('status');
  const selected = containers.filter((record) => passes(record) && (all || isUp(record)));
  const listed = await listDetails(ports, last > 0 ? selected.slice(-last) : selected, wantedFacts(args));
  const sorted = sortListed(listed, (args.string('sort') as SortKey | undefined) ?? 'created');
  await printListed(print, sorted, { args, now });
  for (const { name, reason } of broken) warn(`Error: container ${name} cannot be read: ${reason}`);
  return broken.length > 0 ? 125 : 0;
}

/** What is shown without --all. Podman hides paused ones there; a stop that is under way has not ended yet. */
function isUp({ state }: ContainerRecord): boolean {
  return state.status === 'running' || state.status === 'stopping';
}

/** A template may name what its table does not have. */
function wantedFacts(args: Arguments): ReadonlySet<keyof ListedFacts> {
  const wanted = new Set<keyof ListedFacts>();
  if (args.bool('ns')) wanted.add('namespaces');
  if (args.bool('size')) wanted.add('size');
  if (/restarts|json/i.test(args.string('format') ?? '')) wanted.add('restarts');
  return wanted;
}

async function printListed(
  print: (text: string) => void,
  listed: Listed[],
  { args, now }: { args: Arguments; now: number },
): Promise<void> {
  const view: PsView = { now, whole: args.bool('no-trunc'), noHeading: args.bool('noheading') };
  const format = args.string('format');
  if (args.bool('quiet') && format === undefined) {
    const ids = listed.map(({ record: { config } }) => (view.whole ? config.id : shortId(config.id)));
    print(ids.map((id) => `${id}\n`).join(''));
  } else if (format === undefined) {
    print(
      psTable(listed, {
        ...view,
        namespaces: args.bool('ns'),
        size: args.bool('size'),
        pod: args.bool('pod'),
      }),
    );
  } else {
    const { printContainers } = await import('../ps-format.ts');
    printContainers(print, listed, { ...view, format });
  }
}
