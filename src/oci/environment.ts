/**
 * The environment of a container's processes.
 */
import type { ContainerConfig } from '../model/config.ts';
import { defaultEnv, withoutUnset } from '../model/env.ts';
import { NOTIFY_VARIABLE } from '../model/sdnotify.ts';
import type { ResolvedUser } from './user.ts';

/** What every container has, unless the image or the person sets it, then what they set, then `extra` (of an exec). */
export function containerEnvironment(
  config: ContainerConfig,
  user: Partial<Pick<ResolvedUser, 'home'>>,
  options: { terminal: boolean; extra?: readonly string[] },
): string[] {
  const defaults = [
    ...withoutUnset(defaultEnv(options.terminal), config.unsetEnv),
    // --unsetenv does not reach these, as with Podman.
    ...(user.home === undefined ? [] : [`HOME=${user.home}`]),
    `HOSTNAME=${config.hostname}`,
    // As the systemd container interface asks: becomes the machine id of the payload.
    ...(config.systemd === true ? [`container_uuid=${config.id.slice(0, 32)}`] : []),
    ...(config.sdNotify === 'container' ? [NOTIFY_VARIABLE] : []),
  ];
  return lastWins([...defaults, ...config.env, ...(options.extra ?? [])]);
}

/** Each key once, at its first place, with its last value. */
function lastWins(entries: readonly string[]): string[] {
  const keyOf = (entry: string): string => entry.split('=', 1)[0] ?? '';
  return [...new Map(entries.map((entry) => [keyOf(entry), entry])).values()];
}
