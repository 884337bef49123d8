/** Host paths of what a container's mounts show, where that is no path a person gave. */
import path from 'node:path/posix';
import type { ContainerConfig, MountConfig } from '../model/config.ts';
import { needsMountOfRun } from '../model/volume/volume.ts';
import type { Ports } from './ports.ts';

/** For the runtime, by destination: whole volumes where they lie, the rest where the start has mounted it. */
export function mountPlaces(
  { volumes, rootfs }: Pick<Ports, 'volumes' | 'rootfs'>,
  config: ContainerConfig,
): Record<string, string> {
  const places = config.mounts.flatMap((mount, index): [string, string][] => {
    if (needsMountOfRun(mount)) return [[mount.destination, volumes.runMountPoint(config.id, index)]];
    return mount.volume === undefined ? [] : [[mount.destination, volumes.path(mount.volume)]];
  });
  return { ...Object.fromEntries(places), ...rootfs.idmapped(config) };
}

/** What a person finds of it while it does not run; undefined for what is made anew at each start. */
export function restingPlace({ volumes }: Pick<Ports, 'volumes'>, mount: MountConfig): string | undefined {
  if (mount.volume === undefined) return mount.source;
  return path.join(volumes.path(mount.volume), path.join('/', mount.subpath ?? ''));
}
