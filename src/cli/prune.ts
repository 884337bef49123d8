/** What `container prune` and `system prune` have in common. */
import { filterContext } from '../lifecycle/list.ts';
import type { Ports } from '../lifecycle/ports.ts';
import { type Pruned, pruneContainers } from '../lifecycle/prune.ts';
import { containerFilter, PRUNE_FILTERS } from '../model/container-filter.ts';
import { asBerthError, BerthError } from '../model/errors.ts';
import { type Filters, parseFilters } from '../model/filters.ts';
import type { Arguments, Command, CommandContext } from './command.ts';

export const PRUNE_FLAGS: Command['flags'] = {
  filter: { type: 'strings', help: 'Only those that fit: label=KEY[=VALUE], label!=KEY, until=TIME' },
  force: { type: 'bool', short: 'f', help: 'Do not ask' },
};

/** For a look at the filters alone. */
const NO_CONTEXT = { now: 0, find: () => undefined as never, network: () => undefined };

/** The filters of a prune; throws when there are arguments, of which it takes none. */
export function pruneFilters({ path }: Pick<Command, 'path'>, args: Arguments): Filters {
  if (args.positionals.length > 0)
    throw new BerthError('usage', `\`berth ${path.join(' ')}\` takes no arguments`);
  const filters = parseFilters(
    args.strings('filter'),
    (text) => `filter input must be in the form of filter=value: ${text} is invalid`,
  );
  // Known before anybody is asked whether they are sure.
  containerFilter(filters, NO_CONTEXT, PRUNE_FILTERS);
  return filters;
}

/** Prunes; says which could not be removed. Returns the removed ones and the exit code. */
export async function prune(
  ports: Ports,
  filters: Filters,
  { warn }: Pick<CommandContext, 'warn'>,
): Promise<{ removed: Pruned[]; exitCode: number }> {
  const passes = containerFilter(filters, filterContext(ports), PRUNE_FILTERS);
  const all = await pruneContainers(ports, passes);
  const failed = all.filter(({ error }) => error !== undefined);
  for (const { error } of failed) warn(`Error: ${asBerthError(error).message}`);
  return { removed: all.filter(({ error }) => error === undefined), exitCode: failed.length > 0 ? 125 : 0 };
}
