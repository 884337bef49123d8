/** The filters of `volume ls` and `volume prune`. Values of one key are alternatives, keys add up; as Podman 5.4 answers (tried). */
import { BerthError } from '../errors.ts';
import { type Filters, matchesAny, matchesLabels, untilMoment } from '../filters.ts';
import type { VolumeRecord } from './volume.ts';

export interface VolumeFilterContext {
  /** ms since the epoch */
  now: number;
  /** For since= and after=; throws if there is no such volume. */
  find(name: string): VolumeRecord;
}

type Predicate = (volume: VolumeRecord) => boolean;
type MakePredicate = (values: readonly string[], context: VolumeFilterContext) => Predicate;

/** A test that a volume passes when it passes all filters. Throws BerthError with Podman's words. */
export function volumeFilter(filters: Filters, context: VolumeFilterContext): Predicate {
  const predicates = [...filters].map(([key, values]) => {
    const make = Object.hasOwn(FILTERS, key) ? FILTERS[key] : undefined;
    if (make === undefined)
      throw new BerthError(
        'usage',
        `${JSON.stringify(key)} is an invalid volume filter: use ${Object.keys(FILTERS).join(', ')}`,
      );
    return make(values, context);
  });
  return (volume) => predicates.every((passes) => passes(volume));
}

const since: MakePredicate = (values, { find }) => {
  const moments = values.map((name) => find(name).config.createdAt);
  return ({ config }) => moments.some((moment) => config.createdAt > moment);
};

const FILTERS: Record<string, MakePredicate> = {
  name:
    (values) =>
    ({ config }) =>
      matchesAny(config.name, values),
  driver: (values) => () => values.includes('local'),
  scope: (values) => () => values.includes('local'),
  label:
    (values) =>
    ({ config }) =>
      matchesLabels(config.labels, values),
  'label!':
    (values) =>
    ({ config }) =>
      !matchesLabels(config.labels, values),
  opt:
    (values) =>
    ({ config }) =>
      values.some((value) => hasOption(config.options, value)),
  dangling: (values) => {
    const wanted = values.map(dangling);
    return ({ usedBy }) => wanted.includes(usedBy.length === 0);
  },
  until: (values, { now }) => {
    const moment = untilMoment(values, { now });
    return ({ config }) => Date.parse(config.createdAt) < moment;
  },
  since,
  after: since,
};

/** `KEY`, or `KEY=VALUE`. */
function hasOption(options: Readonly<Record<string, string>>, text: string): boolean {
  const [, key = '', value = ''] = /^([^=]*)=?(.*)$/s.exec(text) ?? [];
  return Object.hasOwn(options, key) && (value === '' || options[key] === value);
}

function dangling(value: string): boolean {
  const text = value.toLowerCase();
  if (text === 'true' || text === '1') return true;
  if (text === 'false' || text === '0') return false;
  throw new BerthError(
    'invalid',
    `${JSON.stringify(value)} is not a valid value for the "dangling" filter - must be true or false`,
  );
}
