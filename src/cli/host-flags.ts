/** The flags that give a container parts of the host. */
import type { CreateRequest } from '../model/create-config.ts';
import { parseDevice, parseDeviceRule } from '../model/device.ts';
import { BerthError } from '../model/errors.ts';
import type { Arguments, Flag } from './command.ts';

export const HOST_FLAGS: Record<string, Flag> = {
  device: {
    type: 'strings',
    help: 'A device of the host, or all in a directory, host-path[:ctr-path][:rwm]',
  },
  'device-cgroup-rule': {
    type: 'strings',
    help: 'Devices that may be used beyond these, "type major:minor rwm"',
  },
  systemd: {
    type: 'string',
    help: 'Is the command systemd, which needs more of its own? true: if it looks so; false or always',
    default: 'true',
  },
  privileged: {
    type: 'bool',
    help: 'All capabilities and devices, nothing masked, no system call filtered',
  },
};

/** Whether the devices are there is for create to see. Throws BerthError in Podman's words. */
export function hostRequest(args: Arguments): Pick<CreateRequest, 'devices' | 'deviceRules' | 'systemd'> {
  const devices = args.strings('device').map((text) => parseDevice(text, process.cwd()));
  const deviceRules = args
    .strings('device-cgroup-rule')
    .flatMap((text) => text.split(','))
    .filter((text) => text !== '')
    .map(parseDeviceRule);
  return {
    ...(devices.length === 0 ? {} : { devices }),
    ...(deviceRules.length === 0 ? {} : { deviceRules }),
    ...systemdMode(args.string('systemd') ?? ''),
  };
}

function systemdMode(text: string): Pick<CreateRequest, 'systemd'> {
  switch (text.toLowerCase()) {
    case '':
    case 'true':
      return {};
    case 'false':
      return { systemd: false };
    case 'always':
      return { systemd: true };
    default:
      throw new BerthError(
        'invalid',
        'invalid config provided: --systemd values must be one of "true, false, always": invalid configuration',
      );
  }
}
