/**
 * What a run needs mounted beside its root: images, overlays over volumes or directories of the host, parts of volumes.
 * Each lies in `containers/ID/mounts/N`, from where the runtime binds it; all of them go at the end of the run, with
 * what was written into an overlay.
 */
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BerthError } from '../model/errors.ts';
import type { IdMappings } from '../model/user-namespace/id-map.ts';
import { mountsWithin } from '../sys/mountinfo.ts';
import { fromText } from './byte-string.ts';
import { containerPaths, type StoragePaths } from './paths.ts';
import { lookUp } from './rooted.ts';
import { mountCommand, mountLayers, mountSource, unmountRootfs, withContext } from './rootfs.ts';

/** What is to be mounted: an image by its layers (diff ids, lowest first), a directory, or an overlay over one. */
export interface RunMount {
  image?: { layers: readonly string[] };
  directory?: string;
  /** A part of it: a path that cannot leave it, whoever changes it meanwhile. */
  subpath?: string;
  /** Writes go elsewhere: into directories of the host, or of this run. */
  overlay?: { upperdir?: string; workdir?: string };
  /** With other owners, for an error about which it is said where it is mounted. */
  shown?: { ids: IdMappings; destination: string; recursive: boolean };
  /** See RootfsTarget: of an image or an overlay. */
  context?: string | undefined;
}

/** Host path from which the runtime binds a mount of a run. */
export function runMountPoint(paths: StoragePaths, id: string, index: number): string {
  return join(containerPaths(paths, id).mounts, String(index), 'merged');
}

/** Mounts one. Throws BerthError('storage') for a missing layer, 'command-not-found' for a missing part. */
export async function mountForRun(
  paths: StoragePaths,
  { id, index }: { id: string; index: number },
  { image, directory = '', subpath, overlay, shown, context }: RunMount,
): Promise<void> {
  const base = join(containerPaths(paths, id).mounts, String(index));
  mkdirSync(base, { recursive: true, mode: 0o700 });
  const mountPoint = runMountPoint(paths, id, index);
  let source = directory;
  if (image !== undefined) {
    source = join(base, 'image');
    mkdirSync(source);
    const beside = { lower: join(base, 'lower'), upper: join(base, 'upper'), work: join(base, 'work') };
    await mountLayers(paths, image.layers, { ...beside, mountPoint: source, context });
  }
  const isPart = overlay === undefined && shown === undefined;
  if (isPart || subpath !== undefined) {
    const part = isPart ? mountPoint : join(base, 'part');
    await bindPart(source, subpath ?? '/', part);
    source = part;
  }
  if (overlay !== undefined) await mountOver(base, source, { ...overlay, context });
  else if (shown !== undefined) await mountSource({ ...shown, source }, mountPoint, shown.ids);
}

/** Unmounts and removes all that a run had; nothing there is success. */
export async function unmountRun(paths: StoragePaths, id: string): Promise<void> {
  const { mounts } = containerPaths(paths, id);
  if (!existsSync(mounts)) return;
  for (const { mountPoint } of mountsWithin(mounts).reverse()) await unmountRootfs(mountPoint);
  await rm(mounts, { recursive: true, force: true });
}

/** What is written over a directory belongs to whom the directory belongs to: so does its top. */
function makeLike(directory: string, other: string): void {
  const { uid, gid, mode } = statSync(other);
  mkdirSync(directory);
  chownSync(directory, uid, gid);
  chmodSync(directory, mode & 0o7777);
}

/** Binds what is held open: between the look and the mount no name can come to mean something else. */
async function bindPart(directory: string, subpath: string, mountPoint: string): Promise<void> {
  using found = lookUp({ directory, mounts: new Map() }, fromText(subpath));
  if (found?.place === undefined)
    throw new BerthError(
      'command-not-found',
      `subpath ${JSON.stringify(subpath)} of ${directory}: no such file or directory`,
    );
  const { place } = found;
  if (place.stat.isDirectory()) mkdirSync(mountPoint);
  else writeFileSync(mountPoint, '');
  const held = `/proc/${process.pid}/fd/${place.fd}`;
  await mountCommand(
    ['--no-canonicalize', '--bind', '--', held, mountPoint],
    '/',
    `${subpath} of ${directory}`,
  );
}

/** By short names in a directory of their own: no character of a path needs escaping. */
async function mountOver(
  base: string,
  lower: string,
  { upperdir, workdir, context }: NonNullable<RunMount['overlay']> & Pick<RunMount, 'context'>,
) {
  const beside = join(base, 'over');
  mkdirSync(beside);
  for (const [name, target] of Object.entries({ lower, upper: upperdir, work: workdir })) {
    if (target === undefined) makeLike(join(beside, name), lower);
    else symlinkSync(target, join(beside, name));
  }
  const mountPoint = join(base, 'merged');
  rmSync(mountPoint, { recursive: true, force: true });
  mkdirSync(mountPoint);
  const options = withContext('lowerdir=lower,upperdir=upper,workdir=work', context);
  await mountCommand(
    ['-t', 'overlay', '-o', options, '--', 'overlay', mountPoint],
    beside,
    `an overlay over ${lower}`,
  );
}
