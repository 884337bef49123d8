/** The filters of `events`. Values of one key are alternatives, keys add up; as Podman 5.4 answers (tried). */
import { BerthError } from './errors.ts';
import type { EventRecord } from './event.ts';

type Matches = (event: EventRecord, value: string) => boolean;

/** An object by its name or a beginning of its ID. */
const named =
  (type: string): Matches =>
  (event, value) =>
    event.type === type && (event.name === value || (value !== '' && event.id.startsWith(value)));

/** Docker's word for `died`. */
const status: Matches = (event, value) => event.status === (value === 'die' ? 'died' : value);

const FILTERS: Record<string, Matches> = {
  container: named('container'),
  image: named('image'),
  pod: named('pod'),
  volume: named('volume'),
  event: status,
  status,
  type: (event, value) => event.type === value,
  label: ({ attributes = {} }, text) => {
    const [, key = '', value = ''] = /^([^=]*)=?(.*)$/s.exec(text) ?? [];
    return Object.hasOwn(attributes, key) && attributes[key] === value;
  },
};

/** A test that an event passes when it passes all filters (`KEY=VALUE`). Throws a BerthError with Podman's words. */
export function eventFilter(texts: readonly string[]): (event: EventRecord) => boolean {
  const filters = new Map<string, { matches: Matches; values: string[] }>();
  for (const text of texts) {
    const [, key = '', value] = /^([^=]*)(?:=(.*))?$/s.exec(text) ?? [];
    const matches = value !== undefined && Object.hasOwn(FILTERS, key) ? FILTERS[key] : undefined;
    if (matches === undefined || value === undefined)
      throw new BerthError(
        'usage',
        `failed to parse event filters: ${key} is an invalid filter: write ${Object.keys(FILTERS).join(', ')}=VALUE`,
      );
    filters.set(key, { matches, values: [...(filters.get(key)?.values ?? []), value] });
  }
  return (event) =>
    [...filters.values()].every(({ matches, values }) => values.some((value) => matches(event, value)));
}
