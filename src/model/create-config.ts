/** From what was asked for and what the image says to what the container is. Pure. */
import type {
  ContainerConfig,
  MountConfig,
  NetworkMode,
  RequestedMount,
  ResourceLimits,
  RestartPolicy,
  SecurityConfig,
} from './config.ts';
import { defaultEnv, mergeEnv, withoutUnset } from './env.ts';
import { mergeIntoEnv } from './env-merge.ts';
import { BerthError } from './errors.ts';
import { type HealthRequest, healthConfig, speaksOfHealth } from './health/request.ts';
import type { ImageConfig } from './image/image.ts';
import type { Platform } from './image/platform.ts';
import { shortId, unitName } from './name.ts';
import { containerOf } from './namespace.ts';
import type { PortMapping } from './network/network.ts';
import { hasPorts, isPublished, joinPorts, publishRest } from './network/port-mappings.ts';
import { parseImageExpose, sortExposed } from './network/publish.ts';
import { assertCanBecomeReady } from './sdnotify.ts';
import type { SecretRequest } from './secret.ts';
import { parseSignal } from './signal.ts';
import { runsSystemd, SYSTEMD_STOP_SIGNAL } from './systemd.ts';
import type { IdMappings } from './user-namespace/id-map.ts';
import type { UserNamespaceRequest } from './user-namespace/user-namespace.ts';

/** What the image has no say in, and what is left out where nothing was asked for. */
const AS_ASKED = [
  'cgroupConf',
  'cgroupParent',
  'addHosts',
  'chrootDirs',
  'cidFile',
  'conmonPidFile',
  'deviceRules',
  'devices',
  'dns',
  'dnsOptions',
  'dnsSearch',
  'ephemeral',
  'groupAdd',
  'groupEntry',
  'hooksDirs',
  'hostUsers',
  'hostsFile',
  'logOptions',
  'namespaces',
  'networks',
  'noHostname',
  'noHosts',
  'oomScoreAdj',
  'passwd',
  'passwdEntry',
  'personality',
  'pidFile',
  'publishAllPorts',
  'rdtClass',
  'credentials',
  'requires',
  'rootfsOption',
  'sdNotify',
  'secretEnv',
  'secrets',
  'sysctls',
  'systemdTmpfsBytes',
  'timeoutSeconds',
  'timezone',
  'ulimits',
  'unsetEnv',
  'volumesFrom',
] as const satisfies (keyof ContainerConfig)[];
type AsAsked = (typeof AS_ASKED)[number];

/**
 * A create, parsed but not yet applied to an image. Names of containers and networks, in network, networks, namespaces and
 * requires, are as typed; they are resolved before containerConfig sees them.
 */
export interface CreateRequest extends Pick<ContainerConfig, AsAsked> {
  name?: string;
  /** Image name, or directory with `rootfs`. */
  image: string;
  rootfs: boolean;
  command: string[];
  env: string[];
  /** Entries in which the image's variables may be used. */
  envMerge?: string[];
  user?: string;
  workdir?: string;
  /** [] clears the image's. */
  entrypoint?: string[];
  hostname?: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  terminal: boolean;
  interactive: boolean;
  stopSignal?: number;
  /** `--init`: a program in PATH, or its absolute path. */
  init?: string;
  /** Is the payload systemd? Absent: as its command says. */
  systemd?: boolean;
  stopTimeoutSeconds: number;
  restart: RestartPolicy;
  autoRemove: boolean;
  /** Only with autoRemove. */
  autoRemoveImage?: true;
  /** As typed; they are looked up before containerConfig sees them, as secrets, secretEnv and credentials. */
  secretRequests?: SecretRequest[];
  mounts: RequestedMount[];
  network: NetworkMode;
  /** Ports to publish, as typed: their order is as on the command line, and the host's port may be open. */
  publish?: PortMapping[];
  /** `--expose`: each port of its own, `PORT/PROTOCOL`. */
  expose?: string[];
  userNamespace?: UserNamespaceRequest;
  readOnly: boolean;
  readOnlyTmpfs: boolean;
  shmSizeBytes: number;
  umask: number;
  security: SecurityConfig;
  limits: ResourceLimits;
  health: HealthRequest;
  runtime?: string;
  logDriver: ContainerConfig['logDriver'];
  replace: boolean;
  pull: 'always' | 'missing' | 'never' | 'newer';
  /** What the image must be for. */
  platform?: Platform;
  /** What the image's VOLUMEs become: plain directories, or tmpfs; absent: anonymous volumes. */
  imageVolumes?: 'tmpfs' | 'ignore';
  createCommand: string[];
}

export interface CreateContext {
  id: string;
  /** What the requested mounts, the image's VOLUMEs and --volumes-from come to. */
  mounts: MountConfig[];
  name: string;
  now: string;
  /** Absolute path of the runtime. */
  runtime: string;
  /** Absolute path of the program that --init means. */
  init?: string;
  hostHostname: string;
  /** Of the container whose UTS namespace is joined. */
  joinedHostname?: string;
  image?: NonNullable<ContainerConfig['image']> & { config: ImageConfig };
  idMappings?: IdMappings;
}

/** Throws BerthError for combinations that make no sense; texts are Podman's where it has them. */
export function containerConfig(request: CreateRequest, context: CreateContext): ContainerConfig {
  const image = context.image?.config;
  const { id, name } = context;
  const entrypoint = request.entrypoint ?? image?.entrypoint ?? [];
  // A command of the image belongs to its own entrypoint: another entrypoint starts without it.
  const imageCommand = request.entrypoint === undefined ? (image?.cmd ?? []) : [];
  const command = request.command.length > 0 ? request.command : imageCommand;
  if (entrypoint.length + command.length === 0) {
    throw new BerthError(
      'invalid',
      'no command or entrypoint provided, and no CMD or ENTRYPOINT from image: write a command after the image',
    );
  }
  if (request.autoRemove && request.restart.name !== 'no') {
    throw new BerthError(
      'usage',
      'the --rm option conflicts with --restart, when the restartPolicy is not "" and "no"',
    );
  }
  const health = healthConfig(request.health, image);
  checkInit(request);
  const systemd = request.systemd ?? (request.init === undefined && runsSystemd([...entrypoint, ...command]));
  assertCanBecomeReady(request.sdNotify, health);
  return {
    version: 1,
    id,
    name,
    createdAt: context.now,
    unit: unitName(name),
    ...(context.image === undefined
      ? { rootfs: request.image }
      : { image: { id: context.image.id, name: context.image.name, layers: context.image.layers } }),
    ...(context.idMappings === undefined ? {} : { idMappings: context.idMappings }),
    ...(context.init === undefined ? {} : { init: context.init }),
    entrypoint,
    command,
    env: mergeEnv(
      withoutUnset(
        mergeIntoEnv(image?.env ?? [], request.envMerge ?? [], defaultEnv(request.terminal)),
        request.unsetEnv,
      ),
      request.env,
    ),
    user: request.user || image?.user || userOf(request.userNamespace),
    workdir: request.workdir || image?.workingDir || '/',
    ...(request.workdir === undefined ? { workdirFromImage: true } : {}),
    hostname: hostname(request, context),
    labels: { ...image?.labels, ...request.labels },
    annotations: request.annotations,
    terminal: request.terminal,
    interactive: request.interactive,
    stopSignal: request.stopSignal ?? defaultStopSignal(image, systemd),
    ...(systemd ? { systemd } : {}),
    stopTimeoutSeconds: request.stopTimeoutSeconds,
    restart: request.restart,
    autoRemove: request.autoRemove,
    ...(request.autoRemoveImage ? { autoRemoveImage: request.autoRemoveImage } : {}),
    mounts: context.mounts,
    network: request.network,
    ...publishing(request, image),
    readOnly: request.readOnly,
    readOnlyTmpfs: request.readOnlyTmpfs,
    shmSizeBytes: request.shmSizeBytes,
    umask: request.umask,
    security: request.security,
    limits: request.limits,
    runtime: context.runtime,
    logDriver: request.logDriver,
    ...(health === undefined ? {} : { health }),
    ...(health === undefined && speaksOfHealth(request.health, image)
      ? { healthDisabled: true as const }
      : {}),
    createCommand: request.createCommand,
    ...asAsked(request),
    ...(request.imageVolumes === 'tmpfs' ? { tmpfsVolumes: image?.volumes ?? [] } : {}),
  };
}

/** With `--publish-all` what is exposed is published, or nothing where the container has no ports of its own. */
function publishing(
  { network, publish = [], expose = [], publishAllPorts }: CreateRequest,
  image: ImageConfig | undefined,
): Pick<ContainerConfig, 'ports' | 'exposedPorts'> {
  const exposed = sortExposed([...(image?.exposedPorts ?? []).flatMap(parseImageExpose), ...expose]);
  const asked = hasPorts(network) ? joinPorts(publish) : [];
  const all = publishAllPorts === true;
  const ports = all && hasPorts(network) ? [...asked, ...publishRest(asked, exposed)] : asked;
  const exposedPorts = all ? exposed.filter((port) => isPublished(asked, port)) : exposed;
  return {
    ...(ports.length === 0 ? {} : { ports }),
    ...(exposedPorts.length === 0 ? {} : { exposedPorts }),
  };
}

/** Both systemd and init(1) want to be the first process, and there must be one. */
function checkInit({ init, systemd, namespaces }: CreateRequest): void {
  if (init === undefined) return;
  if (systemd === true)
    throw new BerthError('invalid', 'cannot use container-init binary with systemd=always');
  if ((namespaces?.pid ?? 'private') !== 'private')
    throw new BerthError('invalid', "cannot add init binary as PID 1 (PID namespace isn't private)");
}

function defaultStopSignal(image: ImageConfig | undefined, systemd: boolean): number {
  return parseSignal(image?.stopSignal ?? (systemd ? SYSTEMD_STOP_SIGNAL : 'SIGTERM'));
}

function asAsked(request: CreateRequest): Pick<ContainerConfig, AsAsked> {
  return Object.fromEntries(
    AS_ASKED.flatMap((key) => (request[key] === undefined ? [] : [[key, request[key]]])),
  );
}

/** A hostname is of a UTS namespace: one that is not the container's own has its already. */
function hostname(request: CreateRequest, context: CreateContext): string {
  const uts = request.namespaces?.uts ?? 'private';
  if (uts === 'private')
    return request.hostname ?? (request.network === 'host' ? context.hostHostname : shortId(context.id));
  if (request.hostname !== undefined) {
    throw new BerthError(
      'invalid',
      'invalid config provided: cannot set hostname when running in the host UTS namespace: invalid configuration',
    );
  }
  return containerOf(uts) === undefined ? context.hostHostname : (context.joinedHostname ?? '');
}

/** Of a namespace that says whose the command is. */
function userOf(request: UserNamespaceRequest | undefined): string {
  return request !== undefined && 'identity' in request ? request.user : '';
}
