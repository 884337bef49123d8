/**
 * The Go types behind `inspect` of a container in Podman 5.4, as `{{printf "%T" .X}}` and `{{printf "%#v" .X}}`
 * name them: which fields are pointers, lists or maps decides what a template prints for "nothing".
 */
import {
  as,
  BOOL,
  DURATION,
  embedded,
  INT,
  int,
  map,
  pointer,
  STRING,
  slice,
  struct,
  TIME,
  uint,
} from '../types.ts';

const STRINGS = slice(STRING);
const STRING_MAP = map(STRING);
const EMPTY = struct('struct {}', {});
const INT64 = int('int64');
const UINT64 = uint('uint64');

const HEALTH_LOG = struct('define.HealthCheckLog', {
  Start: STRING,
  End: STRING,
  ExitCode: INT,
  Output: STRING,
});
const HEALTH = pointer(
  struct('define.HealthCheckResults', { Status: STRING, FailingStreak: INT, Log: slice(HEALTH_LOG) }),
);

const STATE = struct(
  'define.InspectContainerState',
  {
    OciVersion: STRING,
    Status: STRING,
    Running: BOOL,
    Paused: BOOL,
    Restarting: BOOL,
    OOMKilled: BOOL,
    Dead: BOOL,
    Pid: INT,
    ConmonPid: INT,
    ExitCode: int('int32'),
    Error: STRING,
    StartedAt: TIME,
    FinishedAt: TIME,
    Health: HEALTH,
    Checkpointed: BOOL,
    CgroupPath: STRING,
    CheckpointedAt: TIME,
    RestoredAt: TIME,
    CheckpointLog: STRING,
    CheckpointPath: STRING,
    RestoreLog: STRING,
    Restored: BOOL,
    StoppedByUser: BOOL,
  },
  { Healthcheck: { type: HEALTH, get: ({ Health }) => Health } },
);

const HEALTHCHECK = {
  Test: STRINGS,
  StartPeriod: DURATION,
  StartInterval: DURATION,
  Interval: DURATION,
  Timeout: DURATION,
  Retries: INT,
};

/** A health check as images and containers have it. */
export const HEALTH_CONFIG = pointer(struct('manifest.Schema2HealthConfig', HEALTHCHECK));

const SECRET = struct('define.InspectSecret', {
  Name: STRING,
  ID: STRING,
  UID: uint('uint32'),
  GID: uint('uint32'),
  Mode: uint('uint32'),
});

const CONFIG = struct('define.InspectContainerConfig', {
  Hostname: STRING,
  DomainName: as('Domainname', STRING),
  User: STRING,
  AttachStdin: BOOL,
  AttachStdout: BOOL,
  AttachStderr: BOOL,
  Tty: BOOL,
  OpenStdin: BOOL,
  StdinOnce: BOOL,
  Env: STRINGS,
  Cmd: STRINGS,
  Image: STRING,
  Volumes: map(EMPTY),
  WorkingDir: STRING,
  Entrypoint: STRINGS,
  OnBuild: pointer(STRING),
  Labels: STRING_MAP,
  Annotations: STRING_MAP,
  StopSignal: STRING,
  StartupHealthCheck: pointer(
    struct('define.StartupHealthCheck', {
      Schema2HealthConfig: embedded(struct('manifest.Schema2HealthConfig', HEALTHCHECK)),
      Successes: INT,
    }),
  ),
  Healthcheck: HEALTH_CONFIG,
  HealthcheckOnFailureAction: STRING,
  HealthLogDestination: STRING,
  HealthMaxLogCount: as('HealthcheckMaxLogCount', uint()),
  HealthMaxLogSize: as('HealthcheckMaxLogSize', uint()),
  CreateCommand: STRINGS,
  Timezone: STRING,
  SystemdMode: BOOL,
  Umask: STRING,
  Secrets: slice(pointer(SECRET)),
  Timeout: uint(),
  StopTimeout: uint(),
  Passwd: pointer(BOOL),
  ChrootDirs: STRINGS,
  SdNotifyMode: as('sdNotifyMode', STRING),
  SdNotifySocket: as('sdNotifySocket', STRING),
  ExposedPorts: map(EMPTY),
  V4PodmanCompatMarshal: BOOL,
});

const PORT_BINDINGS = map(
  slice(struct('define.InspectHostPort', { HostIP: as('HostIp', STRING), HostPort: STRING })),
);
const THROTTLES = slice(struct('define.InspectBlkioThrottleDevice', { Path: STRING, Rate: UINT64 }));

const HOST_CONFIG = struct('define.InspectContainerHostConfig', {
  Binds: STRINGS,
  CgroupManager: STRING,
  CgroupMode: STRING,
  ContainerIDFile: STRING,
  LogConfig: pointer(
    struct('define.InspectLogConfig', {
      Type: STRING,
      Config: STRING_MAP,
      Path: STRING,
      Tag: STRING,
      Size: STRING,
    }),
  ),
  NetworkMode: STRING,
  PortBindings: PORT_BINDINGS,
  RestartPolicy: pointer(struct('define.InspectRestartPolicy', { Name: STRING, MaximumRetryCount: uint() })),
  AutoRemove: BOOL,
  AutoRemoveImage: BOOL,
  Annotations: STRING_MAP,
  VolumeDriver: STRING,
  VolumesFrom: STRINGS,
  CapAdd: STRINGS,
  CapDrop: STRINGS,
  Dns: STRINGS,
  DnsOptions: STRINGS,
  DnsSearch: STRINGS,
  ExtraHosts: STRINGS,
  HostsFile: STRING,
  GroupAdd: STRINGS,
  IpcMode: STRING,
  Cgroup: STRING,
  Cgroups: STRING,
  Links: STRINGS,
  OomScoreAdj: INT,
  PidMode: STRING,
  Privileged: BOOL,
  PublishAllPorts: BOOL,
  ReadonlyRootfs: BOOL,
  SecurityOpt: STRINGS,
  Tmpfs: STRING_MAP,
  UTSMode: STRING,
  UsernsMode: STRING,
  IDMappings: pointer(
    struct('define.InspectIDMappings', { UIDMap: as('UidMap', STRINGS), GIDMap: as('GidMap', STRINGS) }),
  ),
  ShmSize: INT64,
  Runtime: STRING,
  ConsoleSize: slice(uint()),
  Isolation: STRING,
  CpuShares: UINT64,
  Memory: INT64,
  NanoCpus: INT64,
  CgroupParent: STRING,
  BlkioWeight: uint('uint16'),
  BlkioWeightDevice: slice(
    struct('define.InspectBlkioWeightDevice', { Path: STRING, Weight: uint('uint16') }),
  ),
  BlkioDeviceReadBps: THROTTLES,
  BlkioDeviceWriteBps: THROTTLES,
  BlkioDeviceReadIOps: THROTTLES,
  BlkioDeviceWriteIOps: THROTTLES,
  CpuPeriod: UINT64,
  CpuQuota: INT64,
  CpuRealtimePeriod: UINT64,
  CpuRealtimeRuntime: INT64,
  CpusetCpus: STRING,
  CpusetMems: STRING,
  Devices: slice(
    struct('define.InspectDevice', {
      PathOnHost: STRING,
      PathInContainer: STRING,
      CgroupPermissions: STRING,
    }),
  ),
  DiskQuota: UINT64,
  KernelMemory: INT64,
  MemoryReservation: INT64,
  MemorySwap: INT64,
  MemorySwappiness: INT64,
  OomKillDisable: BOOL,
  Init: BOOL,
  PidsLimit: INT64,
  Ulimits: slice(struct('define.InspectUlimit', { Name: STRING, Soft: INT64, Hard: INT64 })),
  CpuCount: UINT64,
  CpuPercent: UINT64,
  IOMaximumIOps: UINT64,
  IOMaximumBandwidth: UINT64,
  CgroupConf: STRING_MAP,
  IntelRdtClosID: STRING,
});

const ADDRESS = struct('define.Address', { Addr: STRING, PrefixLength: INT });
const BASIC_NETWORK = embedded(
  struct('define.InspectBasicNetworkConfig', {
    EndpointID: STRING,
    Gateway: STRING,
    IPAddress: STRING,
    IPPrefixLen: INT,
    SecondaryIPAddresses: slice(ADDRESS),
    IPv6Gateway: STRING,
    GlobalIPv6Address: STRING,
    GlobalIPv6PrefixLen: INT,
    SecondaryIPv6Addresses: slice(ADDRESS),
    MacAddress: STRING,
    AdditionalMacAddresses: as('AdditionalMACAddresses', STRINGS),
  }),
);

const NETWORK = struct('define.InspectAdditionalNetwork', {
  InspectBasicNetworkConfig: BASIC_NETWORK,
  NetworkID: STRING,
  DriverOpts: STRING_MAP,
  IPAMConfig: STRING_MAP,
  Links: STRINGS,
  Aliases: STRINGS,
});

const NETWORK_SETTINGS = struct('define.InspectNetworkSettings', {
  InspectBasicNetworkConfig: BASIC_NETWORK,
  Bridge: STRING,
  SandboxID: STRING,
  HairpinMode: BOOL,
  LinkLocalIPv6Address: STRING,
  LinkLocalIPv6PrefixLen: INT,
  Ports: PORT_BINDINGS,
  SandboxKey: STRING,
  Networks: map(pointer(NETWORK)),
});

const MOUNT = struct('define.InspectMount', {
  Type: STRING,
  Name: STRING,
  Source: STRING,
  Destination: STRING,
  Driver: STRING,
  Mode: STRING,
  Options: STRINGS,
  RW: BOOL,
  Propagation: STRING,
  SubPath: STRING,
});

export const DRIVER = pointer(struct('define.DriverData', { Name: STRING, Data: STRING_MAP }));

const DATA = pointer(
  struct('define.InspectContainerData', {
    ID: as('Id', STRING),
    Created: TIME,
    Path: STRING,
    Args: STRINGS,
    State: pointer(STATE),
    Image: STRING,
    ImageDigest: STRING,
    ImageName: STRING,
    Rootfs: STRING,
    Pod: STRING,
    ResolvConfPath: STRING,
    HostnamePath: STRING,
    HostsPath: STRING,
    StaticDir: STRING,
    OCIConfigPath: STRING,
    OCIRuntime: STRING,
    ConmonPidFile: STRING,
    PidFile: STRING,
    Name: STRING,
    RestartCount: int('int32'),
    Driver: STRING,
    MountLabel: STRING,
    ProcessLabel: STRING,
    AppArmorProfile: STRING,
    EffectiveCaps: STRINGS,
    BoundingCaps: STRINGS,
    ExecIDs: STRINGS,
    GraphDriver: DRIVER,
    SizeRw: pointer(INT64),
    SizeRootFs: INT64,
    Mounts: slice(MOUNT),
    Dependencies: STRINGS,
    NetworkSettings: pointer(NETWORK_SETTINGS),
    Namespace: STRING,
    IsInfra: BOOL,
    IsService: BOOL,
    KubeExitCodePropagation: STRING,
    LockNumber: as('lockNumber', uint('uint32')),
    Config: pointer(CONFIG),
    HostConfig: pointer(HOST_CONFIG),
    UseImageHosts: BOOL,
    UseImageHostname: BOOL,
    Unit: STRING,
    StartNumber: INT,
  }),
);

/** One container, with Berth's own fields at the end. */
export const CONTAINER = pointer(
  struct('entities.ContainerInspectReport', { InspectContainerData: embedded(DATA) }),
);

/** Docker's names, which Podman's `inspect` takes too. */
export const INSPECT_ALIASES = { Id: 'ID', Src: 'Source', Dst: 'Destination', ImageID: 'Image' };
