/** `--volumes-from CONTAINER[:OPTIONS]`. Pure. */
import type { MountConfig } from '../config.ts';
import { BerthError } from '../errors.ts';

export interface VolumesFrom {
  container: string;
  /** Instead of those that the volumes have there; absent: as there. */
  options?: string[];
}

/** Throws BerthError in Podman's words. */
export function parseVolumesFrom(text: string): VolumesFrom {
  const [, container = '', given] = /^([^:]*)(?::(.*))?$/s.exec(text) ?? [];
  if (given === undefined) return { container };
  const options = given.split(',');
  for (const option of options)
    if (!['z', 'ro', 'rw'].includes(option))
      throw new BerthError(
        'invalid',
        `invalid option ${JSON.stringify(option)} specified - volumes from another container can only use z,ro,rw options`,
      );
  if (options.filter((option) => option !== 'z').length > 1)
    throw new BerthError('invalid', 'cannot set ro or rw options more than once');
  if (options.filter((option) => option === 'z').length > 1)
    throw new BerthError('invalid', 'cannot set :z more than once in mount options');
  return { container, options };
}

/** A container's volumes, as Podman 5.4 hands them on: its bind mounts are not among them. */
export function inheritedVolumes(mounts: readonly MountConfig[], { options }: VolumesFrom): MountConfig[] {
  return mounts
    .filter(({ type }) => type === 'volume')
    .map((mount) => (options === undefined ? mount : { ...mount, options }));
}
