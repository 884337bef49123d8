/** The flags of create (and later run), and how they become a CreateRequest. */
import path from 'node:path';
import { LOG_DRIVERS, type LogOptions } from '../../model/config.ts';
import type { NetworkDefaults } from '../../model/containers-conf.ts';
import type { CreateRequest } from '../../model/create-config.ts';
import { BerthError } from '../../model/errors.ts';
import { parseTmpfsFlag, parseVolumeFlag } from '../../model/mount-flags.ts';
import { parseMountFlag } from '../../model/mount-option-list.ts';
import { parseRestartPolicy } from '../../model/restart.ts';
import { parseSdNotify, SD_NOTIFY_MODES } from '../../model/sdnotify.ts';
import { parseSecretFlag } from '../../model/secret.ts';
import { NESTED, parseSecurityFlags } from '../../model/security-flags.ts';
import { parseSignal } from '../../model/signal.ts';
import { parseSize } from '../../model/size.ts';
import { shownOwners } from '../../model/user-namespace/idmap-option.ts';
import { parseVolumesFrom } from '../../model/volume/volumes-from.ts';
import { hostNetworkDefaults } from '../../wiring/network-defaults.ts';
import type { Arguments, Flag } from '../command.ts';
import { DRY_RUN } from '../dry-run.ts';
import { listed, pairs } from '../entries.ts';
import { ENV_FLAGS, envRequest } from './env.ts';
import { HEALTH_FLAGS, healthRequest } from './health.ts';
import { HOST_FLAGS, hostRequest } from './host.ts';
import { IMAGE_FLAGS, imageRequest } from './image.ts';
import { annotations, LABEL_FLAGS, labels } from './label.ts';
import { LIMIT_FLAGS, limits, PROCESS_LIMIT_FLAGS, processLimits, size, withoutUnlimited } from './limit.ts';
import { NAMESPACE_FLAGS, namespaceRequest } from './namespace.ts';
import { NETWORK_FLAGS, networkRequest } from './network.ts';
import { RESOLVER_FLAGS, resolverRequest } from './resolver.ts';

/** Podman's default, which it writes as 64m and counts in thousands (`inspect` shows 65536000). */
const DEFAULT_SHM_SIZE = '65536000';

export const CREATE_FLAGS: Record<string, Flag> = {
  ...NAMESPACE_FLAGS,
  ...NETWORK_FLAGS,
  ...HOST_FLAGS,
  ...IMAGE_FLAGS,
  ...LIMIT_FLAGS,
  ...PROCESS_LIMIT_FLAGS,
  ...ENV_FLAGS,
  ...HEALTH_FLAGS,
  ...LABEL_FLAGS,
  ...RESOLVER_FLAGS,
  'cap-add': { type: 'strings', help: 'Add a capability' },
  'cap-drop': { type: 'strings', help: 'Drop a capability' },
  cidfile: { type: 'string', help: "Write the container's ID to this file" },
  'conmon-pidfile': { type: 'string', help: 'Write the process ID of conmon to this file' },
  'dry-run': DRY_RUN,
  entrypoint: {
    type: 'string',
    help: "Replace the image's entrypoint; '' clears it, a JSON array has several words",
  },
  'group-add': {
    type: 'strings',
    help: "Another group of the user: a name or number; keep-groups: the unit's",
  },
  'group-entry': { type: 'string', help: 'The line of /etc/group for a gid that has none' },
  hostname: { type: 'string', short: 'h', help: "The container's host name" },
  hostuser: { type: 'strings', help: 'A user of the host that gets a line in /etc/passwd' },
  interactive: { type: 'bool', short: 'i', help: 'Keep standard input open' },
  'log-driver': { type: 'string', help: 'journald, k8s-file, none or passthrough', default: LOG_DRIVERS[0] },
  'log-opt': {
    type: 'strings',
    help: 'KEY=VALUE: path and max-size of k8s-file, tag of journald',
  },
  mount: {
    type: 'strings',
    help: 'Mount type=bind, glob, volume, tmpfs, ramfs, image or devpts, with src=…, dst=… and options',
  },
  name: { type: 'string', help: 'Name of the container; its unit is berth-NAME.service' },
  'passwd-entry': { type: 'string', help: 'The line of /etc/passwd for a uid that has none' },
  pidfile: { type: 'string', help: "Write the process ID of the container's first process to this file" },
  'read-only': { type: 'bool', help: 'Mount the root file system read-only' },
  'read-only-tmpfs': {
    type: 'bool',
    help: 'With --read-only: tmpfs on /run, /tmp, /var/tmp',
    default: 'true',
  },
  replace: { type: 'bool', help: 'Remove a container of the same name first; its unit is disabled' },
  restart: { type: 'string', help: 'no, always, on-failure[:max-retries] or unless-stopped', default: 'no' },
  rm: { type: 'bool', help: 'Remove the container when it ends' },
  rootfs: {
    type: 'bool',
    help: 'The first argument is a directory to be the root file system, DIR[:O|:idmap], not an image',
  },
  runtime: { type: 'string', help: 'OCI runtime, by name or path', default: 'crun, else runc' },
  sdnotify: {
    type: 'string',
    help: 'When the unit is active: conmon (it runs), container (it says so itself), healthy, ignore',
    default: SD_NOTIFY_MODES[0],
  },
  secret: {
    type: 'strings',
    help: 'A secret as a file, or with type=env a variable: NAME[,type=…,target=…]',
  },
  'security-opt': {
    type: 'strings',
    help: 'no-new-privileges, seccomp=…, apparmor=…, label=…, mask=…, unmask=…',
  },
  'shm-size': { type: 'string', help: 'Size of /dev/shm', default: '64m' },
  'shm-size-systemd': { type: 'string', help: 'Size of each tmpfs that systemd as the payload has' },
  'stop-signal': { type: 'string', help: 'Signal that asks the container to end', default: 'SIGTERM' },
  'stop-timeout': { type: 'uint', help: 'Seconds between the stop signal and SIGKILL', default: '10' },
  sysctl: { type: 'strings', help: 'A kernel parameter of its namespaces, name=value' },
  timeout: { type: 'uint', help: 'Seconds after which the container is killed; 0 for never', default: '0' },
  tmpfs: { type: 'strings', help: 'Mount a tmpfs, ctr-dir[:options]' },
  tty: { type: 'bool', short: 't', help: 'Give the container a terminal' },
  tz: { type: 'string', help: "Time zone, like Europe/Berlin; local is the host's" },
  umask: { type: 'string', help: 'umask of the container, octal', default: '0022' },
  user: { type: 'string', short: 'u', help: 'User, user:group, uid or uid:gid' },
  volume: { type: 'strings', short: 'v', help: 'Bind mount or volume, [/host-dir:|NAME:]/ctr-dir[:options]' },
  'volumes-from': { type: 'strings', help: 'The volumes of another container, CONTAINER[:options]' },
  workdir: { type: 'string', short: 'w', help: 'Working directory' },
};

/** Applies the flags; `env` is the caller's, `defaults` are the host's. Throws BerthError with Podman's words where it has them; reads --env-file. */
export function createRequest(
  args: Arguments,
  createCommand: string[],
  env: Record<string, string | undefined> = process.env,
  defaults: NetworkDefaults = hostNetworkDefaults(env),
): CreateRequest {
  const [image = '', ...command] = args.positionals;
  if (image === '' && args.bool('rootfs'))
    throw new BerthError(
      'usage',
      'must set root filesystem source to either image or rootfs: invalid argument',
    );
  const name = args.string('name') || undefined;
  if (args.bool('replace') && name === undefined)
    throw new BerthError('usage', 'cannot replace container without --name being set');
  const rootfs = args.bool('rootfs');
  const place = rootfs ? rootfsPlace(image) : { image };
  const groups = args.strings('group-add').flatMap(listed);
  const keepsGroups = isKeepGroups(groups);
  const network = networkRequest(args, defaults);
  const security = securityRequest(args);
  const nested = security.labelNested === true ? NESTED : undefined;
  return {
    ...optional('name', name),
    ...place,
    rootfs,
    command,
    ...envRequest(args, env),
    ...optional('user', args.string('user')),
    ...optional('passwdEntry', args.string('passwd-entry') || undefined),
    ...optional('groupEntry', args.string('group-entry') || undefined),
    ...optional('hostUsers', hostUsers(args.strings('hostuser'))),
    ...optional('workdir', args.string('workdir')),
    ...optional('entrypoint', parseEntrypoint(args.string('entrypoint'))),
    ...optional('hostname', args.string('hostname') || undefined),
    labels: labels(args),
    annotations: { ...annotations(args), ...(keepsGroups ? KEEP_GROUPS : {}), ...nested?.annotations },
    terminal: args.bool('tty'),
    interactive: args.bool('interactive'),
    ...optional('stopSignal', mapped(args.string('stop-signal') || undefined, parseSignal)),
    stopTimeoutSeconds: args.int('stop-timeout') ?? 10,
    restart: parseRestartPolicy(args.string('restart') ?? 'no'),
    autoRemove: args.bool('rm'),
    mounts: [
      ...args.strings('volume').map((text) => parseVolumeFlag(text, process.cwd())),
      ...args.strings('mount').map((text) => parseMountFlag(text, process.cwd())),
      ...args.strings('tmpfs').map(parseTmpfsFlag),
      ...(nested?.mounts ?? []),
    ],
    ...optional(
      'secretRequests',
      mapped(args.strings('secret')[0], () => args.strings('secret').map(parseSecretFlag)),
    ),
    ...optional('volumesFrom', volumesFrom(args.strings('volumes-from'))),
    ...namespaceRequest(args),
    ...network,
    ...resolverRequest(args, network.network),
    ...optional('groupAdd', keepsGroups ? undefined : mapped(groups[0], () => groups)),
    ...optional('sysctls', sysctls(args.strings('sysctl').flatMap(listed))),
    readOnly: args.bool('read-only'),
    readOnlyTmpfs: args.bool('read-only-tmpfs', true),
    shmSizeBytes: size(
      args.string('shm-size') || DEFAULT_SHM_SIZE,
      (why) => `unable to translate --shm-size: ${why}`,
    ),
    ...optional('timezone', args.string('tz') || undefined),
    ...optional(
      'systemdTmpfsBytes',
      mapped(args.string('shm-size-systemd') || undefined, systemdSize) || undefined,
    ),
    ...imageRequest(args),
    umask: parseUmask(args.string('umask') || '0022'),
    security,
    ...hostRequest(args),
    limits: withoutUnlimited(limits(args)),
    ...processLimits(args),
    health: healthRequest(args),
    ...optional('sdNotify', mapped(args.string('sdnotify') || undefined, parseSdNotify)),
    ...optional('runtime', args.string('runtime')),
    ...optional('logOptions', logOptions(args.strings('log-opt'))),
    ...optional('timeoutSeconds', args.int('timeout') || undefined),
    logDriver: logDriver(args.string('log-driver') || LOG_DRIVERS[0]),
    ...optional('cidFile', mapped(args.string('cidfile') || undefined, absolute)),
    ...optional('pidFile', mapped(args.string('pidfile') || undefined, absolute)),
    ...optional('conmonPidFile', mapped(args.string('conmon-pidfile') || undefined, absolute)),
    replace: args.bool('replace'),
    createCommand,
  };
}

function securityRequest(args: Arguments): CreateRequest['security'] {
  return {
    ...parseSecurityFlags(args.strings('security-opt'), {
      add: args.strings('cap-add').flatMap(listed),
      drop: args.strings('cap-drop').flatMap(listed),
    }),
    ...(args.bool('privileged') ? { privileged: true } : {}),
  };
}

function volumesFrom(texts: string[]): string[] | undefined {
  texts.forEach(parseVolumesFrom);
  return texts.length === 0 ? undefined : texts;
}

/** `DIR`, `DIR:O` or `DIR:idmap[=…]`. */
function rootfsPlace(text: string): Pick<CreateRequest, 'image' | 'rootfsOption'> {
  const [, directory, option] = /^(.*):(O|idmap|idmap=[^:]*)$/s.exec(text) ?? [];
  if (directory === undefined || option === undefined) return { image: absolute(text) };
  shownOwners([option], undefined); // is it well-formed?
  return { image: absolute(directory), rootfsOption: option };
}

/** By which crun leaves the supplementary groups as they are: here the unit's, SupplementaryGroups=. */
const KEEP_GROUPS = { 'run.oci.keep_original_groups': '1' };

function isKeepGroups(groups: string[]): boolean {
  if (!groups.includes('keep-groups')) return false;
  if (groups.length > 1) {
    throw new BerthError(
      'invalid',
      "the '--group-add keep-groups' option is not allowed with any other --group-add options",
    );
  }
  return true;
}

function systemdSize(text: string): number {
  return size(text, (why) => `unable to translate --shm-size-systemd: ${why}`);
}

/** Which of them a container may have is for oci/sysctls.ts to say. */
function sysctls(entries: string[]): Record<string, string> | undefined {
  for (const entry of entries) {
    const [key = '', value, ...rest] = entry.split('=');
    if (value === undefined)
      throw new BerthError('invalid', `${entry} is invalid, sysctl values must be in the form of KEY=VALUE`);
    if (rest.length > 0 || key !== key.trim() || value !== value.trim())
      throw new BerthError('invalid', `'${entry}' is invalid, extra spaces found`);
  }
  return entries.length === 0 ? undefined : pairs(entries);
}

/** `json-file` is Podman's second name for k8s-file. */
function logDriver(text: string): CreateRequest['logDriver'] {
  if (text === 'json-file') return 'k8s-file';
  const driver = LOG_DRIVERS.find((one) => one === text);
  if (driver === undefined)
    throw new BerthError('invalid', `invalid log driver: invalid argument: use ${LOG_DRIVERS.join(', ')}`);
  return driver;
}

/** Keys that are not known have no effect, as in Podman: other engines' drivers have many. */
function logOptions(texts: readonly string[]): LogOptions | undefined {
  const options: LogOptions = {};
  for (const text of texts) {
    const [key, value] = splitOnce(text);
    if (value === undefined)
      throw new BerthError('invalid', `invalid log option ${JSON.stringify(text)}: write KEY=VALUE`);
    if (key === 'path') options.path = absolute(value);
    if (key === 'max-size') options.maxSizeBytes = parseSize(value, 1000); // Podman's step here
    if (key === 'tag') options.tag = value;
  }
  return Object.keys(options).length === 0 ? undefined : options;
}

function splitOnce(text: string): [string, string | undefined] {
  const at = text.indexOf('=');
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function parseEntrypoint(text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined;
  if (text === '') return [];
  if (!text.startsWith('[')) return [text];
  try {
    const words: unknown = JSON.parse(text);
    if (Array.isArray(words) && words.every((word) => typeof word === 'string')) return words;
  } catch {
    // `[` may be a program's name
  }
  return [text];
}

function parseUmask(text: string): number {
  if (!/^[0-7]{1,4}$/.test(text))
    throw new BerthError(
      'invalid',
      `invalid umask string ${text}: invalid argument: write an octal number like 0022`,
    );
  return Number.parseInt(text, 8);
}

/** Without `..` too: systemd takes no such path for RequiresMountsFor=. */
function absolute(file: string): string {
  return path.resolve(file);
}

function mapped<T, U>(value: T | undefined, map: (value: T) => U): U | undefined {
  return value === undefined ? undefined : map(value);
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
}

function hostUsers(texts: string[]): string[] | undefined {
  const users = texts.flatMap(listed).filter((user) => user !== '');
  return users.length === 0 ? undefined : users;
}
