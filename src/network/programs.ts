/** Where netavark and aardvark-dns are. */
import { accessSync, constants } from 'node:fs';
import path from 'node:path';

/** Podman's, in its order (containers.conf(5), helper_binaries_dir). */
export const PROGRAM_DIRECTORIES = [
  '/usr/local/libexec/podman',
  '/usr/local/lib/podman',
  '/usr/libexec/podman',
  '/usr/lib/podman',
];

/** Undefined if it is not installed. */
export function networkProgram(name: 'netavark' | 'aardvark-dns'): string | undefined {
  return PROGRAM_DIRECTORIES.map((directory) => path.join(directory, name)).find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
