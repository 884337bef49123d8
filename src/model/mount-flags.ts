/** `-v` and `--tmpfs` as a person writes them → RequestedMount. Option words are checked by oci/mount-options.ts. */
import path from 'node:path';
import type { RequestedMount } from './config.ts';
import { BerthError, messageOf } from './errors.ts';
import { checkVolumeName } from './volume/volume.ts';

/**
 * `/host/dir:/dir[:ro,…]`, `NAME:/dir[:…]` for a volume, `/dir` for an anonymous one. A source that begins with a dot is
 * found from `directory`; any other relative one is a volume's name.
 */
export function parseVolumeFlag(text: string, directory: string): RequestedMount {
  const [source = '', destination, options, ...rest] = text.split(':');
  if (destination === '' || text === '')
    throw new BerthError('invalid', 'container directory cannot be empty');
  if (destination === undefined) return { type: 'volume', destination: containerPath(source), options: [] };
  if (source === '') throw new BerthError('invalid', 'host directory cannot be empty');
  if (rest.length > 0) {
    throw new BerthError(
      'invalid',
      `${text}: incorrect volume format, should be [host-dir:]ctr-dir[:option]`,
    );
  }
  const place = { destination: containerPath(destination), options: words(options) };
  if (/^[./]/.test(source)) return { type: 'bind', source: path.posix.resolve(directory, source), ...place };
  return { type: 'volume', volume: volumeNamed(source), ...place };
}

/** Throws for what is no name of a volume, in Podman's words. */
export function volumeNamed(name: string): string {
  try {
    return checkVolumeName(name);
  } catch (error) {
    throw new BerthError('invalid', `creating named volume ${JSON.stringify(name)}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** `/dir[:size=64m,mode=1777,…]` */
export function parseTmpfsFlag(text: string): RequestedMount {
  const [destination = '', options, ...rest] = text.split(':');
  if (rest.length > 0)
    throw new BerthError('invalid', `invalid tmpfs ${JSON.stringify(text)}: it should be ctr-dir[:options]`);
  if (destination === '') throw new BerthError('invalid', 'container directory cannot be empty');
  return { type: 'tmpfs', destination: containerPath(destination), options: words(options) };
}

/** A place in a container: absolute, and cleaned. @throws BerthError `invalid` */
export function containerPath(destination: string): string {
  if (!path.posix.isAbsolute(destination)) {
    throw new BerthError(
      'invalid',
      `invalid container path ${JSON.stringify(destination)}, must be an absolute path`,
    );
  }
  return clean(destination);
}

/** Without `..`, doubled and trailing slashes. */
function clean(file: string): string {
  const normal = path.posix.normalize(file);
  return normal.length > 1 ? normal.replace(/\/$/, '') : normal;
}

function words(options: string | undefined): string[] {
  return options === undefined ? [] : options.split(',');
}
