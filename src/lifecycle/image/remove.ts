/** rmi: names of images, and images with the layers that nobody else needs. */
import type { ContainerConfig } from '../../model/config.ts';
import { BerthError } from '../../model/errors.ts';
import { planRemoval } from '../../model/image/removal.ts';
import type { CleanupPorts } from '../cleanup.ts';
import { removalOrder } from '../dependencies.ts';
import type { Ports, RemovingFiles, Store } from '../ports.ts';
import { reloadOnce } from '../reload-once.ts';
import { removeContainer } from '../remove.ts';
import { appendImageEvent } from './event.ts';
import { sweepLayers } from './layers.ts';
import { unmountImageWhole } from './mount.ts';
import { findImageName } from './resolve.ts';

export type RemoveImagePorts = CleanupPorts & { imageFiles: RemovingFiles };

/** What somebody typed, or the ID of one of all. */
export type RemovalTarget = { typed: string } | { id: string };

export interface RemovedImage {
  /** Names that it lost. */
  untagged: string[];
  /** ID of the image if it is gone. */
  deleted?: string;
}

/**
 * Removes what a name or an ID means; see planRemoval for what is refused. With `force` the containers of the image are
 * stopped and removed first. The layers are left to sweepLayers. Throws 'no-such-image' (exit code 1).
 */
export async function removeImage(
  ports: RemoveImagePorts,
  target: RemovalTarget,
  { force }: { force: boolean },
): Promise<RemovedImage> {
  const { store } = ports;
  for (;;) {
    const found = find(store, target);
    if (found === undefined) {
      const typed = 'typed' in target ? target.typed : target.id;
      throw new BerthError('no-such-image', `${typed}: image not known`, { exitCode: 1 });
    }
    const users = usersOf(store, found.image.id);
    const removal = planRemoval({ ...found, users, force });
    if (removal.kind === 'delete') {
      await reloadOnce(ports, removal.users.length, async (how) => {
        for (const id of removalOrder(store, [...removal.users])) {
          const container = store.getContainer(id);
          if (container !== undefined) await removeContainer(ports, container, { force: true, ...how });
        }
      });
      await unmountImageWhole(ports, found.image.id);
    }
    const removed = store.transaction(() => removeRows(ports, target, { force }));
    if (removed !== undefined) return removed;
    // A container was made of it meanwhile: that one has to go, too.
  }
}

function find(store: Store, target: RemovalTarget) {
  if ('typed' in target) {
    const found = findImageName(store, target.typed);
    return found && { ...found, isOneOfAll: false };
  }
  const image = store.getImage(target.id);
  return image && { image, name: undefined, isOneOfAll: true };
}

/** Decided again on what is there now. Undefined if there are containers still. */
function removeRows(
  { store, now }: Pick<Ports, 'store' | 'now'>,
  target: RemovalTarget,
  { force }: { force: boolean },
): RemovedImage | undefined {
  const found = find(store, target);
  if (found === undefined) return { untagged: [] }; // somebody else was faster
  const { id } = found.image;
  const removal = planRemoval({ ...found, users: usersOf(store, id), force });
  if (removal.kind !== 'untag' && removal.users.length > 0) return undefined;
  const time = now();
  appendImageEvent(store, { id, status: 'remove', name: 'typed' in target ? target.typed : '', time });
  const untagged = removal.kind === 'untag' ? [removal.name] : removal.names;
  for (const name of untagged) {
    store.removeImageName(name);
    appendImageEvent(store, { id, status: 'untag', name, time });
  }
  if (removal.kind === 'untag') return { untagged };
  store.deleteImage(id);
  return { untagged, deleted: id };
}

/**
 * After the removal of a container that was made with `--rmi`: takes its image's name away, and with the last one the image,
 * unless it is in use.
 */
export async function dropImage(
  ports: RemoveImagePorts,
  image: NonNullable<ContainerConfig['image']>,
): Promise<void> {
  const found = findImageName(ports.store, image.name);
  if (found?.image.id !== image.id) return;
  try {
    await removeImage(ports, { typed: image.name }, { force: false });
    await sweepLayers(ports);
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    if (error.exitCode !== 2) ports.warn(`image ${image.name} is not removed: ${error.message}`);
  }
}

/** IDs of the containers that were made of an image, the newest first. */
export function usersOf(store: Store, imageId: string): string[] {
  return store
    .listContainers()
    .containers.filter(({ config }) => config.image?.id === imageId)
    .map(({ config }) => config.id)
    .reverse();
}
