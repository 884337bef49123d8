/** cp: files between containers, the host and tar streams. */
import { posix } from 'node:path';
import type { ContainerConfig } from '../model/config.ts';
import { type CopyEnd, copySource, copyTarget, type HostPlace, type StreamPlace } from '../model/copy.ts';
import { BerthError } from '../model/errors.ts';
import type { ContainerRecord } from '../model/records.ts';
import { hasPayload } from '../model/state.ts';
import { lookupUser } from '../oci/user.ts';
import { withMountedRoot } from './mount.ts';
import { restingPlace } from './mount-places.ts';
import { current } from './observe.ts';
import type { Ports, Tree } from './ports.ts';
import { withShownVolumes } from './volume/run-volumes.ts';
import { withMountedVolume } from './volume/use.ts';

type CopyPorts = Pick<
  Ports,
  'host' | 'store' | 'locks' | 'runtime' | 'rootfs' | 'volumes' | 'openTree' | 'now'
>;

/** A path of a container, of the host, or a tar on standard input or output. */
export type CopyPlace = { container: ContainerRecord; given: string; path: string } | HostPlace | StreamPlace;

export interface CopyOptions {
  /** What comes into a container belongs to its user; otherwise to whom it belonged. */
  archive: boolean;
  overwrite: boolean;
  /** Whose what comes out to the host shall be. */
  caller: { uid: number; gid: number };
  input: AsyncIterable<Uint8Array>;
  output: (tar: AsyncIterable<Uint8Array>) => Promise<void>;
}

/**
 * Copies. A running container is seen as its payload sees it, volumes and tmpfs included; of others the root is mounted
 * for that time, with the recorded volumes and bind mounts over it. Throws with Podman's words for paths that do not fit.
 */
export async function copy(
  ports: CopyPorts,
  from: CopyPlace,
  to: CopyPlace,
  options: CopyOptions,
): Promise<void> {
  await withEnd(ports, from, (source) =>
    withEnd(ports, to, async (target) => {
      const what = source === undefined ? undefined : copySource(source);
      const tar = (name: string | undefined, into?: string): AsyncIterable<Uint8Array> =>
        what === undefined || source === undefined
          ? options.input
          : source.tree.pack(what.path, {
              devices: false,
              exactTimes: true,
              ...(name === undefined ? {} : { name }),
              ...(into === undefined ? {} : { notInto: into }),
            });
      if (target === undefined) return options.output(tar(what?.name));
      const place = copyTarget(target, what);
      const owner = ownerAt(target, options);
      await target.tree.unpack(place.directory, {
        tar: tar(place.name, target.tree.find(place.directory)?.inode),
        overwrite: options.overwrite,
        ...(owner === undefined ? {} : { owner }),
      });
    }),
  );
}

type OpenEnd = Omit<CopyEnd, 'tree'> & { tree: Tree; container?: ContainerRecord };

/** Undefined is a stream. */
async function withEnd(
  ports: CopyPorts,
  place: CopyPlace,
  work: (end: OpenEnd | undefined) => Promise<void>,
): Promise<void> {
  if ('stream' in place) return work(undefined);
  if (!('container' in place))
    return withTree(ports, { directory: '/', mounts: [] }, (tree) =>
      work({ ...place, on: 'the host', tree }),
    );
  const { container, given, path } = place;
  const end = (tree: Tree): OpenEnd => ({
    container,
    path: absoluteIn(container, path),
    typed: absoluteIn(container, path),
    on: `container ${given}`,
    tree,
  });
  const { state } = current(container, ports);
  const { payload } = state;
  const { idMappings: ids } = container.config;
  if (hasPayload(state.status) && payload !== undefined) {
    return withTree(ports, { directory: `/proc/${payload.pid}/root`, mounts: [], ids }, (tree) => {
      // Opened by its pid, which may be somebody else's by now.
      if (!ports.host.isAlive(payload))
        throw new BerthError('state', `container ${given} ended meanwhile: try again`);
      return work(end(tree));
    });
  }
  await withMountedRoot(ports, container, (directory) =>
    withVolumes(ports, container.config, (mounts) =>
      withTree(ports, { directory, mounts, ids }, (tree) => work(end(tree))),
    ),
  );
}

/** With what lies over the root of a container that does not run, its volumes mounted for that time. */
async function withVolumes(
  ports: CopyPorts,
  config: ContainerConfig,
  work: (mounts: { source: string; destination: string }[]) => Promise<void>,
): Promise<void> {
  const { mounts } = config;
  const names = new Set(mounts.flatMap(({ volume }) => volume ?? []));
  const within = (left: string[]): Promise<void> => {
    const [name, ...rest] = left;
    if (name !== undefined) return withMountedVolume(ports, name, () => within(rest));
    return withShownVolumes(ports, config, (shown) => {
      const places = { ...shown, ...ports.rootfs.idmapped(config) };
      return work(
        mounts.flatMap((mount) => {
          const source = places[mount.destination] ?? restingPlace(ports, mount);
          return source === undefined ? [] : [{ source, destination: mount.destination }];
        }),
      );
    });
  };
  await within([...names]);
}

async function withTree(
  ports: CopyPorts,
  root: Parameters<CopyPorts['openTree']>[0],
  work: (tree: Tree) => Promise<void>,
): Promise<void> {
  const tree = await ports.openTree(root);
  try {
    await work(tree);
  } finally {
    tree.close();
  }
}

/** From the working directory on, keeping a final slash or dot, which say something. */
function absoluteIn({ config }: ContainerRecord, path: string): string {
  return path.startsWith('/') ? path : `${posix.join('/', config.workdir)}/${path}`.replace('//', '/');
}

function ownerAt(
  { container, tree }: OpenEnd,
  { archive, caller }: CopyOptions,
): { uid: number; gid: number } | undefined {
  if (container === undefined) return caller;
  if (!archive) return undefined;
  const passwd = tree.readText('/etc/passwd') ?? '';
  const { uid, gid } = lookupUser(container.config.user, passwd, tree.readText('/etc/group') ?? '');
  return { uid, gid };
}
