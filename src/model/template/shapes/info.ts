/** The Go types behind `info`. What is Berth's own can be named, and is not printed with the whole. */
import { ANY, as, BOOL, FLOAT, INT, int, map, pointer, STRING, slice, struct, uint } from '../types.ts';
import { VERSION_FIELDS } from './version.ts';

const INT64 = int('int64');
const UINT64 = uint('uint64');

const ID_MAP = slice(
  struct('idtools.IDMap', {
    ContainerID: as('container_id', INT),
    HostID: as('host_id', INT),
    Size: as('size', INT),
  }),
);

const PROGRAM = { Package: as('package', STRING), Path: as('path', STRING), Version: as('version', STRING) };
const USER_NETWORK = struct('define.SlirpInfo', {
  Executable: as('executable', STRING),
  Package: as('package', STRING),
  Version: as('version', STRING),
});

const HOST = struct(
  'define.HostInfo',
  {
    Arch: as('arch', STRING),
    BuildahVersion: as('buildahVersion', STRING),
    CgroupManager: as('cgroupManager', STRING),
    CgroupsVersion: as('cgroupVersion', STRING),
    CgroupControllers: as('cgroupControllers', slice(STRING)),
    Conmon: as('conmon', pointer(struct('define.ConmonInfo', PROGRAM))),
    CPUs: as('cpus', INT),
    CPUUtilization: as(
      'cpuUtilization',
      pointer(
        struct('define.CPUUsage', {
          UserPercent: as('userPercent', FLOAT),
          SystemPercent: as('systemPercent', FLOAT),
          IdlePercent: as('idlePercent', FLOAT),
        }),
      ),
    ),
    DatabaseBackend: as('databaseBackend', STRING),
    Distribution: as(
      'distribution',
      struct('define.DistributionInfo', {
        Distribution: as('distribution', STRING),
        Variant: as('variant', STRING),
        Version: as('version', STRING),
        Codename: as('codename', STRING),
      }),
    ),
    EventLogger: as('eventLogger', STRING),
    FreeLocks: as('freeLocks', pointer(uint('uint32'))),
    Hostname: as('hostname', STRING),
    IDMappings: as(
      'idMappings',
      struct('define.IDMappings', { GIDMap: as('gidmap', ID_MAP), UIDMap: as('uidmap', ID_MAP) }),
    ),
    Kernel: as('kernel', STRING),
    LogDriver: as('logDriver', STRING),
    MemFree: as('memFree', INT64),
    MemTotal: as('memTotal', INT64),
    NetworkBackend: as('networkBackend', STRING),
    NetworkBackendInfo: as(
      'networkBackendInfo',
      struct('types.NetworkInfo', {
        Backend: as('backend', STRING),
        Version: as('version', STRING),
        Package: as('package', STRING),
        Path: as('path', STRING),
        DNS: as('dns', struct('types.DNSNetworkInfo', PROGRAM)),
      }),
    ),
    OCIRuntime: as(
      'ociRuntime',
      pointer(struct('define.OCIRuntimeInfo', { Name: as('name', STRING), ...PROGRAM })),
    ),
    OS: as('os', STRING),
    RemoteSocket: as(
      'remoteSocket',
      pointer(struct('define.RemoteSocket', { Path: as('path', STRING), Exists: as('exists', BOOL) })),
    ),
    RootlessNetworkCmd: as('rootlessNetworkCmd', STRING),
    RuntimeInfo: as('runtimeInfo', map(ANY)),
    ServiceIsRemote: as('serviceIsRemote', BOOL),
    Security: as(
      'security',
      struct('define.SecurityInfo', {
        AppArmorEnabled: as('apparmorEnabled', BOOL),
        DefaultCapabilities: as('capabilities', STRING),
        Rootless: as('rootless', BOOL),
        SECCOMPEnabled: as('seccompEnabled', BOOL),
        SECCOMPProfilePath: as('seccompProfilePath', STRING),
        SELinuxEnabled: as('selinuxEnabled', BOOL),
      }),
    ),
    Slirp4NetNS: as('slirp4netns', USER_NETWORK),
    Pasta: as('pasta', { ...USER_NETWORK, name: 'define.PastaInfo' }),
    SwapFree: as('swapFree', INT64),
    SwapTotal: as('swapTotal', INT64),
    Uptime: as('uptime', STRING),
    Variant: as('variant', STRING),
    Linkmode: as('linkmode', STRING),
  },
  {
    Systemd: {
      type: struct('berth.SystemdInfo', {
        Version: as('version', INT),
        Error: as('error', STRING),
        UnitDir: as('unitDir', STRING),
      }),
      get: ({ systemd }) => systemd,
    },
  },
);

const STORE = struct('define.StoreInfo', {
  ConfigFile: as('configFile', STRING),
  ContainerStore: as(
    'containerStore',
    struct(
      'define.ContainerStore',
      {
        Number: as('number', INT),
        Paused: as('paused', INT),
        Running: as('running', INT),
        Stopped: as('stopped', INT),
      },
      { Broken: { type: INT, get: ({ broken }) => broken } },
    ),
  ),
  GraphDriverName: as('graphDriverName', STRING),
  GraphOptions: as('graphOptions', map(ANY)),
  GraphRoot: as('graphRoot', STRING),
  GraphRootAllocated: as('graphRootAllocated', UINT64),
  GraphRootUsed: as('graphRootUsed', UINT64),
  GraphStatus: as('graphStatus', map(STRING)),
  ImageCopyTmpDir: as('imageCopyTmpDir', STRING),
  ImageStore: as('imageStore', struct('define.ImageStore', { Number: as('number', INT) })),
  RunRoot: as('runRoot', STRING),
  VolumePath: as('volumePath', STRING),
  TransientStore: as('transientStore', BOOL),
});

export const INFO_REPORT = struct('system.infoReport', {
  Host: as('host', pointer(HOST)),
  Store: as('store', pointer(STORE)),
  Registries: as('registries', map(ANY)),
  Plugins: as(
    'plugins',
    struct('define.Plugins', {
      Volume: as('volume', slice(STRING)),
      Network: as('network', slice(STRING)),
      Log: as('log', slice(STRING)),
      Authorization: as('authorization', slice(STRING)),
    }),
  ),
  Version: as('version', VERSION_FIELDS),
});
