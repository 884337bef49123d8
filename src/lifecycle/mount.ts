/**
 * mount and unmount: a container's root for people, and for commands that work in it. People's mounts are counted in
 * the store, commands are known by pid and start time; the mount that the container's own run needs is neither, because
 * whether it runs is a fact. A count without a mount counts nothing, nor does a command that has ended.
 */
import type { BerthError } from '../model/errors.ts';
import type { ContainerRecord } from '../model/records.ts';
import { hasPayload, verdict } from '../model/state.ts';
import { improper } from './improper.ts';
import { withContainer } from './lock.ts';
import { current } from './observe.ts';
import type { Ports } from './ports.ts';
import { appendContainerEvent } from './record.ts';

type MountPorts = Pick<Ports, 'host' | 'store' | 'locks' | 'runtime' | 'rootfs' | 'now'>;
type UsePorts = Pick<Ports, 'host' | 'store' | 'rootfs'>;

/** Mounts the root once more and returns where. Accepts every state but removing. */
export async function mountContainer(ports: MountPorts, { config }: ContainerRecord): Promise<string> {
  const { store, rootfs, now } = ports;
  await withContainer(ports, config.id, async (container) => {
    if (verdict('mount', current(container, ports).state.status) !== 'allowed') throw beingRemoved(config.id);
    const count = mountsOfPeople(ports, config.id);
    await rootfs.mount(config);
    store.transaction(() => {
      store.saveMountCount(config.id, count + 1);
      appendContainerEvent(store, config, { status: 'mount' }, now());
    });
  });
  return rootfs.mountPoint(config.id);
}

/**
 * Takes one of people's mounts back, with `force` all of them; the last one unmounts the root unless the container
 * runs. What the run itself needs stays until its end, even with `force`: mounted a second time, while the payload
 * still has the first one, an overlay is not safe to write to (kernel documentation, overlayfs). Not mounted is success.
 */
export async function unmountContainer(
  ports: MountPorts,
  { config }: ContainerRecord,
  { force }: { force: boolean },
): Promise<void> {
  const { store, rootfs, now } = ports;
  await withContainer(ports, config.id, async (container) => {
    if (!rootfs.isMounted(config.id)) return;
    const runs = hasPayload(current(container, ports).state.status);
    const count = mountsOfPeople(ports, config.id);
    if (runs && count === 0 && !force) {
      throw improper(`cannot unmount storage for container ${config.id} as it is running or paused`);
    }
    store.transaction(() => {
      store.saveMountCount(config.id, force ? 0 : Math.max(0, count - 1));
      appendContainerEvent(store, config, { status: 'unmount' }, now());
    });
    if (!runs) await releaseRootfs(ports, config.id);
  });
}

/**
 * Works in the mounted root of a container, mounted for that time if it was not. No lock is held meanwhile: the container
 * may be started and stopped. A killed caller leaves the mount to the container's next start or end.
 */
export async function withMountedRoot<T>(
  ports: MountPorts,
  { config }: ContainerRecord,
  work: (directory: string) => T | Promise<T>,
): Promise<T> {
  const { host, store, rootfs } = ports;
  const self = host.self();
  await withContainer(ports, config.id, async (container) => {
    if (verdict('export', current(container, ports).state.status) !== 'allowed')
      throw beingRemoved(config.id);
    store.addMountHolder(config.id, self);
    await rootfs.mount(config);
  });
  try {
    return await work(rootfs.mountPoint(config.id));
  } finally {
    store.removeMountHolder(config.id, self);
    await withContainer(ports, config.id, async (container) => {
      if (!hasPayload(current(container, ports).state.status)) await releaseRootfs(ports, config.id);
    });
  }
}

/** Does somebody else than the container's run need the root? Then neither its start nor its end may unmount it. */
export function isHeldMounted(ports: UsePorts, id: string): boolean {
  const { host, store } = ports;
  return mountsOfPeople(ports, id) > 0 || store.mountHolders(id).some((holder) => host.isAlive(holder));
}

/** Unmounts the root after a run, unless somebody else needs it. */
export async function releaseRootfs(ports: UsePorts, id: string): Promise<void> {
  await ports.rootfs.unmountCredentials(id); // left only by a start that was killed
  if (!isHeldMounted(ports, id)) await ports.rootfs.unmount(id);
}

function mountsOfPeople({ store, rootfs }: Pick<Ports, 'store' | 'rootfs'>, id: string): number {
  const count = store.mountCount(id);
  return count > 0 && rootfs.isMounted(id) ? count : 0;
}

function beingRemoved(id: string): BerthError {
  return improper(`cannot mount container ${id} as it is being removed`);
}
