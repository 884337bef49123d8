/** The small files that a container sees under /etc and /run: written into its bundle before each start, or shared. */
import type { ContainerConfig } from '../model/config.ts';
import { containerEnvText, hostnameText, hostsText, ownHostsLine } from '../oci/files.ts';
import type { ContainerFiles } from '../oci/mounts.ts';
import { networkOwner, shmOwner } from './joined-namespaces.ts';
import type { Ports } from './ports.ts';
import { timezoneFile } from './timezone.ts';

type FilePorts = Pick<Ports, 'host' | 'store' | 'runtime'>;

/** Writes hosts, resolv.conf, hostname, .containerenv and localtime; world-readable, as the payload may run as anybody. */
export function writeContainerFiles(ports: FilePorts, config: ContainerConfig): void {
  const { host, runtime } = ports;
  const { bundle } = runtime.files(config.id);
  const texts: Record<string, string> = {
    hosts: hostsText(config, host.readText('/etc/hosts') ?? ''),
    'resolv.conf': host.readText('/etc/resolv.conf') ?? '',
    hostname: hostnameText(config),
    '.containerenv': containerEnvText(config),
  };
  for (const [name, text] of Object.entries(texts))
    host.writeText(`${bundle}/${name}`, text, { mode: 0o644 });
  if (config.timezone !== undefined)
    host.copyFile(timezoneFile(ports, config.timezone), `${bundle}/localtime`);
  addToSharedHosts(ports, config);
}

/**
 * Host paths of what is mounted. Whoever shares a network shares the files that describe it, as in Podman; where there is
 * no network each has a hosts file of its own, and nobody to ask for names.
 */
export function mountedFiles(
  ports: FilePorts & Pick<Ports, 'rootfs'>,
  config: ContainerConfig,
): ContainerFiles {
  const { bundle } = ports.runtime.files(config.id);
  const owner = networkOwner(ports.store, config);
  const shared = owner.network === 'none' ? bundle : ports.runtime.files(owner.id).bundle;
  const shm = shmPath(ports, config);
  return {
    ...(owner.network === 'none' ? {} : { resolvConf: `${shared}/resolv.conf` }),
    hosts: `${shared}/hosts`,
    hostname: `${bundle}/hostname`,
    containerenv: `${bundle}/.containerenv`,
    ...(config.timezone === undefined ? {} : { localtime: `${bundle}/localtime` }),
    ...(shm === undefined ? {} : { shm }),
  };
}

/** A container in another one's network finds itself in that one's hosts file. */
function addToSharedHosts({ host, store, runtime }: FilePorts, config: ContainerConfig): void {
  const owner = networkOwner(store, config);
  if (owner.id === config.id || owner.network === 'none') return;
  const file = `${runtime.files(owner.id).bundle}/hosts`;
  const line = ownHostsLine(config);
  if (host.readText(file)?.includes(line) !== true) host.appendText(file, line);
}

function shmPath(
  { store, rootfs }: Pick<Ports, 'store' | 'rootfs'>,
  config: ContainerConfig,
): string | undefined {
  const owner = shmOwner(store, config);
  const mode = owner.namespaces?.ipc;
  if (mode === 'host') return '/dev/shm';
  return mode === 'shareable' ? rootfs.shm(owner.id) : undefined;
}
