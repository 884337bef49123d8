/**
 * Containers for the golden and the peer comparison: each is given once as Berth's config and once as the arguments of
 * `podman create`, in a root file system with the PASSWD and GROUP below.
 */
import { readFileSync } from 'node:fs';
import type { ContainerConfig, SecurityConfig } from '../../../src/model/config.ts';
import type { IdMappings } from '../../../src/model/user-namespace/id-map.ts';
import { capabilitiesOfMask } from '../../../src/oci/capabilities.ts';
import type { HostFacts } from '../../../src/oci/host.ts';
import type { SeccompProfile } from '../../../src/oci/seccomp.ts';
import type { HostDevice, SpecInput } from '../../../src/oci/spec.ts';
import { lookupUser } from '../../../src/oci/user.ts';
import { config as plainConfig } from '../../support/config.ts';

export const PASSWD = `root:x:0:0:root:/root:/bin/sh
nobody:x:65534:65534:nobody:/nonexistent:/bin/sh
app:x:1000:1000:App:/home/app:/bin/sh
`;
export const GROUP = `root:x:0:
nogroup:x:65534:
app:x:1000:
extra:x:2000:app,nobody
extra2:x:2001:app
rooty:x:2002:root
`;

/** Of the bed in which the peer's answers were recorded. */
export const HOST: HostFacts = {
  arch: 'x64',
  kernelVersion: '6.12.48+deb13-amd64',
  capabilities: capabilitiesOfMask('000001fffeffffff'),
  rlimits: { nofile: { soft: 1024, hard: 20_000 }, nproc: { soft: 96_365, hard: 96_365 } },
  seccompProfile: readProfile(),
  apparmorEnabled: false,
  cgroupControllers: ['cpu', 'memory', 'pids'],
};

export interface Case {
  name: string;
  /** Arguments of `podman create` before `--rootfs DIR sleep 5`; absent for what no bed can show. */
  podman?: string[];
  config: Partial<Omit<ContainerConfig, 'security'>>;
  security?: Partial<SecurityConfig>;
  devices?: HostDevice[];
  host?: Partial<HostFacts>;
  sourceFlags?: Record<string, string[]>;
  /** Keep linux.seccomp in the stored files. */
  seccomp?: boolean;
  /** What the schema says against the spec, on purpose (see generateSpec). */
  complaints?: string[];
}

const NULL_DEVICE: HostDevice = {
  path: '/dev/xx',
  type: 'c',
  major: 1,
  minor: 3,
  fileMode: 0o20666,
  uid: 0,
  gid: 0,
  access: 'r',
};

const IDS_0_TO_4: IdMappings = {
  uids: [{ container: 0, host: 100_000, size: 5 }],
  gids: [{ container: 0, host: 100_000, size: 5 }],
};

const LABELS = {
  process: 'system_u:system_r:container_t:s0:c12,c345',
  mount: 'system_u:object_r:container_file_t:s0:c12,c345',
};

export const CASES: Case[] = [
  { name: 'default', podman: ['--network=none'], config: {}, seccomp: true },
  { name: 'host-network', podman: ['--network=host', '--hostname=box'], config: { network: 'host' } },
  { name: 'user', podman: ['--network=none', '--user=app'], config: { user: 'app' } },
  {
    name: 'user-namespace',
    podman: ['--network=none', '--uidmap=0:100000:65536', '--gidmap=1000:7:1', '--gidmap=0:200000:1000'],
    config: {
      namespaces: { user: 'private' },
      idMappings: {
        uids: [{ container: 0, host: 100_000, size: 65_536 }],
        gids: [
          { container: 0, host: 200_000, size: 1000 },
          { container: 1000, host: 7, size: 1 },
        ],
      },
    },
  },
  {
    name: 'user-namespace-host',
    podman: ['--network=host', '--hostname=box', '--pid=host', '--ipc=host', '--uidmap=0:100000:5'],
    config: {
      network: 'host',
      namespaces: { user: 'private', pid: 'host', ipc: 'host' },
      // Without the group of terminals.
      idMappings: IDS_0_TO_4,
    },
  },
  {
    name: 'user-namespace-privileged',
    podman: ['--network=none', '--privileged', '--uidmap=0:100000:5'],
    config: { namespaces: { user: 'private' }, idMappings: IDS_0_TO_4 },
    security: { privileged: true },
  },
  {
    name: 'user-group',
    podman: ['--network=none', '--user=1000:extra', '--group-add=77', '--group-add=rooty'],
    config: { user: '1000:extra', groupAdd: ['77', 'rooty'] },
  },
  {
    name: 'environment',
    podman: ['--network=none', '-t', '-e=A=1', '-e=PATH=/bin', '-e=HOME=/h', '--workdir=/tmp'],
    config: { terminal: true, env: ['A=1', 'PATH=/bin', 'HOME=/h'], workdir: '/tmp' },
  },
  {
    name: 'capabilities',
    podman: [
      '--network=none',
      '--cap-add=net_admin',
      '--cap-add=CAP_SYS_ADMIN',
      '--cap-drop=kill',
      '--cap-drop=sys_chroot',
    ],
    config: {},
    security: { capAdd: ['net_admin', 'CAP_SYS_ADMIN'], capDrop: ['kill', 'sys_chroot'] },
    seccomp: true,
  },
  {
    name: 'capabilities-user',
    podman: ['--network=none', '--user=app', '--cap-add=net_admin', '--cap-drop=kill'],
    config: { user: 'app' },
    security: { capAdd: ['net_admin'], capDrop: ['kill'] },
  },
  {
    name: 'capabilities-all',
    podman: ['--network=none', '--cap-add=ALL', '--cap-drop=mknod'],
    config: {},
    security: { capAdd: ['ALL'], capDrop: ['mknod'] },
    seccomp: true,
  },
  {
    name: 'capabilities-none',
    podman: ['--network=none', '--cap-drop=all', '--security-opt=no-new-privileges'],
    config: {},
    security: { capDrop: ['all'], noNewPrivileges: true },
  },
  {
    name: 'read-only',
    podman: [
      '--network=none',
      '--read-only',
      '--tmpfs=/data',
      '--tmpfs=/data2:size=1m,mode=755',
      '-v=/etc:/mnt/a/b:ro',
      '-v=/etc:/mnt/a:z,nosuid',
    ],
    config: {
      readOnly: true,
      mounts: [
        { type: 'tmpfs', destination: '/data', options: [] },
        { type: 'tmpfs', destination: '/data2', options: ['size=1m', 'mode=755'] },
        { type: 'bind', source: '/etc', destination: '/mnt/a/b', options: ['ro'] },
        { type: 'bind', source: '/etc', destination: '/mnt/a', options: ['z', 'nosuid'] },
      ],
    },
  },
  {
    name: 'read-only-sealed',
    podman: ['--network=none', '--read-only', '--read-only-tmpfs=false'],
    config: { readOnly: true, readOnlyTmpfs: false },
  },
  {
    name: 'mounts',
    podman: [
      '--network=none',
      '-v=/etc:/a:bind',
      '-v=/etc:/b:slave',
      '-v=/tmp:/c:ro',
      '-v=/tmp:/d:suid,dev,exec',
      '-v=/etc/issue:/etc/hostname:ro',
      '-v=/etc:/dev/mqueue',
      '--tmpfs=/run',
      '--tmpfs=/dev/shm:size=1m',
      '--tmpfs=/e:ro,noexec,notmpcopyup,suid',
    ],
    config: {
      mounts: [
        { type: 'bind', source: '/etc', destination: '/a', options: ['bind'] },
        { type: 'bind', source: '/etc', destination: '/b', options: ['slave'] },
        { type: 'bind', source: '/tmp', destination: '/c', options: ['ro'] },
        { type: 'bind', source: '/tmp', destination: '/d', options: ['suid', 'dev', 'exec'] },
        { type: 'bind', source: '/etc/issue', destination: '/etc/hostname', options: ['ro'] },
        { type: 'bind', source: '/etc', destination: '/dev/mqueue', options: [] },
        { type: 'tmpfs', destination: '/run', options: [] },
        { type: 'tmpfs', destination: '/dev/shm', options: ['size=1m'] },
        { type: 'tmpfs', destination: '/e', options: ['ro', 'noexec', 'notmpcopyup', 'suid'] },
      ],
    },
    sourceFlags: { '/tmp': ['nosuid', 'nodev'] },
    complaints: ['/linux/rootfsPropagation must be equal to one of the allowed values'],
  },
  {
    name: 'shared-mount',
    podman: ['--network=none', '-v=/etc:/a:rshared,exec', '-v=/etc:/b:rslave'],
    config: {
      mounts: [
        { type: 'bind', source: '/etc', destination: '/a', options: ['rshared', 'exec'] },
        { type: 'bind', source: '/etc', destination: '/b', options: ['rslave'] },
      ],
    },
  },
  {
    name: 'masks',
    podman: [
      '--network=none',
      '--security-opt=mask=/etc/x:/etc/y',
      '--security-opt=unmask=/proc/a*:/proc/keys',
      '--security-opt=seccomp=unconfined',
    ],
    config: {},
    security: { mask: ['/etc/x', '/etc/y'], unmask: ['/proc/a*', '/proc/keys'], seccomp: 'unconfined' },
  },
  {
    name: 'unmask-cgroup',
    podman: ['--network=none', '--security-opt=unmask=/sys/fs/cgroup'],
    config: {},
    security: { unmask: ['/sys/fs/cgroup'] },
  },
  {
    name: 'unmask-all',
    podman: ['--network=none', '--security-opt=unmask=ALL'],
    config: {},
    security: { unmask: 'ALL' },
  },
  {
    name: 'limits',
    podman: [
      '--network=none',
      '--memory=64m',
      '--cpus=1.5',
      '--pids-limit=100',
      '--ulimit=core=-1',
      '--ulimit=nofile=100:200',
      '--umask=0077',
      '--oom-score-adj=100',
      '--sysctl=net.ipv4.ip_forward=1',
      '--annotation=a=b',
      '--stop-signal=SIGINT',
    ],
    config: {
      limits: { memoryBytes: 67_108_864, cpus: 1.5, pids: 100 },
      ulimits: [
        { name: 'core', soft: -1, hard: -1 },
        { name: 'nofile', soft: 100, hard: 200 },
      ],
      umask: 0o077,
      oomScoreAdj: 100,
      sysctls: { 'net.ipv4.ip_forward': '1' },
      annotations: { a: 'b' },
      stopSignal: 2,
    },
  },
  {
    name: 'devices',
    podman: ['--network=none', '--device=/dev/null:/dev/xx:r'],
    config: {},
    devices: [NULL_DEVICE],
  },
  {
    name: 'privileged',
    podman: ['--network=none', '--privileged'],
    config: {},
    security: { privileged: true },
  },
  {
    name: 'systemd',
    podman: ['--network=none', '--systemd=always'],
    config: { systemd: true, stopSignal: 37 },
  },
  {
    name: 'selinux',
    config: { selinux: LABELS },
    host: { selinuxEnabled: true },
  },
];

/** What generateSpec is given for a case. */
export function inputOf({ config, security, devices = [], sourceFlags = {}, host = {} }: Case): SpecInput {
  const full: ContainerConfig = {
    ...BASE,
    ...config,
    security: { ...BASE.security, ...security },
  };
  return {
    config: full,
    rootPath: '/ROOT',
    cgroupsPath: '/CGROUP',
    user: lookupUser(full.user, PASSWD, GROUP, { groupAdd: full.groupAdd ?? [] }),
    files: {
      hosts: '/FILES/hosts',
      hostname: '/FILES/hostname',
      containerenv: '/FILES/.containerenv',
      ...(full.namespaces?.ipc === 'host' ? { shm: '/dev/shm' } : {}),
      // As Podman: without a network there is no name server to name.
      ...(full.network === 'none' ? {} : { resolvConf: '/FILES/resolv.conf' }),
    },
    sourceFlags,
    devices,
    host: { ...HOST, ...host },
  };
}

const BASE = plainConfig(
  {
    id: 'c0ffee'.repeat(11).slice(0, 64),
    name: 'golden',
    unit: 'berth-golden.service',
    rootfs: '/ROOT',
    command: ['sleep', '5'],
    shmSizeBytes: 65_536_000,
    logDriver: 'journald',
  },
  { seccomp: 'default' },
);

/** Debian 13's /usr/share/containers/seccomp.json (golang-github-containers-common). */
function readProfile(): SeccompProfile {
  return JSON.parse(readFileSync(new URL('seccomp/containers-common.json', import.meta.url), 'utf8'));
}
