/** The filters of `network ls` and `network prune`. Keys add up; as Podman 5.4 answers (tried). Pure. */
import { BerthError } from '../errors.ts';
import { type Filters, matchesAny, matchesLabels, untilMoment } from '../filters.ts';
import { DEFAULT_NETWORK, type NetworkDefinition } from './network.ts';

export interface NetworkFilterContext {
  /** ms since the epoch */
  now: number;
  /** Does a container name the network? */
  isUsed(network: NetworkDefinition): boolean;
}

type Predicate = (network: NetworkDefinition) => boolean;
type MakePredicate = (values: readonly string[], context: NetworkFilterContext) => Predicate;

const PRUNE_FILTERS: Record<string, MakePredicate> = {
  label:
    (values) =>
    ({ labels = {} }) =>
      matchesLabels(labels, values),
  'label!':
    (values) =>
    ({ labels = {} }) =>
      !matchesLabels(labels, values),
  until: (values, { now }) => {
    const moment = untilMoment(values, { now });
    return ({ created }) => Date.parse(created) < moment;
  },
};

const FILTERS: Record<string, MakePredicate> = {
  ...PRUNE_FILTERS,
  name:
    (values) =>
    ({ name }) =>
      matchesAny(name, values),
  driver:
    (values) =>
    ({ driver }) =>
      values.includes(driver),
  id:
    (values) =>
    ({ id }) =>
      values.some((value) => isIdLike(id, value)),
  // The default network is never one, as nobody can remove it.
  dangling: (values, { isUsed }) => {
    const wanted = values.map(dangling);
    return (network) => wanted.includes(network.name !== DEFAULT_NETWORK && !isUsed(network));
  },
};

/** A test that a network passes when it passes all filters; `prune` knows fewer. Throws BerthError with Podman's words. */
export function networkFilter(
  filters: Filters,
  context: NetworkFilterContext,
  { prune = false } = {},
): Predicate {
  const known = prune ? PRUNE_FILTERS : FILTERS;
  const predicates = [...filters].map(([key, values]) => {
    const make = Object.hasOwn(known, key) ? known[key] : undefined;
    if (make === undefined)
      throw new BerthError(
        'usage',
        `invalid filter ${JSON.stringify(key)}: use ${Object.keys(known).join(', ')}`,
      );
    return make(values, context);
  });
  return (network) => predicates.every((passes) => passes(network));
}

/** A beginning of an ID, or a regular expression. */
function isIdLike(id: string, value: string): boolean {
  return /^[0-9a-f]+$/i.test(value) ? id.startsWith(value.toLowerCase()) : matchesAny(id, [value]);
}

function dangling(value: string): boolean {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(value)) return true;
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(value)) return false;
  throw new BerthError(
    'invalid',
    `invalid dangling filter value ${JSON.stringify(value)}: write true or false`,
  );
}
