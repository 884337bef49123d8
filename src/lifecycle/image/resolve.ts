/** Finding an image by what a person types. */
import { BerthError } from '../../model/errors.ts';
import { normaliseImageName } from '../../model/image/image.ts';
import { isShortName, repositoryOf } from '../../model/image/pull.ts';
import type { ImageRecord } from '../../model/records.ts';
import type { Store } from '../ports.ts';

export interface FoundImage {
  image: ImageRecord;
  /** The one of its names that was meant; its ID if it has none. */
  name: string;
}

/**
 * An image by full name, short name (of localhost first, then of docker.io, then of any registry), id or unique id prefix,
 * or by repository and digest. Throws 'no-such-image' with what to do.
 */
export function resolveImage(store: Store, text: string): FoundImage {
  const found = findLocalImage(store, text);
  if (found === undefined) {
    throw new BerthError(
      'no-such-image',
      `${text}: image not known: pull it first with berth pull, or load it with berth load -i ARCHIVE`,
    );
  }
  return found;
}

/** The same; undefined if there is none. Throws BerthError 'invalid' for what is no name. */
export function findLocalImage(store: Store, text: string): FoundImage | undefined {
  const names = candidates(text);
  const image = store.findImage(names, text);
  if (image !== undefined)
    return { image, name: names.find((name) => image.names.includes(name)) ?? image.names[0] ?? image.id };
  return names.length === 0 ? undefined : (byDigest(store, names) ?? byEnd(store, text));
}

/** An image that was pulled by a tag is also known by its digests. */
function byDigest(store: Store, names: string[]): FoundImage | undefined {
  for (const name of names) {
    const digest = /@sha256:(.*)$/.exec(name)?.[1];
    if (digest === undefined) continue;
    const image = store
      .listImages()
      .find(
        (one) =>
          (one.digest === digest || one.listDigest === digest) &&
          one.names.some((own) => repositoryOf(own) === repositoryOf(name)),
      );
    if (image !== undefined) return { image, name: `${repositoryOf(name)}@sha256:${digest}` };
  }
  return undefined;
}

/** `test/app:1` is `registry.example/test/app:1`, too. */
function byEnd(store: Store, text: string): FoundImage | undefined {
  if (!isShortName(text) || text.includes('@')) return undefined;
  const end = `/${/:[^:/]*$/.test(text) ? text : `${text}:latest`}`;
  for (const image of store.listImages()) {
    const name = image.names.find((one) => one.endsWith(end));
    if (name !== undefined) return { image, name };
  }
  return undefined;
}

/** The same for verbs about names: undefined if there is none, and no name for what was found by its ID. */
export function findImageName(
  store: Store,
  text: string,
): { image: ImageRecord; name: string | undefined } | undefined {
  const names = candidates(text);
  const image = store.findImage(names, text);
  return image && { image, name: names.find((name) => image.names.includes(name)) };
}

function candidates(text: string): string[] {
  try {
    return [...new Set([normaliseImageName(text, 'localhost'), normaliseImageName(text, 'docker.io')])];
  } catch (error) {
    if (/^(sha256:)?[0-9a-f]+$/.test(text)) return [];
    throw error;
  }
}
