/** tag and untag: names of images. */
import { BerthError } from '../../model/errors.ts';
import { normaliseImageName } from '../../model/image/image.ts';
import type { Ports } from '../ports.ts';
import { appendImageEvent } from './event.ts';
import { resolveImage } from './resolve.ts';

type TagPorts = Pick<Ports, 'store' | 'now'>;

/** Gives an image more names; one that another image has moves. All or none: each is checked first. */
export function tagImage({ store, now }: TagPorts, found: string, names: readonly string[]): void {
  store.transaction(() => {
    const { image } = resolveImage(store, found);
    const full = names.map(newName);
    for (const [index, name] of full.entries()) {
      store.addImageName(name, image.id);
      appendImageEvent(store, { id: image.id, status: 'tag', name: names[index] ?? name, time: now() });
    }
  });
}

/** Takes names from an image, all that it has unless told. The image stays, also without any. */
export function untagImage({ store, now }: TagPorts, found: string, names: readonly string[]): void {
  store.transaction(() => {
    const { image } = resolveImage(store, found);
    const full = names.length === 0 ? image.names : names.map((name) => ownName(image.names, name));
    for (const name of full) {
      if (store.removeImageName(name))
        appendImageEvent(store, { id: image.id, status: 'untag', name, time: now() });
    }
  });
}

function newName(name: string): string {
  if (name.includes('@')) throw new BerthError('invalid', `${name}: tag by digest not supported`);
  try {
    return normaliseImageName(name);
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    const why = error.message.replace(/^parsing reference "[^"]*": /, '');
    throw new BerthError('invalid', `normalizing name "${name}": normalizing name "${name}": ${why}`);
  }
}

/** A name as it was typed, among those of the image. */
function ownName(names: readonly string[], typed: string): string {
  const full = [normaliseImageName(typed), normaliseImageName(typed, 'docker.io')];
  const found = full.find((name) => names.includes(name));
  if (found === undefined) throw new BerthError('invalid', `${full[0]}: tag not known`);
  return found;
}
