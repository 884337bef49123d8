/** The OCI spec of a start, for the host, the mounted root file system and the unit as they are then. */
import type { ContainerConfig } from '../model/config.ts';
import { BerthError } from '../model/errors.ts';
import { hasNetwork } from '../model/network/names.ts';
import { assertMapped } from '../model/user-namespace/user-namespace.ts';
import { withoutOwnGroup } from '../oci/accounts.ts';
import type { MountedSecret } from '../oci/mounts.ts';
import { generateSpec } from '../oci/spec.ts';
import { lookupUser, type ResolvedUser } from '../oci/user.ts';
import { readAccounts } from './accounts.ts';
import { mountedFiles } from './container-files.ts';
import { hostDevices, limitedDevices } from './devices.ts';
import { applyHooks } from './hooks.ts';
import { joinedNamespaces } from './joined-namespaces.ts';
import { mountPlaces } from './mount-places.ts';
import type { Ports } from './ports.ts';
import { secretVariables } from './secrets.ts';

type SpecPorts = Pick<
  Ports,
  'host' | 'store' | 'runtime' | 'rootfs' | 'secrets' | 'volumes' | 'networkDriver' | 'warn'
>;

/**
 * Writes the spec into the bundle. Throws when what create has checked is no longer so: the working directory, the
 * sources of bind mounts, the user, secrets that are variables (125 or 126); and when an OCI hook file or a precreate hook is wrong (126).
 */
export async function writeSpec(
  ports: SpecPorts,
  config: ContainerConfig,
  { cgroupsPath, credentials }: { cgroupsPath: string; credentials: readonly MountedSecret[] },
): Promise<void> {
  const { rootfs, host, runtime, store } = ports;
  const { spec } = runtime.files(config.id);
  checkWorkdir(ports, config);
  checkSources(ports, config);
  const generated = generateSpec({
    config,
    rootPath: rootfs.mountPoint(config.id),
    cgroupsPath,
    files: {
      ...mountedFiles(ports, config),
      secrets: [...secretFiles(ports, config), ...credentials],
    },
    secrets: { secrets: secretVariables(ports, config), hasCredentials: credentials.length > 0 },
    user: containerUser(ports, config),
    places: mountPlaces(ports, config),
    namespacePaths: { ...joinedNamespaces(store, config).paths, ...(await ownNetwork(ports, config)) },
    sourceFlags: host.mountFlags(
      config.mounts.flatMap(({ source }) => (source === undefined ? [] : [source])),
    ),
    devices: hostDevices(ports, config),
    limitedDevices: limitedDevices(ports, config.limits),
    host: host.facts(config),
  });
  host.writeText(spec, await applyHooks(ports, config, generated), { mode: 0o600 });
}

/** The namespace that has been set up for it; in a user namespace of its own the runtime makes one. */
async function ownNetwork(
  { networkDriver }: SpecPorts,
  config: ContainerConfig,
): Promise<{ network?: string }> {
  if (!hasNetwork(config) || config.idMappings !== undefined) return {};
  return { network: (await networkDriver()).namespacePath(config.id) };
}

/** The copies that create has made. A credential at the same place comes after them: the unit's word is the later one. */
function secretFiles({ rootfs }: SpecPorts, { id, secrets = [] }: ContainerConfig): MountedSecret[] {
  return secrets.map(({ destination }, index) => ({ destination, source: rootfs.secretCopy(id, index) }));
}

/** Who the payload is, by the accounts of the mounted root. Throws for one whom its user namespace has not. */
export function containerUser(
  ports: Pick<SpecPorts, 'host' | 'runtime' | 'rootfs'>,
  config: ContainerConfig,
): ResolvedUser {
  const { passwd, group } = readAccounts(ports, config);
  const user = lookupUser(config.user, passwd, withoutOwnGroup(config, group), {
    groupAdd: config.groupAdd ?? [],
  });
  assertMapped(config.idMappings, user);
  return user;
}

/** --workdir must exist in the root file system or lie in a mount; the image's own is made if it is missing. */
function checkWorkdir({ rootfs }: SpecPorts, config: ContainerConfig): void {
  const inMount = config.mounts.some(
    ({ destination }) => config.workdir === destination || config.workdir.startsWith(`${destination}/`),
  );
  if (inMount || rootfs.hasDirectory(config.id, config.workdir)) return;
  if (config.workdirFromImage === true) {
    rootfs.makeDirectory(config, config.workdir);
    return;
  }
  throw new BerthError(
    'command-not-invocable',
    `workdir ${JSON.stringify(config.workdir)} does not exist on container ${config.id}: make it, or create the container with another --workdir`,
  );
}

/** As create checked them; what a person mounts may come and go. */
export function checkSources({ host }: Pick<SpecPorts, 'host'>, config: ContainerConfig): void {
  for (const source of [...config.mounts.map((mount) => mount.source), config.init]) {
    if (source === undefined || host.exists(source)) continue;
    throw new BerthError(
      'invalid',
      `statfs ${source}: no such file or directory: it was removed after the container was created, make it again`,
    );
  }
}
