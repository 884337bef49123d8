/** SELinux labels of a container: decided when it is made, and given at each start to the files that are made for it. */
import type { ContainerConfig } from '../model/config.ts';
import { containerOf, namespaceModes } from '../model/namespace.ts';
import {
  assertMayRelabel,
  joinedOptions,
  labelsInForce,
  levelOf,
  parseOptions,
  relabelTo,
  selinuxLabels,
  sharedLabel,
} from '../model/selinux.ts';
import { mountedFiles } from './container-files.ts';
import { networkOwner } from './joined-namespaces.ts';
import type { Ports, Store } from './ports.ts';

type CreatePorts = Pick<Ports, 'host' | 'store' | 'randomBytes'>;

/** Throws 'invalid' for an option that is none, and for a mount that may not be relabelled; both count only with SELinux. */
export function checkLabels({ host }: Pick<Ports, 'host'>, { security, mounts }: ContainerConfig): void {
  if (!host.isSelinuxEnabled()) return;
  parseOptions(security.label);
  for (const { source, options } of mounts)
    if (source !== undefined && relabelTo(options, '') !== undefined) assertMayRelabel(source, host.homes());
}

/** For the transaction that inserts the row: with labels whose categories no other container has, where SELinux is on. */
export function withLabels(
  { host, store, randomBytes }: CreatePorts,
  config: ContainerConfig,
): ContainerConfig {
  const contexts = host.selinuxContexts();
  if (contexts === undefined) return config;
  const { security, systemd = false } = config;
  const labels = selinuxLabels(
    {
      options: security.privileged === true ? ['disable'] : security.label,
      joined: security.privileged === true ? [] : joined(store, config),
      isSystemd: systemd,
    },
    { contexts, used: usedLevels(store), random: Buffer.from(randomBytes(4)).readUInt32LE() },
  );
  return labels.mount === '' ? config : { ...config, selinux: labels };
}

/** Who sees the host's processes or memory cannot be kept from them; who sees another container's must be like that one. */
function joined(store: Store, config: ContainerConfig): string[] {
  const { pid, ipc } = namespaceModes(config);
  return [pid, ipc].flatMap((mode) => {
    if (mode === 'host') return ['disable'];
    const owner = containerOf(mode);
    return owner === undefined ? [] : joinedOptions(store.getContainer(owner)?.config.selinux?.process ?? '');
  });
}

function usedLevels(store: Store): Set<string> {
  return new Set(
    store
      .listContainers()
      .containers.flatMap(({ config: { selinux } }) =>
        selinux === undefined
          ? []
          : [selinux.process, selinux.mount].flatMap((label) => levelOf(label) ?? []),
      ),
  );
}

/**
 * Labels what berth-start has written for the container, and its secrets: as its own, but for the files that it has from
 * another one whose network it shares.
 */
export function labelFiles(
  ports: Pick<Ports, 'host' | 'store' | 'runtime' | 'rootfs'>,
  config: ContainerConfig,
): void {
  const { host, store, rootfs } = ports;
  const label = labelsInForce(config, host.isSelinuxEnabled)?.mount;
  if (label === undefined) return;
  const { resolvConf, hosts, notify, shm: _, secrets: __, ...own } = mountedFiles(ports, config);
  const ofNetwork = networkOwner(store, config).id === config.id ? label : sharedLabel(label);
  // conmon makes its socket in there: what is made later has the type of the directory.
  if (notify !== undefined) host.makeDirectory(notify, 0o755);
  const labelled: [file: string | undefined, label: string][] = [
    [resolvConf, ofNetwork],
    [hosts, ofNetwork],
    [notify, label],
    ...Object.values(own).map((file): [string, string] => [file, label]),
    ...(config.secrets ?? []).map((_, index): [string, string] => [
      rootfs.secretCopy(config.id, index),
      label,
    ]),
  ];
  for (const [file, as] of labelled) if (file !== undefined) host.writeLabel(file, as);
}
