/** Text of the files that Berth makes for a container. */
import type { ContainerConfig } from '../model/config.ts';

/** /etc/hosts: the host's own entries, then the container's name where it has its own network namespace. */
export function hostsText(config: ContainerConfig, hostsOfHost: string): string {
  const base = hostsOfHost.replace(/\n*$/, '\n');
  return config.network === 'none' ? base + ownHostsLine(config) : base;
}

/** The line of /etc/hosts by which a container finds itself. */
export function ownHostsLine({ hostname, name }: Pick<ContainerConfig, 'hostname' | 'name'>): string {
  return `127.0.0.1\t${[...new Set([hostname, name])].join(' ')}\n`;
}

/** /etc/hostname */
export function hostnameText(config: ContainerConfig): string {
  return `${config.hostname}\n`;
}

/** /run/.containerenv, by which programs notice that they run in a container (systemd's container detection reads it too). */
export function containerEnvText(config: ContainerConfig): string {
  const quote = (text: string): string => JSON.stringify(text);
  return [
    'engine="berth"',
    `name=${quote(config.name)}`,
    `id=${quote(config.id)}`,
    `image=${quote(config.image?.name ?? '')}`,
    `imageid=${quote(config.image?.id ?? '')}`,
    'rootless=0',
    '',
  ].join('\n');
}
