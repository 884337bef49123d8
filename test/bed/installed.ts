/** A bed with Berth in it, installed from its package as on any Debian machine. */
import { buildDeb } from '../../packaging/deb.ts';
import { type Bed, type BedOptions, bootBed } from './bed.ts';
import { ensureImage, type ImageName } from './images.ts';
import { installedRoot } from './rootfs.ts';

export interface InstalledOptions extends Omit<BedOptions, 'layers'> {
  /** Archives to show in the bed as /images/NAME.tar. */
  images?: ImageName[];
}

/** Boots a bed in which the package of this checkout is installed; the package is built if it is out of date. */
export async function bootInstalled(options: InstalledOptions = {}): Promise<Bed> {
  const { images = [], nspawnArgs = [], ...rest } = options;
  const binds = await Promise.all(
    images.map(async (name) => `--bind-ro=${await ensureImage(name)}:/images/${name}.tar`),
  );
  return bootBed({
    ...rest,
    layers: await installedRoot(await debPath()),
    nspawnArgs: [...nspawnArgs, ...binds],
  });
}

/** Path of the .deb under test: `$BERTH_DEB`, which the test command sets, or the one of this checkout. */
export async function debPath(): Promise<string> {
  return process.env.BERTH_DEB ?? (await buildDeb()).path;
}
