/** User namespaces of others, by their paths (namespaces(7)). */
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { type IdMappings, parseProcMap } from '../model/user-namespace/id-map.ts';
import { cleanEnvironment } from './spawn.ts';

/**
 * The mappings of the namespace behind a path like /proc/PID/ns/user, to this process's own; undefined if there is none or it is
 * this process's own. The kernel tells them only in the namespace or of a process in it, so nsenter(1) runs cat(1) there.
 */
export function idMappingsOf(path: string): IdMappings | undefined {
  const there = statSync(path, { throwIfNoEntry: false });
  if (there === undefined || there.ino === statSync('/proc/self/ns/user').ino) return undefined;
  const [uids, gids] = ['uid_map', 'gid_map'].map((file) => {
    const { stdout, status } = spawnSync(
      'nsenter',
      [`--user=${path}`, '--preserve-credentials', 'cat', `/proc/self/${file}`],
      { env: cleanEnvironment(), encoding: 'utf8' },
    );
    return status === 0 ? parseProcMap(stdout) : [];
  });
  return uids === undefined || gids === undefined || uids.length + gids.length === 0
    ? undefined
    : { uids, gids };
}
