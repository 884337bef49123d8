/**
 * The OCI runtime spec of a container: what it was configured to be, applied to this host.
 */
import type { ContainerConfig } from '../model/config.ts';
import type { DeviceNode, DeviceRule } from '../model/device.ts';
import { BerthError } from '../model/errors.ts';
import { KERNEL_NAMES, type NamespaceName, namespaceModes } from '../model/namespace.ts';
import type { IdRange } from '../model/user-namespace/id-map.ts';
import type { ProcessSecrets } from './environment.ts';
import type { HostFacts } from './host.ts';
import { cgroupResources, type DeviceNumbers, unifiedResources } from './limits.ts';
import { maskedPaths, readonlyPaths } from './masks.ts';
import { type ContainerFiles, containerMounts, rootfsPropagation } from './mounts.ts';
import { containerProcess } from './process.ts';
import { resolveSeccomp } from './seccomp.ts';
import { containerSysctls } from './sysctls.ts';
import type { IdMapping, Linux, Namespace, Seccomp, Spec } from './types.ts';
import type { ResolvedUser } from './user.ts';

/** A device node of the host, given to the container at `path`. */
export interface HostDevice extends DeviceNode {
  /** Of `rwm`. */
  access: string;
}

export interface SpecInput {
  config: ContainerConfig;
  /** Absolute path of the mounted root file system. */
  rootPath: string;
  cgroupsPath: string;
  user: ResolvedUser;
  files: ContainerFiles;
  /** See MountsInput. */
  sourceFlags?: Readonly<Record<string, readonly string[]>>;
  places?: Readonly<Record<string, string>>;
  /** `--device`; with privileged, all the host's. */
  devices?: readonly HostDevice[];
  /** Those with a limit of their own. */
  limitedDevices?: DeviceNumbers;
  /** Where the namespaces are that the container joins; see joinedNamespaces in lifecycle. */
  namespacePaths?: Readonly<Partial<Record<NamespaceName, string>>>;
  /** See containerEnvironment. */
  secrets?: ProcessSecrets;
  host: HostFacts;
}

/**
 * Where the spec differs from Podman 5.4's for the same command line, on purpose:
 *
 * | part | Podman | Berth | why |
 * |---|---|---|---|
 * | /dev/shm | bind of a tmpfs that Podman mounts on the host | tmpfs made by the runtime, unless `--ipc shareable` | one mount less to make and to leak |
 * | env container=podman | for images only | always | one rule; systemd as payload needs it with --rootfs too |
 * | additionalGids | the own gid only with --user | always | the same to id(1), and one rule |
 * | maskedPaths | powercap twice | once | |
 * | annotations | io.container.manager=libpod, org.systemd.property.* | none of these | no scope is made: the unit is the supervisor |
 * | devices' fileMode | with the file type's bits | permissions only | what the specification's schema allows |
 * | sets that are empty | left out | `[]` | the same to both runtimes |
 * | /sys in privileged | also rprivate | without | the runtime's default |
 * | devices in a user namespace | not denied | denied as elsewhere | a device node may come with a volume |
 * | /sys/fs/cgroup in a user namespace, network not its own | source /sys/fs/cgroup, no relatime | as elsewhere | the same to both runtimes |
 * | cgroup with systemd inside | `private,rw` | the usual options with rw | nosuid, nodev, noexec cost nothing |
 *
 * One thing is Podman's against the specification: rootfsPropagation `rslave`, which the schema does not list but
 * both runtimes know. Its `slave` is not recursive and would leave mounts below the root shared with the host.
 *
 * @throws BerthError what its parts throw, for wrong or unsupported values; nothing is dropped silently but a
 *   capability that the host lacks.
 */
export function generateSpec(input: SpecInput): Spec {
  const { config, host } = input;
  const { security } = config;
  const process = containerProcess(config, input.user, host, input.secrets);
  const mounts = containerMounts(input);
  const propagation = rootfsPropagation(mounts);
  const seccomp = seccompOf(config, process.capabilities.bounding, host);
  const sysctl = containerSysctls(config);
  const mountLabel = host.selinuxEnabled === true ? config.selinux?.mount : undefined;
  const devices = (input.devices ?? []).map(({ access: _, ...device }) => ({
    ...device,
    fileMode: device.fileMode & 0o777,
  }));
  return {
    // Nothing newer is in use, and crun before 1.8.4 (Debian 12 has 1.8.1) refuses any version but 1.0.
    ociVersion: '1.0.2',
    process,
    root: { path: input.rootPath, readonly: config.readOnly },
    ...(ownsHostname(config) ? { hostname: config.hostname } : {}),
    mounts,
    annotations: {
      // Read by runtimes and conmon's relatives for an orderly stop.
      'org.opencontainers.image.stopSignal': String(config.stopSignal),
      ...config.annotations,
    },
    linux: {
      namespaces: namespaces(input),
      ...mappings(config),
      cgroupsPath: input.cgroupsPath,
      resources: {
        ...cgroupResources(config.limits, deviceRules(input), host.cgroupControllers, input.limitedDevices),
        ...unifiedResources(config, host.cgroupControllers),
      },
      ...(devices.length > 0 ? { devices } : {}),
      ...(Object.keys(sysctl).length > 0 ? { sysctl } : {}),
      ...(seccomp === undefined ? {} : { seccomp }),
      ...(config.personality === undefined ? {} : { personality: { domain: config.personality } }),
      ...(config.rdtClass === undefined ? {} : { intelRdt: { closID: config.rdtClass } }),
      maskedPaths: maskedPaths(security),
      readonlyPaths: readonlyPaths(security),
      ...(mountLabel === undefined ? {} : { mountLabel }),
      ...(propagation === undefined ? {} : { rootfsPropagation: propagation }),
    },
  };
}

/** Both runtimes refuse a hostname for a namespace that is not made for it. */
function ownsHostname({ namespaces }: ContainerConfig): boolean {
  return (namespaces?.uts ?? 'private') === 'private';
}

function namespaces({ config, namespacePaths = {} }: SpecInput): Namespace[] {
  const modes = namespaceModes(config);
  const order: Namespace['type'][] = ['pid', 'network', 'ipc', 'uts', 'mount', 'user', 'cgroup'];
  const isHosts = (type: Namespace['type']): boolean =>
    type === 'user' ? config.idMappings === undefined : isJoinable(type) && modes[type] === 'host';
  return order
    .filter((type) => !isHosts(type))
    .map((type) => {
      const path = isJoinable(type) ? namespacePaths[type] : undefined;
      return path === undefined ? { type } : { type, path };
    });
}

/** Given for a namespace that is joined too: runc asks for them. */
function mappings({ idMappings }: ContainerConfig): Pick<Linux, 'uidMappings' | 'gidMappings'> {
  if (idMappings === undefined) return {};
  const entry = ({ container, host, size }: IdRange): IdMapping => ({
    containerID: container,
    hostID: host,
    size,
  });
  return { uidMappings: idMappings.uids.map(entry), gidMappings: idMappings.gids.map(entry) };
}

function isJoinable(type: Namespace['type']): type is NamespaceName {
  return type in KERNEL_NAMES;
}

/**
 * Everything is denied first; the runtime itself allows the devices every container has (config-linux.md, "Default
 * Devices").
 */
function deviceRules({ config, devices = [] }: SpecInput): DeviceRule[] {
  if (config.security.privileged === true) {
    return [{ allow: true, access: 'rwm' }];
  }
  return [
    { allow: false, access: 'rwm' },
    ...devices.map(({ type, major, minor, access }) => ({ allow: true, type, major, minor, access })),
    ...(config.deviceRules ?? []),
  ];
}

function seccompOf(
  config: ContainerConfig,
  bounding: readonly string[],
  host: HostFacts,
): Seccomp | undefined {
  const { seccomp, privileged } = config.security;
  if (seccomp === 'unconfined' || (privileged === true && seccomp === 'default')) {
    return undefined;
  }
  if (host.seccompProfile === undefined) {
    throw new BerthError(
      'unsupported',
      'no seccomp profile was found; install golang-github-containers-common or use --security-opt seccomp=unconfined',
    );
  }
  return resolveSeccomp(host.seccompProfile, bounding, host);
}
