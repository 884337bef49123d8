/** Finding an image by what a person types. */
import { BerthError } from '../model/errors.ts';
import { normaliseImageName } from '../model/image.ts';
import type { ImageRecord } from '../model/records.ts';
import type { Store } from './ports.ts';

/**
 * An image by full name, short name (of localhost first, then of docker.io), id or unique id prefix. Throws
 * 'no-such-image' with what to do.
 */
export function resolveImage(store: Store, text: string): { image: ImageRecord; name: string } {
  const names = candidates(text);
  const image = store.findImage(names, text);
  if (image === undefined) {
    throw new BerthError(
      'no-such-image',
      `${text}: image not known: load it first with berth load -i ARCHIVE`,
    );
  }
  return { image, name: names.find((name) => image.names.includes(name)) ?? image.names[0] ?? image.id };
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
