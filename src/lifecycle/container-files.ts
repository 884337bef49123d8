/** The small files that a container sees under /etc and /run: written into its bundle before each start, or shared. */
import path from 'node:path';
import type { ContainerConfig } from '../model/config.ts';
import { BerthError } from '../model/errors.ts';
import { hasNetwork, networkNames } from '../model/network/names.ts';
import { hostOwner } from '../model/user-namespace/id-map.ts';
import {
  containerEnvText,
  hostnameText,
  hostsText,
  networkResolvConfText,
  ownHostsLine,
  resolvConfText,
} from '../oci/files.ts';
import type { ContainerFiles } from '../oci/mounts.ts';
import { mountedAccounts, writeAccounts } from './accounts.ts';
import { networkOwner, shmOwner } from './joined-namespaces.ts';
import { networkRecord } from './network/record.ts';
import type { Ports } from './ports.ts';
import { timezoneFile } from './timezone.ts';

type FilePorts = Pick<Ports, 'host' | 'store' | 'runtime'>;

/** Writes hosts, resolv.conf, hostname, .containerenv and localtime; world-readable, as the payload may run as anybody. */
export function writeContainerFiles(ports: FilePorts & Pick<Ports, 'rootfs'>, config: ContainerConfig): void {
  const { host, runtime } = ports;
  const { bundle } = runtime.files(config.id);
  const texts: Record<string, string> = {
    ...nameTexts(ports, config),
    hostname: hostnameText(config),
    '.containerenv': containerEnvText(config),
  };
  const owner = hostOwner(config.idMappings, { uid: 0, gid: 0 });
  for (const [name, text] of Object.entries(texts))
    host.writeText(`${bundle}/${name}`, text, { mode: 0o644, owner });
  if (config.timezone !== undefined)
    host.copyFile(timezoneFile(ports, config.timezone), `${bundle}/localtime`, owner);
  addToSharedHosts(ports, config);
  writeAccounts(ports, config);
}

/** hosts and resolv.conf, for the networks that the container is in now. */
function nameTexts(
  ports: FilePorts & Pick<Ports, 'rootfs'>,
  config: ContainerConfig,
): Record<'hosts' | 'resolv.conf', string> {
  const record = networkRecord(ports, config.id);
  // In a user namespace of its own the network comes behind the runtime: rewriteNameFiles does it then.
  if (record === undefined && hasNetwork(config)) return { hosts: '', 'resolv.conf': '' };
  const network = record === undefined ? undefined : networkNames(config, record);
  const base = hostsBase(ports, config);
  return {
    hosts: hostsText(config, base, network),
    'resolv.conf':
      network === undefined
        ? resolvConfText(config, ports.host.readText('/etc/resolv.conf') ?? '')
        : networkResolvConfText(config, hostResolvConf(ports), network),
  };
}

/** Writes hosts and resolv.conf anew into the files that the container sees already. */
export function rewriteNameFiles(ports: FilePorts & Pick<Ports, 'rootfs'>, config: ContainerConfig): void {
  const { bundle } = ports.runtime.files(config.id);
  for (const [name, text] of Object.entries(nameTexts(ports, config)))
    ports.host.overwriteText(`${bundle}/${name}`, text);
}

/** systemd-resolved listens on the host's loopback: what it asks itself can be reached by a container (systemd-resolved(8)). */
function hostResolvConf({ host }: Pick<FilePorts, 'host'>): string {
  const text = host.readText('/etc/resolv.conf') ?? '';
  const servers = text.match(/^nameserver .*$/gm) ?? [];
  if (servers.length !== 1 || servers[0]?.trim() !== 'nameserver 127.0.0.53') return text;
  return host.readText('/run/systemd/resolve/resolv.conf') ?? text;
}

/**
 * Host paths of what is mounted. Whoever shares a network shares the files that describe it, as in Podman; where there is
 * no network each has a hosts file of its own, and nobody to ask for names.
 */
export function mountedFiles(
  ports: FilePorts & Pick<Ports, 'rootfs'>,
  config: ContainerConfig,
): ContainerFiles {
  const files = ports.runtime.files(config.id);
  const { bundle } = files;
  const owner = networkOwner(ports.store, config);
  const shared = owner.network === 'none' ? bundle : ports.runtime.files(owner.id).bundle;
  const hosts = owner.noHosts ? bundle : shared;
  const shm = shmPath(ports, config);
  return {
    ...(owner.network === 'none' || owner.dns?.includes('none')
      ? {}
      : { resolvConf: `${shared}/resolv.conf` }),
    ...(config.noHosts ? {} : { hosts: `${hosts}/hosts` }),
    ...(config.noHostname ? {} : { hostname: `${bundle}/hostname` }),
    containerenv: `${bundle}/.containerenv`,
    ...(config.timezone === undefined ? {} : { localtime: `${bundle}/localtime` }),
    ...(config.sdNotify === 'container' ? { notify: path.dirname(files.notifySocket) } : {}),
    ...mountedAccounts(ports, config),
    ...(shm === undefined ? {} : { shm }),
  };
}

/** What /etc/hosts begins with. */
function hostsBase(
  { host, rootfs }: Pick<Ports, 'host' | 'rootfs'>,
  { id, hostsFile = '/etc/hosts' }: ContainerConfig,
): string {
  if (hostsFile === 'none') return '';
  if (hostsFile === 'image') return rootfs.readInRoot(id, '/etc/hosts') ?? '';
  const text = host.readText(hostsFile);
  if (text !== undefined || hostsFile === '/etc/hosts') return text ?? '';
  throw new BerthError(
    'command-not-found',
    `failed to create new hosts file: open ${hostsFile}: no such file or directory`,
  );
}

/** A container in another one's network finds itself in that one's hosts file. */
function addToSharedHosts({ host, store, runtime }: FilePorts, config: ContainerConfig): void {
  const owner = networkOwner(store, config);
  if (owner.id === config.id || owner.network === 'none' || owner.noHosts || config.noHosts) return;
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
