/** The devices that a container is given, as they are on the host now. */
import type { ContainerConfig, ResourceLimits } from '../model/config.ts';
import type { DeviceConfig } from '../model/device.ts';
import { BerthError } from '../model/errors.ts';
import type { DeviceNumbers } from '../oci/limits.ts';
import type { HostDevice } from '../oci/spec.ts';
import type { Ports } from './ports.ts';

/**
 * Those of `--device`, after all of /dev for a privileged container. The last word on a path in the container counts.
 * @throws BerthError `invalid` in Podman's words for what is no device.
 */
export function hostDevices({ host }: Pick<Ports, 'host'>, config: ContainerConfig): HostDevice[] {
  const all = config.security.privileged === true ? (host.devicesAt('/dev')?.nodes ?? []) : [];
  const found = [
    ...all
      // What has a console of its own as a payload would take the host's.
      .filter(({ path }) => config.systemd !== true || !/^\/dev\/tty\d+$/.test(path))
      .map((node) => ({ ...node, access: 'rwm' })),
    ...(config.devices ?? []).flatMap((device) => devicesFor(host, device)),
  ];
  return [...new Map(found.map((device) => [device.path, device])).values()];
}

function devicesFor(host: Ports['host'], { source, destination, access }: DeviceConfig): HostDevice[] {
  const found = host.devicesAt(source);
  if (found === undefined) throw new BerthError('invalid', `stat ${source}: no such file or directory`);
  if (found.nodes.length === 0)
    throw new BerthError(
      'invalid',
      host.isDirectory(source)
        ? `no devices found in ${source}: invalid argument`
        : `${source} is not a valid device: not a device node`,
    );
  const target = destination ?? found.path;
  // Nothing of the root file system can be opened as a device: it is mounted nodev.
  if (!`${target}/`.startsWith('/dev/'))
    throw new BerthError('invalid', `invalid device specification: ${target} is not below /dev`);
  return found.nodes.map((node) => ({
    ...node,
    path: target + node.path.slice(found.path.length),
    access,
  }));
}

/**
 * The numbers of the devices that limits name.
 * @throws BerthError `invalid` in Podman's words for what is no device.
 */
export function limitedDevices({ host }: Pick<Ports, 'host'>, limits: ResourceLimits): DeviceNumbers {
  const { deviceReadBps, deviceWriteBps, deviceReadIops, deviceWriteIops, deviceWeights } = limits;
  const throttled = [deviceReadBps, deviceWriteBps, deviceReadIops, deviceWriteIops].flatMap(
    (list) => list ?? [],
  );
  const find = (device: string, missing: string): [string, { major: number; minor: number }] => {
    const found = host.devicesAt(device);
    if (found === undefined) throw new BerthError('invalid', missing);
    const [node] = found.nodes;
    if (node === undefined || node.path !== found.path)
      throw new BerthError('invalid', `${device} is not a valid device: not a device node`);
    return [device, { major: node.major, minor: node.minor }];
  };
  return Object.fromEntries([
    ...throttled.map(({ device }) =>
      find(device, `could not parse throttle device at ${device}: no such file or directory`),
    ),
    ...(deviceWeights ?? []).map(({ device }) =>
      find(device, `failed to inspect '${device}' in --blkio-weight-device: no such file or directory`),
    ),
  ]);
}
