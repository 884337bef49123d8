/** The flags that give a container parts of the host. */
import path from 'node:path';
import type { CreateRequest } from '../../model/create-config.ts';
import { parseDevice, parseDeviceRule } from '../../model/device.ts';
import { BerthError } from '../../model/errors.ts';
import { DEFAULT_INIT } from '../../model/init.ts';
import { parseCgroupParent } from '../../model/slice.ts';
import type { Arguments, Flag } from '../command.ts';
import { listed, pairs } from '../entries.ts';

export const HOST_FLAGS: Record<string, Flag> = {
  cgroups: {
    type: 'string',
    help: 'enabled, split or no-conmon, which are the same: the unit has conmon and the container',
    default: 'enabled',
  },
  'cgroup-conf': { type: 'strings', help: "A file of the container's control group, file=content" },
  'cgroup-parent': { type: 'string', help: 'Slice of the unit, like machine.slice' },
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
  init: { type: 'bool', help: 'Run a small init program first, which passes signals on and reaps processes' },
  'init-path': { type: 'string', help: 'That program', default: 'catatonit' },
  privileged: {
    type: 'bool',
    help: 'All capabilities and devices, nothing masked, no system call filtered',
  },
};

type HostRequest = Pick<
  CreateRequest,
  'cgroupConf' | 'cgroupParent' | 'devices' | 'deviceRules' | 'init' | 'systemd'
>;

/** Whether the devices are there is for create to see. Throws BerthError in Podman's words. */
export function hostRequest(args: Arguments): HostRequest {
  const devices = args.strings('device').map((text) => parseDevice(text, process.cwd()));
  const deviceRules = args.strings('device-cgroup-rule').flatMap(listed).map(parseDeviceRule);
  return {
    ...cgroupRequest(args),
    ...(devices.length === 0 ? {} : { devices }),
    ...(deviceRules.length === 0 ? {} : { deviceRules }),
    ...(args.bool('init') ? { init: initProgram(args.string('init-path') ?? '') } : {}),
    ...systemdMode(args.string('systemd') ?? ''),
  };
}

function initProgram(file: string): string {
  return file === '' ? DEFAULT_INIT : path.resolve(file);
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

function cgroupRequest(args: Arguments): Pick<CreateRequest, 'cgroupConf' | 'cgroupParent'> {
  const mode = args.string('cgroups') || 'enabled';
  const parent = args.string('cgroup-parent') ?? '';
  const conf = args.strings('cgroup-conf').flatMap(listed);
  if (mode === 'disabled')
    throw new BerthError(
      'unsupported',
      '--cgroups disabled: a container is a unit, and a unit has a control group',
    );
  if (!['enabled', 'split', 'no-conmon'].includes(mode))
    throw new BerthError('invalid', `invalid cgroup mode ${JSON.stringify(mode)}: invalid argument`);
  if (mode === 'split' && parent !== '')
    throw new BerthError(
      'invalid',
      'cannot specify --cgroup-mode=split with a cgroup-parent: invalid argument',
    );
  if (conf.some((entry) => !entry.includes('=')))
    throw new BerthError('invalid', '--cgroup-conf must be formatted KEY=VALUE');
  return {
    ...(parent === '' ? {} : { cgroupParent: parseCgroupParent(parent) }),
    ...(conf.length === 0 ? {} : { cgroupConf: pairs(conf) }),
  };
}
