/** /etc/passwd and /etc/group of a container, at each start, in its root or in the bundle: see oci/accounts.ts. */
import type { ContainerConfig } from '../model/config.ts';
import { BerthError } from '../model/errors.ts';
import { hostOwner } from '../model/user-namespace/id-map.ts';
import { type AccountFiles, withAccounts } from '../oci/accounts.ts';
import type { Ports } from './ports.ts';

type AccountPorts = Pick<Ports, 'host' | 'runtime' | 'rootfs'>;

const FILES = ['passwd', 'group'] as const;

/**
 * Adds what is missing. To the container's own files, so that its own tools can go on editing them; where its root cannot be
 * written, or is a directory of somebody's, to copies that are mounted over them. What a person mounts there is left alone.
 */
export function writeAccounts({ host, runtime, rootfs }: AccountPorts, config: ContainerConfig): void {
  if (config.passwd === false || isMounted(config)) return;
  const before = { passwd: inRoot('passwd'), group: inRoot('group') };
  // An image without these files has no use for them.
  if (before.passwd === undefined || before.group === undefined) return;
  const after = withAccounts(config, before as AccountFiles, hostUsers({ host }, config));
  const { bundle } = runtime.files(config.id);
  for (const name of FILES) {
    if (after[name] === before[name]) continue;
    if (config.readOnly || config.rootfs !== undefined)
      host.writeText(`${bundle}/${name}`, after[name], {
        mode: 0o644,
        owner: hostOwner(config.idMappings, { uid: 0, gid: 0 }),
      });
    else rootfs.writeInRoot(config.id, `/etc/${name}`, after[name]);
  }

  function inRoot(name: string): string | undefined {
    return rootfs.readInRoot(config.id, `/etc/${name}`);
  }
}

/** The texts as the container will see them, empty where there is no such file. */
export function readAccounts({ host, runtime, rootfs }: AccountPorts, { id }: ContainerConfig): AccountFiles {
  const { bundle } = runtime.files(id);
  const read = (name: string): string =>
    host.readText(`${bundle}/${name}`) ?? rootfs.readInRoot(id, `/etc/${name}`) ?? '';
  return { passwd: read('passwd'), group: read('group') };
}

/** The copies that are to be mounted. */
export function mountedAccounts(
  { host, runtime }: Pick<AccountPorts, 'host' | 'runtime'>,
  { id }: ContainerConfig,
): { passwd?: string; group?: string } {
  const { bundle } = runtime.files(id);
  return Object.fromEntries(
    FILES.map((name) => [name, `${bundle}/${name}`]).filter(([, file]) => host.exists(file ?? '')),
  );
}

function isMounted({ mounts }: ContainerConfig): boolean {
  return mounts.some(({ destination }) => /^\/etc(\/passwd|\/group)?$/.test(destination));
}

/** Lines of the host's own file, by name or number. */
function hostUsers({ host }: Pick<Ports, 'host'>, { hostUsers: asked = [] }: ContainerConfig): string[] {
  if (asked.length === 0) return [];
  const lines = (host.readText('/etc/passwd') ?? '').split('\n');
  return asked.map((user) => {
    const found = lines.find((line) => {
      const [name, , uid] = line.split(':');
      return name === user || uid === user;
    });
    if (found !== undefined) return found;
    throw new BerthError('command-not-invocable', `--hostuser: unknown user ${user}`);
  });
}
