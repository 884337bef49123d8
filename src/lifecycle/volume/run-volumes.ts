/** The volumes, images and overlays of one run: made ready by its start, given back by its end. */
import type { ContainerConfig, MountConfig } from '../../model/config.ts';
import { contextOption, labelsInForce, relabelTo, type SelinuxLabels } from '../../model/selinux.ts';
import { containerOwner, hostOwner, type IdMappings } from '../../model/user-namespace/id-map.ts';
import { isIdmapOption, shownOwners } from '../../model/user-namespace/idmap-option.ts';
import {
  allowsCopyUp,
  isMountedVolume,
  needsMountOfRun,
  type VolumeRecord,
  type VolumeState,
} from '../../model/volume/volume.ts';
import { overlayDirectories } from '../../oci/mount-options.ts';
import { patience, patiently } from '../patience.ts';
import type { Ports, RunMount } from '../ports.ts';
import { mountLocked, unmountIfUnused, type VolumePorts, withVolume } from './use.ts';

interface Owner {
  uid: number;
  gid: number;
}

/**
 * Makes ready what the runtime then binds, for a caller that holds the container's lock and has its root mounted: volumes
 * are mounted and used for the first time, `U` gives sources to the user, images and overlays are mounted. What a run
 * that nobody cleaned up has left goes first.
 */
export async function useVolumes(
  ports: VolumePorts & Pick<Ports, 'notify'>,
  config: ContainerConfig,
  user: Owner,
): Promise<void> {
  const { volumes, host } = ports;
  const labels = labelsInForce(config, host.isSelinuxEnabled);
  await volumes.unmountRun(config.id);
  for (const mount of config.mounts)
    if (mount.volume !== undefined) await useVolume(ports, config, mount, user);
  for (const [index, mount] of config.mounts.entries()) {
    const source = mount.volume === undefined ? mount.source : volumes.path(mount.volume);
    if (source !== undefined && mount.options.includes('U'))
      volumes.chownTree(source, ownerOnDisk(config, mount, user));
    if (needsMountOfRun(mount))
      await volumes.mountForRun(
        { id: config.id, index },
        { ...runMount(config, mount, source), ...contextOf(config, labels) },
      );
    if (source === undefined || labels === undefined) continue;
    const label = relabelTo(mount.options, labels.mount);
    // Of a part only that.
    const place = mount.subpath === undefined ? source : volumes.runMountPoint(config.id, index);
    if (label !== undefined) await volumes.relabel(place, label, patience(ports));
  }
}

/** What an image or an overlay is labelled as. */
function contextOf(
  { security }: ContainerConfig,
  labels: SelinuxLabels | undefined,
): Pick<RunMount, 'context'> {
  if (labels === undefined) return {};
  return { context: contextOption(labels.mount, { nested: security.labelNested === true }) };
}

/**
 * Works with the volumes that have the option `idmap` shown as a run has them: where, by destination. For a container that
 * does not run, with its volumes mounted.
 */
export async function withShownVolumes<T>(
  { volumes }: Pick<VolumePorts, 'volumes'>,
  config: ContainerConfig,
  work: (places: Record<string, string>) => Promise<T>,
): Promise<T> {
  const shown = [...config.mounts.entries()].filter(
    ([, { volume, options }]) => volume !== undefined && options.some(isIdmapOption),
  );
  if (shown.length === 0) return work({});
  await volumes.unmountRun(config.id);
  try {
    for (const [index, mount] of shown)
      await volumes.mountForRun(
        { id: config.id, index },
        runMount(config, mount, volumes.path(mount.volume ?? '')),
      );
    return await work(
      Object.fromEntries(
        shown.map(([index, { destination }]) => [destination, volumes.runMountPoint(config.id, index)]),
      ),
    );
  } finally {
    await volumes.unmountRun(config.id);
  }
}

/** Gives back what a run had; idempotent, and good for a run that was killed at any moment. */
export async function releaseVolumes(ports: VolumePorts, id: string): Promise<void> {
  const { store, volumes } = ports;
  await volumes.unmountRun(id);
  for (const { config, inRuns } of store.volumesOf(id)) {
    if (!isMountedVolume(config) || !inRuns.includes(id)) continue;
    await withVolume(ports, config.name, async () => {
      store.setVolumeInRun(config.name, id, false);
      await unmountIfUnused(ports, config.name);
    });
  }
}

async function useVolume(
  ports: VolumePorts & Pick<Ports, 'notify'>,
  config: ContainerConfig,
  mount: MountConfig,
  user: Owner,
): Promise<void> {
  const { store, volumes } = ports;
  const { id } = config;
  const name = mount.volume ?? '';
  const known = store.getVolume(name);
  if (known === undefined)
    throw new Error(`container ${id} names the volume ${name}, of which there is no row`);
  // Of a directory that was used before nothing is left to do, and nobody to be kept out.
  const { needsCopyUp, needsChown } = known.state;
  if (!isMountedVolume(known.config) && !needsCopyUp && !needsChown && !volumes.isCopyingUp(name)) {
    volumes.make(known.config);
    return;
  }
  await withVolume(ports, name, async (volume) => {
    // Before it is mounted: the end of the run takes it back, whatever came of it.
    if (isMountedVolume(volume.config)) store.setVolumeInRun(name, id, true);
    await mountLocked(ports, volume);
    const shown = shownOwners(mount.options, config.idMappings);
    await firstUse(ports, volume, { id, mount, user: ownerOnDisk(config, mount, user), shown });
  });
}

/** Copies the image's files in and gives the volume its owner, once; only what is empty, or was filled by this. */
async function firstUse(
  ports: VolumePorts & Pick<Ports, 'notify'>,
  { config, state }: VolumeRecord,
  run: { id: string; mount: MountConfig; user: Owner; shown: IdMappings | undefined },
): Promise<void> {
  const { store, volumes } = ports;
  const { id, mount, user, shown } = run;
  const { name } = config;
  const from = { id, directory: mount.destination, shown };
  const allowed = allowsCopyUp(config) && !mount.options.includes('nocopy') && mount.subpath === undefined;
  const begun = volumes.isCopyingUp(name);
  const copied =
    state.needsCopyUp && (allowed || begun)
      ? await patiently(ports, () => volumes.copyUp(config, from))
      : false;
  const next: VolumeState = { ...state, needsCopyUp: state.needsCopyUp && !copied };
  if (state.needsChown && (copied || volumes.isEmpty(name))) {
    const found = volumes.adoptOwner(name, { ...from, user });
    Object.assign(next, { needsChown: !found, uid: user.uid, gid: user.gid });
  }
  if (JSON.stringify(next) !== JSON.stringify(state)) store.saveVolumeState(name, next);
  if (copied || begun) await volumes.finishCopyUp(name);
}

/** Whose on the disk is what shall be this user's in the container: the host's ID of it, as the mount shows it. */
function ownerOnDisk({ idMappings }: ContainerConfig, { options }: MountConfig, user: Owner): Owner {
  return containerOwner(shownOwners(options, idMappings), hostOwner(idMappings, user));
}

function runMount(
  { idMappings }: ContainerConfig,
  { image, subpath, options, destination }: MountConfig,
  directory: string | undefined,
): RunMount {
  const ids = shownOwners(options, idMappings);
  return {
    ...(ids === undefined ? {} : { shown: { ids, destination, recursive: !options.includes('bind') } }),
    ...(image === undefined ? {} : { image: { layers: image.layers } }),
    ...(directory === undefined ? {} : { directory }),
    ...(subpath === undefined ? {} : { subpath }),
    ...(options.includes('O') ? { overlay: overlayDirectories(options) ?? {} } : {}),
  };
}
