/**
 * The environment of a container's processes.
 */
import type { ContainerConfig } from '../model/config.ts';
import { defaultEnv, withoutUnset } from '../model/env.ts';
import { NOTIFY_VARIABLE } from '../model/sdnotify.ts';
import { CREDENTIALS_VARIABLE, SECRETS_DIRECTORY } from '../model/secret.ts';
import type { ResolvedUser } from './user.ts';

/** What processes have of secrets and credentials besides files. */
export interface ProcessSecrets {
  /** `VARIABLE=text` of `--secret …,type=env`. */
  secrets?: readonly string[];
  /** The unit has credentials, and the container thus files of them. */
  hasCredentials?: boolean;
}

/**
 * What every container has, unless the image or the person sets it, then what they set, then `extra` (of an exec). Secrets
 * come last, as with Podman: nothing replaces them.
 */
export function containerEnvironment(
  config: ContainerConfig,
  user: Partial<Pick<ResolvedUser, 'home'>>,
  options: { terminal: boolean; extra?: readonly string[] } & ProcessSecrets,
): string[] {
  const defaults = [
    ...withoutUnset(defaultEnv(options.terminal), config.unsetEnv),
    // --unsetenv does not reach these, as with Podman.
    ...(user.home === undefined ? [] : [`HOME=${user.home}`]),
    `HOSTNAME=${config.hostname}`,
    // As the systemd container interface asks: becomes the machine id of the payload.
    ...(config.systemd === true ? [`container_uuid=${config.id.slice(0, 32)}`] : []),
    ...(options.hasCredentials === true ? [`${CREDENTIALS_VARIABLE}=${SECRETS_DIRECTORY}`] : []),
    ...(config.sdNotify === 'container' ? [NOTIFY_VARIABLE] : []),
  ];
  return lastWins([...defaults, ...config.env, ...(options.extra ?? []), ...(options.secrets ?? [])]);
}

/** Each key once, at its first place, with its last value. */
function lastWins(entries: readonly string[]): string[] {
  const keyOf = (entry: string): string => entry.split('=', 1)[0] ?? '';
  return [...new Map(entries.map((entry) => [keyOf(entry), entry])).values()];
}
