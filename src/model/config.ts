/**
 * What a container is: fixed at create, stored as JSON, never edited afterwards.
 * What changes while it lives is ContainerState (state.ts).
 *
 * Times are milliseconds, sizes bytes, unless a name says otherwise.
 */
import type { DeviceConfig, DeviceRule } from './device.ts';
import type { HealthConfig } from './health/health.ts';
import type { JoinedNamespace, NamespaceConfig } from './namespace.ts';
import type { NetworkAttachment, PortMapping } from './network/network.ts';
import type { SdNotifyMode } from './sdnotify.ts';
import type { SecretCopy, SecretFile, SecretVariable } from './secret.ts';
import type { SelinuxLabels } from './selinux.ts';
import type { IdMappings } from './user-namespace/id-map.ts';

/** A mount as asked for: `-v`, `--tmpfs`, `--mount`, a VOLUME of the image, `--volumes-from`. */
export interface MountConfig {
  type: 'bind' | 'tmpfs' | 'ramfs' | 'volume' | 'image' | 'devpts';
  /** Absolute host path; of type bind alone. */
  source?: string;
  /** Name of the volume; of type volume alone. */
  volume?: string;
  /** The volume was made for this mount. */
  anonymous?: true;
  /** What the person called the image, and what it was then; of type image alone. */
  image?: { name: string; id: string; layers: string[] };
  /** What of the volume or image is mounted; absent: all. */
  subpath?: string;
  /** Absolute path in the container, cleaned (no `..`, no trailing slash). */
  destination: string;
  /** Mount options in the order given: ro, rw, rprivate, size=64m, mode=1777 … */
  options: string[];
}

/** A mount before what it names has been looked up: a volume without a name is an anonymous one. */
export interface RequestedMount extends Omit<MountConfig, 'image' | 'anonymous'> {
  /** Name of an image, of type image alone. */
  imageName?: string;
  /**
   * Of type bind alone: the pattern that a person wrote. The source is it as an absolute one, and stands for every path that it
   * names, each by its own name below the destination; where that is '', in its own place.
   */
  glob?: string;
}

/** bridge: in the networks that `networks` names. */
export type NetworkMode = 'none' | 'host' | 'bridge' | JoinedNamespace;

export type RestartPolicyName = 'no' | 'always' | 'on-failure' | 'unless-stopped';

export interface RestartPolicy {
  name: RestartPolicyName;
  /** Only for on-failure; 0 = without limit. */
  maximumRetryCount: number;
}

/** A limit of one device, by its path on the host. */
export interface DeviceLimit {
  device: string;
  value: number;
}

/** Limits that were asked for; an absent one is not set at all, because a kernel may lack its controller. */
export interface ResourceLimits {
  memoryBytes?: number;
  /** Memory and swap together; -1 = unlimited. */
  memorySwapBytes?: number;
  memoryReservationBytes?: number;
  /** CPUs as a decimal number: 1.5 */
  cpus?: number;
  cpuShares?: number;
  /** Microseconds, as is the period. */
  cpuQuota?: number;
  cpuPeriod?: number;
  /** As the kernel writes such lists: `0-3,7`. */
  cpusetCpus?: string;
  cpusetMems?: string;
  /** -1 = unlimited. */
  pids?: number;
  /** 10 to 1000. */
  blkioWeight?: number;
  /** Per second. */
  deviceReadBps?: DeviceLimit[];
  deviceWriteBps?: DeviceLimit[];
  deviceReadIops?: DeviceLimit[];
  deviceWriteIops?: DeviceLimit[];
  /** 10 to 1000. */
  deviceWeights?: DeviceLimit[];
}

export interface SecurityConfig {
  capAdd: string[];
  capDrop: string[];
  /** `--privileged`: all capabilities and devices, nothing masked, no seccomp profile but one that was asked for. */
  privileged?: boolean;
  noNewPrivileges: boolean;
  /** `unconfined`, a profile's path, or the distribution's default profile. */
  seccomp: 'default' | 'unconfined' | { path: string };
  /** Masked paths beyond / without the defaults (`--security-opt mask=/a:/b`, `unmask=ALL` or `/a:/b`). */
  mask: string[];
  unmask: string[] | 'ALL';
  apparmor?: string;
  /** Values of `--security-opt label=`, but for `nested`. */
  label: string[];
  /** `label=nested`: what is mounted for it can be given other labels, from within. */
  labelNested?: true;
}

/** `--ulimit name=soft[:hard]`; -1 = unlimited. */
export interface UlimitConfig {
  /** Without `RLIMIT_`, lower case: nofile, core … */
  name: string;
  soft: number;
  hard: number;
}

export interface ContainerConfig {
  /** Version of this JSON's form, for rebuilding a lost database. */
  version: 1;
  /** 64 hex digits. */
  id: string;
  name: string;
  /** ISO 8601, UTC. */
  createdAt: string;
  /** `berth-NAME.service` */
  unit: string;
  /** Made by `run --rm`: the unit file lies in /run, and the container goes with the boot. */
  ephemeral?: true;
  /** While a rename is under way: the unit as it was called before. */
  formerUnit?: string;
  image?: {
    /** sha256 hex of the image's config blob. */
    id: string;
    /** Name as the person would write it: `localhost/redis:latest`. */
    name: string;
    /** Diff ids, lowest layer first. */
    layers: string[];
  };
  /** Exploded root file system (`--rootfs`), absolute. */
  rootfs?: string;
  /** `--rootfs DIR:O`: what is written goes into the container's own directory; or `:idmap`, as the mount option. */
  rootfsOption?: string;
  /** Of its user namespace; absent: the IDs are the host's. */
  idMappings?: IdMappings;

  /** Resolved: the image's entrypoint and command, or what replaced them. */
  entrypoint: string[];
  command: string[];
  /** `--init`: absolute path of the program on the host. */
  init?: string;
  /** KEY=value, image's first, in order, each key once. */
  env: string[];
  /** What is left out of the variables that every container has (`--unsetenv`); `env` is without the image's already. */
  unsetEnv?: string[] | 'ALL';
  /** As asked for (`name`, `uid`, `name:group`, `uid:gid`); looked up in the image's /etc/passwd at start. */
  user: string;
  workdir: string;
  /** The image named the directory: one that is missing is made, as for Podman. One from --workdir must exist. */
  workdirFromImage?: boolean;
  hostname: string;
  /** `--add-host`, `NAME[;NAME…]:ADDRESS`: as typed, checked. */
  addHosts?: string[];
  /** `--hosts-file`: an absolute path, `image` or `none`; absent: the host's. */
  hostsFile?: string;
  /** The image's /etc/hosts and /etc/hostname are left as they are. */
  noHosts?: true;
  noHostname?: true;
  /** Addresses, or `none` alone: the image's /etc/resolv.conf is left as it is. */
  dns?: string[];
  dnsSearch?: string[];
  dnsOptions?: string[];
  /** Directories that have /etc/hosts and /etc/resolv.conf too; as typed. */
  chrootDirs?: string[];
  labels: Record<string, string>;
  /** Image's and `--annotation`s, given to the runtime. */
  annotations: Record<string, string>;
  terminal: boolean;
  interactive: boolean;

  stopSignal: number;
  stopTimeoutSeconds: number;
  restart: RestartPolicy;
  autoRemove: boolean;
  /** `run --rmi`: with the container, the name of its image goes, too, and with its last name the image. */
  autoRemoveImage?: true;

  mounts: MountConfig[];
  /** `--secret`: files whose content lies with the container; the first one's copy is called 0, the next one's 1 … */
  secrets?: SecretCopy[];
  /** `--secret …,type=env`: never with a value. */
  secretEnv?: SecretVariable[];
  /** `--secret …,type=credential`: credentials that the unit must have. Others that it has are mounted too. */
  credentials?: SecretFile[];
  /** `--volumes-from`, as typed: what they come to is among the mounts. */
  volumesFrom?: string[];
  network: NetworkMode;
  /** The networks that it is in, the first one's interface first; of the mode bridge alone. */
  networks?: NetworkAttachment[];
  /** Published ports with their numbers on the host; one that was left open got its number at create, as in Podman. */
  ports?: PortMapping[];
  /** `PORT/PROTOCOL`: the image's EXPOSE and `--expose`; of `--publish-all` only those that were published by `--publish`, too. */
  exposedPorts?: string[];
  /** `--publish-all`: the exposed ones are among `ports`. */
  publishAllPorts?: true;
  namespaces?: NamespaceConfig;
  /** IDs of the containers that must run when this one starts (`--requires`); see dependenciesOf for all of them. */
  requires?: string[];
  readOnly: boolean;
  /** With readOnly: tmpfs on /run, /tmp, /var/tmp (Podman's default). */
  readOnlyTmpfs: boolean;
  shmSizeBytes: number;
  /** Of each tmpfs that a payload that is systemd has. */
  systemdTmpfsBytes?: number;
  /** The image's VOLUMEs, if they are to be empty tmpfs. */
  tmpfsVolumes?: string[];
  umask: number;
  /** `--tz`: a name of the tz database, or `local`. */
  timezone?: string;
  /** `--group-add`: names of the container's /etc/group, or numbers. */
  groupAdd?: string[];
  sysctls?: Record<string, string>;
  /** `host`: those of the unit, not even Podman's defaults. */
  ulimits?: UlimitConfig[] | 'host';
  devices?: DeviceConfig[];
  /** `--cgroup-parent`: the slice of the unit. */
  cgroupParent?: string;
  /** `--cgroup-conf`: files of the container's control group, and what is written into them. */
  cgroupConf?: Record<string, string>;
  /** `--device-cgroup-rule`: what may be used beyond the devices that it is given. */
  deviceRules?: DeviceRule[];
  oomScoreAdj?: number;
  /** execution domain, personality(2) */
  personality?: 'LINUX' | 'LINUX32';
  /** Class of service of Intel's Resource Director Technology, below /sys/fs/resctrl. */
  rdtClass?: string;
  /** The payload is systemd (`--systemd`, decided at create): tmpfs on /run, /tmp …, cgroup writable. */
  systemd?: boolean;

  security: SecurityConfig;
  /** Decided at create; absent: the host had no SELinux then. */
  selinux?: SelinuxLabels;
  limits: ResourceLimits;

  /** Absolute path of the OCI runtime. */
  runtime: string;
  logDriver: (typeof LOG_DRIVERS)[number];
  logOptions?: LogOptions;
  /** `--timeout`: conmon kills the payload after so many seconds. */
  timeoutSeconds?: number;
  health?: HealthConfig;
  /** There is no check because that was asked for (`--no-healthcheck`, a check `none`), or said by the image. */
  healthDisabled?: true;
  /** false: nothing is added to /etc/passwd and /etc/group. Else see oci/accounts.ts. */
  passwd?: false;
  passwdEntry?: string;
  groupEntry?: string;
  /** Names or numbers of users of the host that get a line in /etc/passwd. */
  hostUsers?: string[];
  /** Absent: conmon. */
  sdNotify?: SdNotifyMode;
  cidFile?: string;
  /** `--pidfile`, `--conmon-pidfile`: absolute; written at each start, and left there. */
  pidFile?: string;
  conmonPidFile?: string;
  /** `--hooks-dir` at create, absolute; absent = the default directories. */
  hooksDirs?: string[];
  /** The command line that made it, for inspect. */
  createCommand: string[];
}

/** `--log-opt`. */
export interface LogOptions {
  /** Of k8s-file, absolute; it stays when the container goes. Absent: with the container's own files. */
  path?: string;
  /** Of k8s-file: where the file begins anew. */
  maxSizeBytes?: number;
  /** Of journald: SYSLOG_IDENTIFIER and CONTAINER_TAG. */
  tag?: string;
}

/** An address of `--add-host`: the host as the container reaches it, which takes a network that both are in. */
export const HOST_GATEWAY = 'host-gateway';

/** The first is the default. */
export const LOG_DRIVERS = ['journald', 'k8s-file', 'none', 'passthrough'] as const;

/** Programs that are looked for when none was asked for, in this order. */
export const OCI_RUNTIMES = ['crun', 'runc'] as const;
