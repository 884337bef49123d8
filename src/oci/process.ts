/**
 * The process part of a container: its first process, and the further ones that `exec` adds.
 */
import type { ContainerConfig } from '../model/config.ts';
import { BerthError } from '../model/errors.ts';
import { argvOf } from '../model/init.ts';
import { CREDENTIALS_VARIABLE, secretEntries } from '../model/secret.ts';
import { toHost } from '../model/user-namespace/id-map.ts';
import { capabilitySets, execCapabilitySets } from './capabilities.ts';
import { containerEnvironment, type ProcessSecrets } from './environment.ts';
import type { HostFacts } from './host.ts';
import { rlimits } from './limits.ts';
import type { Process } from './types.ts';
import type { ResolvedUser } from './user.ts';

/**
 * The first process.
 * @throws BerthError `usage` when there is no command, `invalid` for capabilities, `unsupported` for AppArmor.
 */
export function containerProcess(
  config: ContainerConfig,
  user: ResolvedUser,
  host: HostFacts,
  secrets: ProcessSecrets = {},
): Process {
  const { security } = config;
  const apparmor = apparmorProfile(config, host);
  const selinux = host.selinuxEnabled === true ? config.selinux?.process : undefined;
  return {
    terminal: config.terminal,
    user: { uid: user.uid, gid: user.gid, umask: config.umask, additionalGids: mappedGroups(config, user) },
    args: commandOf(config),
    env: containerEnvironment(config, user, { terminal: config.terminal, ...secrets }),
    cwd: config.workdir || '/',
    capabilities: capabilitySets({
      capAdd: security.capAdd,
      capDrop: security.capDrop,
      privileged: security.privileged === true,
      uid: user.uid,
      hostBounding: host.capabilities,
    }),
    rlimits: rlimits(config, host),
    noNewPrivileges: security.noNewPrivileges,
    ...(apparmor === undefined ? {} : { apparmorProfile: apparmor }),
    ...(selinux ? { selinuxLabel: selinux } : {}),
    ...(config.oomScoreAdj === undefined ? {} : { oomScoreAdj: config.oomScoreAdj }),
  };
}

/**
 * The argv of the first process.
 * @throws BerthError `usage` when there is none.
 */
export function commandOf(config: ContainerConfig): string[] {
  if (config.entrypoint.length + config.command.length === 0) {
    throw new BerthError(
      'usage',
      'no command or entrypoint provided, and no CMD or ENTRYPOINT from image; give a command',
    );
  }
  return argvOf(config);
}

export interface ExecOptions {
  /** argv; must not be empty. */
  args: string[];
  /** Looked up in the container; absent: the user that the container runs as. */
  user?: ResolvedUser;
  /** Absent: the container's. */
  cwd?: string;
  /** KEY=value, after the container's. */
  env?: readonly string[];
  /** `VARIABLE=text` of secrets as they are now; absent: as the container's first process has them. */
  secrets?: readonly string[];
  terminal?: boolean;
  /** Everything the host's bounding set has. */
  privileged?: boolean;
  /** Of HostFacts; needed with privileged only. */
  hostCapabilities?: readonly string[];
}

/**
 * The process document for `crun exec --process` / `runc exec --process`.
 *
 * Everything not named comes from the container: user and groups, directory, umask, rlimits, AppArmor, SELinux,
 * no_new_privileges, OOM score. The environment is the container's with HOME of the new user.
 * @param running the `process` of the container's spec as it was started.
 * @throws BerthError `usage` when there is no command.
 */
export function execProcess(config: ContainerConfig, running: Process, options: ExecOptions): Process {
  const { args, user, terminal = false, privileged = false } = options;
  if (args.length === 0) {
    throw new BerthError(
      'usage',
      'must provide a non-empty command to start an exec session: invalid argument',
    );
  }
  const uid = user?.uid ?? running.user.uid;
  return {
    ...running,
    terminal,
    user:
      user === undefined
        ? running.user
        : { ...running.user, uid, gid: user.gid, additionalGids: mappedGroups(config, user) },
    args,
    env: containerEnvironment(
      config,
      { home: user?.home ?? homeOf(running) },
      {
        terminal,
        extra: options.env ?? [],
        secrets: options.secrets ?? secretEntries(running.env, config.secretEnv),
        hasCredentials: running.env.some((entry) => entry.startsWith(`${CREDENTIALS_VARIABLE}=`)),
      },
    ),
    cwd: options.cwd ?? running.cwd,
    capabilities: execCapabilitySets(running.capabilities, {
      uid,
      privileged,
      hostBounding: options.hostCapabilities ?? [],
    }),
  };
}

/** Without the groups that the user namespace has not: the kernel would refuse all of them. */
function mappedGroups({ idMappings }: ContainerConfig, { additionalGids }: ResolvedUser): number[] {
  if (idMappings === undefined) return additionalGids;
  return additionalGids.filter((gid) => toHost(idMappings.gids, gid) !== undefined);
}

function homeOf(running: Process): string {
  return running.env.find((entry) => entry.startsWith('HOME='))?.slice('HOME='.length) ?? '/';
}

/** Which AppArmor profile confines the container; undefined: none. */
function apparmorProfile({ security }: ContainerConfig, host: HostFacts): string | undefined {
  const { apparmor } = security;
  if (apparmor === 'unconfined') {
    return undefined;
  }
  if (apparmor === undefined) {
    return host.apparmorEnabled && security.privileged !== true ? host.apparmorProfile : undefined;
  }
  if (!host.apparmorEnabled) {
    throw new BerthError(
      'unsupported',
      `apparmor profile "${apparmor}" specified, but Apparmor is not enabled on this system`,
    );
  }
  return apparmor;
}
