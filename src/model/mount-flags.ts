/** `-v` and `--tmpfs` as a person writes them → MountConfig. Option words are checked by oci/mount-options.ts. */
import path from 'node:path';
import type { MountConfig } from './config.ts';
import { BerthError } from './errors.ts';

/**
 * `/host/dir:/dir[:ro,…]`. A source that begins with a dot is found from `directory`; any other relative one would be a
 * named volume, which Berth does not have yet.
 */
export function parseVolumeFlag(text: string, directory: string): MountConfig {
  const parts = text.split(':');
  const [source = '', destination, options, ...rest] = parts;
  if (destination === '' || text === '')
    throw new BerthError('invalid', 'container directory cannot be empty');
  if (destination === undefined) {
    throw new BerthError(
      'unsupported',
      `anonymous volumes are not supported yet (${JSON.stringify(text)}): write -v /host/dir:/dir`,
    );
  }
  if (source === '') throw new BerthError('invalid', 'host directory cannot be empty');
  if (rest.length > 0) {
    throw new BerthError(
      'invalid',
      `${text}: incorrect volume format, should be [host-dir:]ctr-dir[:option]`,
    );
  }
  if (!/^[./]/.test(source)) {
    throw new BerthError(
      'unsupported',
      `named volumes are not supported yet (${JSON.stringify(text)}): write a host path that begins with / or . before the colon`,
    );
  }
  return {
    type: 'bind',
    source: path.posix.resolve(directory, source),
    destination: containerPath(destination),
    options: words(options),
  };
}

/** `/dir[:size=64m,mode=1777,…]` */
export function parseTmpfsFlag(text: string): MountConfig {
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
