/** The Go type behind a row of `ps`, and the headings of its table. */
import {
  as,
  BOOL,
  embedded,
  type GoType,
  INT,
  int,
  type Method,
  map,
  pointer,
  STRING,
  slice,
  struct,
  TIME,
  uint,
} from '../types.ts';

/** Where a row keeps what is computed for templates: not part of its JSON. */
const VIEW = Symbol('view');

/** What templates see of a row that differs from its JSON: `.ID` is short, `.Names` one name, `.Status` in words. */
export interface ContainerView {
  ID: string;
  ImageID: string;
  Pod: string;
  Command: string;
  Names: string;
  Status: string;
  Ports: string;
  Networks: string;
  Size: string;
  Restarts: string;
  RunningFor: string;
  CreatedAt: string;
  CreatedHuman: string;
  /** ISO 8601. */
  Created: string;
}

/** A row: the object that `ps --format json` prints, and how templates see it. */
export function listedContainer(json: object, view: ContainerView): object {
  return { ...json, [VIEW]: view };
}

const VIEWED: Exclude<keyof ContainerView, 'Created'>[] = [
  'ID',
  'ImageID',
  'Pod',
  'Command',
  'Names',
  'Status',
  'Ports',
  'Networks',
  'Size',
  'Restarts',
  'RunningFor',
  'CreatedAt',
  'CreatedHuman',
];

const NAMESPACES = struct('types.ListContainerNamespaces', {
  MNT: as('Mnt', STRING),
  Cgroup: STRING,
  IPC: as('Ipc', STRING),
  NET: as('Net', STRING),
  PIDNS: as('Pidns', STRING),
  UTS: as('Uts', STRING),
  User: STRING,
});

const viewed = (name: keyof ContainerView, type: GoType = STRING): [string, Method] => [
  name,
  {
    type,
    get: (object) => (object as { [VIEW]?: ContainerView })[VIEW]?.[name] ?? '',
  },
];

/** `.Cgroup` is `.Namespaces.Cgroup`, and so on. */
const namespace = (name: string, key: string): [string, Method] => [
  name,
  { type: STRING, get: ({ Namespaces }) => (Namespaces as Record<string, unknown> | undefined)?.[key] },
];

const LISTED = struct('types.ListContainer', {
  AutoRemove: BOOL,
  Command: slice(STRING),
  Created: TIME,
  CreatedAt: STRING,
  CIDFile: STRING,
  Exited: BOOL,
  ExitedAt: int('int64'),
  ExitCode: int('int32'),
  ExposedPorts: map(slice(STRING), uint('uint16')),
  ID: as('Id', STRING),
  Image: STRING,
  ImageID: STRING,
  IsInfra: BOOL,
  Labels: map(STRING),
  Mounts: slice(STRING),
  Names: slice(STRING),
  Namespaces: NAMESPACES,
  Networks: slice(STRING),
  Pid: INT,
  Pod: STRING,
  PodName: STRING,
  Ports: slice(
    struct('types.PortMapping', {
      HostIP: as('host_ip', STRING),
      ContainerPort: as('container_port', uint('uint16')),
      HostPort: as('host_port', uint('uint16')),
      Range: as('range', uint('uint16')),
      Protocol: as('protocol', STRING),
    }),
  ),
  Restarts: uint(),
  Size: pointer(
    struct('define.ContainerSize', {
      RootFsSize: as('rootFsSize', int('int64')),
      RwSize: as('rwSize', int('int64')),
    }),
  ),
  StartedAt: int('int64'),
  State: STRING,
  Status: STRING,
});

/** A row of `ps`. */
export const LISTED_CONTAINER = struct(
  'containers.psReporter',
  { ListContainer: embedded(LISTED) },
  Object.fromEntries([
    ...VIEWED.map((name) => viewed(name)),
    viewed('Created', TIME),
    namespace('Cgroup', 'Cgroup'),
    namespace('CGROUPNS', 'Cgroup'),
    namespace('IPC', 'Ipc'),
    namespace('MNT', 'Mnt'),
    namespace('NET', 'Net'),
    namespace('PIDNS', 'Pidns'),
    namespace('User', 'User'),
    namespace('USERNS', 'User'),
    namespace('UTS', 'Uts'),
  ]),
);
