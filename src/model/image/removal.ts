/** What `rmi` does with one image, decided from what is known of it. As Podman 5.4 answers (tried). Pure. */
import { BerthError } from '../errors.ts';
import type { ImageRecord } from '../records.ts';

export interface RemovalRequest {
  image: ImageRecord;
  /** The full name by which it was found; undefined: by its ID. */
  name: string | undefined;
  /** It was not asked for by itself (`--all`): its names do not matter. */
  isOneOfAll: boolean;
  /** IDs of the containers that were made of it, the newest first. */
  users: readonly string[];
  force: boolean;
}

export type Removal =
  | { kind: 'untag'; name: string }
  /** `users` have to be removed before it. */
  | { kind: 'delete'; names: string[]; users: readonly string[] };

/**
 * One of several names is only taken away. The last one, or an ID, means the image: refused with exit code 2 while
 * containers use it, unless forced; an ID of several names needs force, too.
 */
export function planRemoval({ image, name, isOneOfAll, users, force }: RemovalRequest): Removal {
  if (name !== undefined && image.names.length > 1) return { kind: 'untag', name };
  if (name === undefined && image.names.length > 1 && !isOneOfAll && !force) {
    throw new BerthError(
      'state',
      `unable to delete image "${image.id}" by ID with more than one tag ([${image.names.join(' ')}]): please force removal`,
    );
  }
  const [user] = users;
  if (user !== undefined && !force) {
    throw new BerthError(
      'state',
      `image used by ${user}: image is in use by a container: consider listing external containers and force-removing image`,
      { exitCode: 2 },
    );
  }
  return { kind: 'delete', names: image.names, users };
}
