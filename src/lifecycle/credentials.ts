/** The credentials that systemd gives the container's unit (systemd.exec(5), CREDENTIALS), as files in the container. */
import type { ContainerConfig } from '../model/config.ts';
import { BerthError } from '../model/errors.ts';
import { SECRET_MODE, SECRETS_DIRECTORY, type SecretFile } from '../model/secret.ts';
import { hostOwner } from '../model/user-namespace/id-map.ts';
import type { MountedSecret } from '../oci/mounts.ts';
import type { Ports } from './ports.ts';

/**
 * Copies every credential of the unit to where the runtime can mount it, for the time until it has: those that the
 * container was created with (`--secret NAME,type=credential`) as they were asked for, all others as `/run/secrets/NAME`.
 * @throws BerthError `invalid` when one that was asked for is not there
 */
export async function mountCredentials(
  { host, rootfs }: Pick<Ports, 'host' | 'rootfs'>,
  config: ContainerConfig,
): Promise<MountedSecret[]> {
  const { unit, credentials: asked = [], idMappings } = config;
  const directory = host.unitRun().credentials;
  const given = directory === '' ? [] : (host.listDirectory(directory) ?? []);
  const missing = asked.find(({ name }) => !given.includes(name));
  if (missing !== undefined)
    throw new BerthError(
      'invalid',
      `${unit} has no credential ${missing.name}: put it into /etc/credstore or /etc/credstore.encrypted, or give it to the unit with systemctl edit ${unit}`,
    );
  const others = given
    .filter((name) => !asked.some((file) => file.name === name))
    .sort()
    .map((name): SecretFile => ({ ...BY_ITSELF, name, destination: `${SECRETS_DIRECTORY}/${name}` }));
  const files = [...others, ...asked];
  if (files.length === 0) return [];
  const owned = files.map((file) => ({ ...file, ...hostOwner(idMappings, file) }));
  const sources = await rootfs.mountCredentials(config, directory, owned);
  return files.map(({ destination }, index) => ({
    destination,
    source: sources[index] ?? '',
    readOnly: true,
  }));
}

/** Whom the payload runs as is its own affair: as with secrets, all that is in the container may read it. */
const BY_ITSELF = { uid: 0, gid: 0, mode: SECRET_MODE };
