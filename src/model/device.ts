/** Devices of the host in a container: `--device` and `--device-cgroup-rule`. */
import path from 'node:path';
import { BerthError } from './errors.ts';

export type DeviceType = 'b' | 'c' | 'p' | 'u';

/** A device node as mknod(2) makes it. */
export interface DeviceNode {
  path: string;
  type: DeviceType;
  major: number;
  minor: number;
  fileMode: number;
  uid: number;
  gid: number;
}

/** A rule of the control group; what is absent stands for all. */
export interface DeviceRule {
  allow: boolean;
  type?: DeviceType;
  major?: number;
  minor?: number;
  /** Of `rwm`. */
  access: string;
}

/** `--device`: a device, or all below a directory. Which those are is looked up at each start. */
export interface DeviceConfig {
  /** Absolute host path. */
  source: string;
  /** Absolute; absent: the path that the source leads to. */
  destination?: string;
  /** Of `rwm`. */
  access: string;
}

/**
 * HOST[:CONTAINER][:ACCESS]; the host's path may be relative to `cwd`.
 * @throws BerthError in Podman's words; `unsupported` for what the Container Device Interface names.
 */
export function parseDevice(text: string, cwd: string): DeviceConfig {
  const [given = '', ...rest] = text.split(':');
  if (given === '') throw new BerthError('invalid', 'stat : no such file or directory');
  if (given[0] !== '/' && given.includes('='))
    throw new BerthError(
      'unsupported',
      `--device ${text}: devices of the Container Device Interface are not supported yet`,
    );
  // A lone second word is a path or, without a slash in front, the access.
  const [first = '', access] = rest.length === 1 && rest[0]?.[0] !== '/' ? ['', rest[0] || 'rwm'] : rest;
  if (rest.length > 2 || (first !== '' && first[0] !== '/'))
    throw new BerthError('invalid', `invalid device specification: ${text}`);
  return {
    source: path.resolve(cwd, given),
    ...(first === '' ? {} : { destination: path.resolve(first) }),
    access: checkAccess(access ?? 'rwm'),
  };
}

function checkAccess(access: string): string {
  if (!/^[rwm]{1,3}$/.test(access) || new Set(access).size < access.length)
    throw new BerthError('invalid', `invalid device mode: ${access}`);
  return access;
}

/**
 * TYPE MAJOR:MINOR ACCESS, where `a` and `*` stand for all.
 * @throws BerthError `invalid` in Podman's words.
 */
export function parseDeviceRule(text: string): DeviceRule {
  const [type = '', numbers = '', access, ...rest] = text.split(' ');
  if (access === undefined || rest.length > 0)
    throw new BerthError(
      'invalid',
      `invalid device cgroup rule requires type, major:Minor, and access rules: ${JSON.stringify(text)}`,
    );
  if (type !== 'a' && type !== 'b' && type !== 'c')
    throw new BerthError('invalid', `invalid device type in device-access-add: ${type}`);
  if (!/^[rwm]+$/.test(access))
    throw new BerthError('invalid', `invalid device access in device-access-add: ${access}`);
  const [major, minor] = numbers.split(':').map(deviceNumber);
  return {
    allow: true,
    ...(type === 'a' ? {} : { type }),
    ...(major === undefined ? {} : { major }),
    ...(minor === undefined ? {} : { minor }),
    access: [...new Set(access)].join(''),
  };
}

function deviceNumber(text: string): number | undefined {
  if (text === '*') return undefined;
  if (!/^\d+$/.test(text))
    throw new BerthError('invalid', `strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}
