/**
 * The filters of `ps`, and of every verb that has Podman's `--filter` for containers. Values of one key are
 * alternatives, keys add up; labels add up among themselves too. As Podman 5.4 answers (tried), with two additions:
 * `status=stopping`, and `restart-policy=no` for containers that were given none.
 */
import { BerthError } from './errors.ts';
import { type Filters, invalidFilter, matchesAny, matchesLabels, untilMoment } from './filters.ts';
import { containerOf } from './namespace.ts';
import type { ContainerRecord } from './records.ts';
import type { ContainerStatus } from './state.ts';

export interface FilterContext {
  /** ms since the epoch */
  now: number;
  /** For before= and since=; throws if there is no such container. */
  find(nameOrId: string): ContainerRecord;
  /** For network=: its name; undefined if there is no such network. */
  network(nameOrId: string): string | undefined;
}

/** A container whose state is reconciled with the kernel. */
type Predicate = (record: ContainerRecord) => boolean;

type MakePredicate = (values: readonly string[], context: FilterContext) => Predicate;

/** The keys that `container prune` and `system prune` know. */
export const PRUNE_FILTERS = ['label', 'label!', 'until'] as const;

/**
 * A test that a container passes when it passes all filters. Throws a BerthError with Podman's words for an unknown key
 * or value; `known` restricts the keys.
 */
export function containerFilter(
  filters: Filters,
  context: FilterContext,
  known: readonly string[] = Object.keys(FILTERS),
): Predicate {
  const predicates = [...filters].map(([key, values]) => {
    const make = known.includes(key) && Object.hasOwn(FILTERS, key) ? FILTERS[key] : undefined;
    if (make === undefined) throw invalidFilter(key);
    return make(values, context);
  });
  return (record) => predicates.every((passes) => passes(record));
}

const FILTERS: Record<string, MakePredicate> = {
  id: (values) => {
    const passes = values.map(idFilter);
    return ({ config }) => passes.some((pass) => pass(config.id));
  },
  name:
    (values) =>
    ({ config }) =>
      matchesAny(config.name, values),
  label:
    (values) =>
    ({ config }) =>
      matchesLabels(config.labels, values),
  'label!':
    (values) =>
    ({ config }) =>
      !matchesLabels(config.labels, values),
  status: (values) => {
    const wanted = values.flatMap(statuses);
    return ({ state }) => wanted.includes(state.status);
  },
  exited: (values) => {
    const codes = values.map(exitCode);
    return ({ state }) =>
      (state.status === 'exited' || state.status === 'stopped') && codes.includes(state.exitCode);
  },
  ancestor:
    (values) =>
    ({ config }) =>
      hasAncestor(config, values),
  before: (values, { find }) => {
    const moment = earliest(values, find);
    return ({ config }) => config.createdAt < moment;
  },
  since: (values, { find }) => {
    const moment = earliest(values, find);
    return ({ config }) => config.createdAt > moment;
  },
  until: (values, { now }) => {
    const moment = untilMoment(values, { now });
    return ({ config }) => Date.parse(config.createdAt) < moment;
  },
  health:
    (values) =>
    ({ health }) =>
      values.includes(health?.status ?? ''),
  volume:
    (values) =>
    ({ config }) =>
      values.some((value) => hasVolume(config, value)),
  'restart-policy': (values) => {
    for (const value of values)
      if (!RESTART_POLICIES.includes(value))
        throw new BerthError(
          'invalid',
          `${value} invalid restart policy: write ${RESTART_POLICIES.join(', ')}`,
        );
    return ({ config }) => values.includes(config.restart.name);
  },
  command:
    (values) =>
    ({ config }) =>
      matchesAny([...config.entrypoint, ...config.command][0] ?? '', values),
  network: (values, context) => {
    const names = values.flatMap((value) =>
      containerOf(value) === undefined ? (context.network(value) ?? []) : [],
    );
    const owners = values.flatMap((value) => ownerId(value, context) ?? []);
    return ({ config: { network, networks = [] } }) =>
      owners.includes(containerOf(network) ?? '') || networks.some((one) => names.includes(one.network));
  },
  // There are none yet: nothing is in one.
  pod: (values) => {
    if (values.includes('')) throw new BerthError('invalid', 'name or ID cannot be empty');
    return () => false;
  },
};

/** Of `container:NAME`: the container whose network others use; undefined if there is none. */
function ownerId(value: string, { find }: FilterContext): string | undefined {
  const name = containerOf(value);
  if (name === undefined) return undefined;
  try {
    return find(name).config.id;
  } catch (error) {
    if (error instanceof BerthError) return undefined;
    throw error;
  }
}

/** A beginning of an ID, or a regular expression. */
function idFilter(value: string): (id: string) => boolean {
  const text = value.toLowerCase();
  return /^[0-9a-f]+$/.test(text) ? (id) => id.startsWith(text) : (id) => matchesAny(id, [value]);
}

/** What people call a state → our words for it. */
const STATUSES: Record<string, readonly ContainerStatus[]> = {
  created: ['configured'],
  initialized: ['created'],
  running: ['running'],
  stopping: ['stopping'],
  stopped: ['stopped', 'exited'],
  exited: ['stopped', 'exited'],
  paused: ['paused'],
  removing: ['removing'],
  unknown: [],
};

function statuses(value: string): readonly ContainerStatus[] {
  const found = Object.hasOwn(STATUSES, value) ? STATUSES[value] : undefined;
  if (found === undefined)
    throw new BerthError(
      'invalid',
      `unknown container state: ${value}: invalid argument: write ${Object.keys(STATUSES).join(', ')}`,
    );
  return found;
}

function exitCode(value: string): number {
  if (!/^[+-]?\d+$/.test(value) || Math.abs(Number(value)) >= 2 ** 31)
    throw new BerthError(
      'invalid',
      `exited code out of range ${JSON.stringify(value)}: write a whole number`,
    );
  return Number(value);
}

/** The image's whole ID, or a regular expression on its name, with the tag or, for `latest`, without. */
function hasAncestor({ image }: ContainerRecord['config'], values: readonly string[]): boolean {
  if (image === undefined) return false;
  const untagged = /^(.*):latest$/.exec(image.name)?.[1];
  return (
    values.includes(image.id) ||
    matchesAny(image.name, values) ||
    (untagged !== undefined && matchesAny(untagged, values))
  );
}

/** `SOURCE:DESTINATION`, a volume's name, or one word that both have in common or that is where it is mounted without a source. */
function hasVolume({ mounts }: ContainerRecord['config'], value: string): boolean {
  const [, source = '', destination] = /^([^:]*)(?::(.*))?$/s.exec(value) ?? [];
  return mounts.some((mount) => {
    const from = mount.volume ?? mount.source;
    if (destination !== undefined) return from === source && mount.destination === destination;
    return mount.volume === source || (mount.volume === undefined && mount.destination === source);
  });
}

const RESTART_POLICIES = ['no', 'always', 'on-failure', 'unless-stopped'];

/** When the oldest of the named containers was created. */
function earliest(names: readonly string[], find: FilterContext['find']): string {
  return names.map((name) => find(name).config.createdAt).sort()[0] ?? '';
}
