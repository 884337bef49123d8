/** --tz: which file of the host's becomes a container's /etc/localtime. */
import { BerthError } from '../model/errors.ts';
import type { Ports } from './ports.ts';

const ZONES = '/usr/share/zoneinfo';

/**
 * The host's file of a time zone, by its name in the tz database; `local` is the zone that the host is in.
 * @throws BerthError `invalid`, in the words of Go's time package as Podman passes them on.
 */
export function timezoneFile({ host }: Pick<Ports, 'host'>, zone: string): string {
  if (zone === 'local') return '/etc/localtime';
  const wrong = (why: string): BerthError => new BerthError('invalid', `finding timezone: ${why}`);
  if (/^[/\\]|\.\./.test(zone)) throw wrong('time: invalid location name');
  const file = `${ZONES}/${zone}`;
  if (!host.exists(file)) throw wrong(`unknown time zone ${zone}`);
  if (host.isDirectory(file)) throw wrong('is a directory');
  return file;
}
