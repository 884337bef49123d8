/** The filters of `images`. As Podman 5.4 answers (tried): all filters add up, also those of one key. */
import { BerthError } from '../errors.ts';
import { matchesLabels, untilMoment } from '../filters.ts';
import { globMatcher } from '../glob.ts';
import type { ImageRecord } from '../records.ts';

export interface ImageFilterContext {
  /** ms since the epoch */
  now: number;
  /** For before= and since=; undefined if there is no such image. */
  find(name: string): ImageRecord | undefined;
  /** Has the image a container? */
  isUsed(image: ImageRecord): boolean;
}

type Predicate = (image: ImageRecord) => boolean;

/** A test that an image passes when it passes all filters (`KEY=VALUE`). Throws a BerthError with Podman's words. */
export function imageFilter(texts: readonly string[], context: ImageFilterContext): Predicate {
  const predicates = texts.map((text) => {
    const [, key = '', value] = /^([^=]*)(?:=(.*))?$/s.exec(text) ?? [];
    const make = value !== undefined && Object.hasOwn(FILTERS, key) ? FILTERS[key] : undefined;
    if (make === undefined || value === undefined)
      throw new BerthError(
        'usage',
        `invalid image filter ${JSON.stringify(key)}: must be in the format "filter=value or filter!=value"`,
      );
    return make(value, context, key);
  });
  return (image) => predicates.every((passes) => passes(image));
}

/** When an image was made; one that does not say so: when it came. ms since the epoch. */
export function imageCreated({ config, importedAt }: ImageRecord): number {
  return Date.parse(config.created ?? importedAt);
}

const FILTERS: Record<string, (value: string, context: ImageFilterContext, key: string) => Predicate> = {
  id: (value) => {
    const prefix = value.replace(/^sha256:/, '');
    return ({ id }) => id.startsWith(prefix);
  },
  label:
    (value) =>
    ({ config }) =>
      matchesLabels(config.labels, [value]),
  'label!':
    (value) =>
    ({ config }) =>
      !matchesLabels(config.labels, [value]),
  digest: (value) => {
    if (!/^sha256:/.test(value))
      throw new BerthError('usage', `invalid value ${JSON.stringify(value)} for digest filter`);
    return ({ digest }) => digest !== undefined && `sha256:${digest}`.startsWith(value);
  },
  reference: (value) => {
    const matches = globMatcher(value) ?? (() => false);
    return ({ names }) => names.flatMap(spellings).some(matches);
  },
  before: (value, context, key) => {
    const moment = imageCreated(known(value, context, key));
    return (image) => imageCreated(image) < moment;
  },
  since: (value, context, key) => {
    const moment = imageCreated(known(value, context, key));
    return (image) => imageCreated(image) > moment;
  },
  until: (value, { now }) => {
    const moment = untilMoment([value], { now });
    return (image) => imageCreated(image) < moment;
  },
  dangling: (value, _, key) => {
    const wanted = boolean(value, key);
    return ({ names }) => (names.length === 0) === wanted;
  },
  containers: (value, { isUsed }, key) => {
    const wanted = boolean(value, key);
    return (image) => isUsed(image) === wanted;
  },
  // None of these exists here: every store can be written, only whole images are in it, no lists of them.
  readonly: (value, _, key) => {
    const wanted = boolean(value, key);
    return () => !wanted;
  },
  manifest: (value, _, key) => {
    const wanted = boolean(value, key);
    return () => !wanted;
  },
  intermediate: (value, _, key) => {
    const wanted = boolean(value, key);
    return () => !wanted;
  },
};

function known(value: string, { find }: ImageFilterContext, key: string): ImageRecord {
  const image = find(value);
  if (image === undefined)
    throw new BerthError(
      'no-such-image',
      `could not find local image for filter ${JSON.stringify(key)}=${JSON.stringify(value)}: ${value}: image not known`,
    );
  return image;
}

function boolean(value: string, key: string): boolean {
  if (/^(1|t|true)$/i.test(value)) return true;
  if (/^(0|f|false)$/i.test(value)) return false;
  throw new BerthError(
    'invalid',
    `non-boolean value ${JSON.stringify(value)} for ${key} filter: write true or false`,
  );
}

/** A name as people write it: whole or without its first parts, with its tag or without. */
function spellings(name: string): string[] {
  const untagged = name.replace(/:[^:/]*$/, '');
  return [name, untagged].flatMap((text) => {
    const parts = text.split('/');
    return parts.map((_, index) => parts.slice(index).join('/'));
  });
}
