/** The flags that limit the I/O of single block devices. */
import type { DeviceLimit, ResourceLimits } from '../../model/config.ts';
import { BerthError } from '../../model/errors.ts';
import { parseSize } from '../../model/size.ts';
import type { Arguments, Flag } from '../command.ts';

export const BLOCK_IO_FLAGS: Record<string, Flag> = {
  'blkio-weight-device': { type: 'strings', help: 'Share of the I/O of one device, device:weight' },
  'device-read-bps': { type: 'strings', help: 'Most bytes read in a second, device:size' },
  'device-read-iops': { type: 'strings', help: 'Most reads in a second, device:number' },
  'device-write-bps': { type: 'strings', help: 'Most bytes written in a second, device:size' },
  'device-write-iops': { type: 'strings', help: 'Most writes in a second, device:number' },
};

/** Those that were asked for. Throws BerthError 'invalid' in Podman's words. */
export function blockIoLimits(args: Arguments): Partial<ResourceLimits> {
  const asked = {
    deviceReadBps: args.strings('device-read-bps').map((text) => deviceLimit(text, bytes)),
    deviceWriteBps: args.strings('device-write-bps').map((text) => deviceLimit(text, bytes)),
    deviceReadIops: args.strings('device-read-iops').map((text) => deviceLimit(text, operations)),
    deviceWriteIops: args.strings('device-write-iops').map((text) => deviceLimit(text, operations)),
    deviceWeights: args.strings('blkio-weight-device').map((text) => deviceLimit(text, weight)),
  };
  return Object.fromEntries(Object.entries(asked).filter(([, list]) => list.length > 0));
}

/** `read` understands what follows the device and is told the whole text, for its error. */
function deviceLimit(text: string, read: (value: string, text: string) => number): DeviceLimit {
  const at = text.indexOf(':');
  if (at < 0) throw new BerthError('invalid', `bad format: ${text}`);
  const device = text.slice(0, at);
  if (!device.startsWith('/dev/')) throw new BerthError('invalid', `bad format for device path: ${text}`);
  return { device, value: read(text.slice(at + 1), text) };
}

const RATE = 'invalid rate for device: %. The correct format is <device-path>:<number>';

function bytes(value: string, text: string): number {
  try {
    return parseSize(value);
  } catch (cause) {
    throw new BerthError(
      'invalid',
      `${RATE.replace('%', text)}[<unit>]. Number must be a positive integer. Unit is optional and can be kb, mb, or gb`,
      { cause },
    );
  }
}

function operations(value: string, text: string): number {
  const count = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (!Number.isSafeInteger(count))
    throw new BerthError('invalid', `${RATE.replace('%', text)}. Number must be a positive integer`);
  return count;
}

function weight(value: string, text: string): number {
  const share = /^\d+$/.test(value) ? Number(value) : 0;
  if (share >= 10 && share <= 1000) return share;
  throw new BerthError('invalid', `invalid weight for device: ${text}`);
}
