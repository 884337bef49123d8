/** `ps --format`: rows as JSON or through a Go template, as Podman's have them. Loaded only when asked for. */
import type { ContainerConfig } from '../model/config.ts';
import { commandColumn, containerStatus } from '../model/display.ts';
import { humanDuration } from '../model/duration.ts';
import type { Listed } from '../model/listed.ts';
import { shortId } from '../model/name.ts';
import { listedExposed, listedPort, portsColumn } from '../model/network/port-display.ts';
import { displayStatus } from '../model/state.ts';
import { LISTED_CONTAINER, listedContainer } from '../model/template/shapes/listed.ts';
import { printFormatted } from './format.ts';
import { type PsView, sizeColumn } from './ps-table.ts';

/** Prints the containers in the form asked for; a wrong template is a BerthError with Podman's text. */
export function printContainers(
  print: (text: string) => void,
  listed: readonly Listed[],
  { format, now, whole, noHeading }: PsView & { format: string },
): void {
  printFormatted(print, {
    kind: 'rows',
    name: 'ps',
    format,
    noHeading,
    table: '{{.ID}}\t{{.Names}}',
    headers: HEADERS,
    rows: listed.map((each) => templateRow(each, now, whole)),
    type: LISTED_CONTAINER,
    json: () => listed.map((each) => asJson(each, now)),
  });
}

function templateRow(listed: Listed, now: number, whole: boolean): object {
  const { record, published, size, restarts = 0 } = listed;
  const { config } = record;
  const age = humanDuration(now - Date.parse(config.createdAt));
  const id = (hex: string): string => (whole ? hex : shortId(hex));
  return listedContainer(asJson(listed, now), {
    ID: id(config.id),
    ImageID: id(config.image?.id ?? ''),
    Pod: '',
    Command: commandColumn(config, whole),
    Names: config.name,
    Status: containerStatus(record, now),
    Ports: portsColumn(published, config.exposedPorts),
    Networks: networkNames(config).join(','),
    Size: sizeColumn(size),
    Restarts: String(restarts),
    RunningFor: `${age} ago`,
    CreatedAt: goTime(config.createdAt),
    CreatedHuman: `${age} ago`,
    Created: config.createdAt,
  });
}

/** Podman's keys, then Berth's own. */
function asJson({ record, published, namespaces, size, restarts = 0 }: Listed, now: number): object {
  const { config, state, health } = record;
  return {
    AutoRemove: config.autoRemove,
    Command: [...config.entrypoint, ...config.command],
    CreatedAt: `${humanDuration(now - Date.parse(config.createdAt))} ago`,
    CIDFile: config.cidFile ?? '',
    Exited: state.status === 'exited' || state.status === 'stopped',
    ExitedAt: seconds(state.finishedAt),
    ExitCode: state.exitCode,
    ExposedPorts: listedExposed(config.exposedPorts),
    Id: config.id,
    Image: config.image?.name ?? '',
    ImageID: config.image?.id ?? '',
    IsInfra: false,
    Labels: Object.keys(config.labels).length === 0 ? null : config.labels,
    Mounts: config.mounts.map(({ destination }) => destination),
    Names: [config.name],
    Namespaces: namespaces === undefined ? {} : namespaceNumbers(namespaces),
    Networks: networkNames(config),
    Pid: state.payload?.pid ?? 0,
    Pod: '',
    PodName: '',
    Ports: published?.map(listedPort) ?? null,
    Restarts: restarts,
    Size: size === undefined ? null : { rootFsSize: size.rootFs, rwSize: size.rw },
    StartedAt: seconds(state.startedAt),
    State: displayStatus(state.status),
    Status: containerStatus(record, now),
    Created: seconds(config.createdAt),
    Health: health?.status ?? '',
    Unit: config.unit,
  };
}

function networkNames({ networks = [] }: ContainerConfig): string[] {
  return networks.map(({ network }) => network);
}

/** Seconds since the epoch; what has not happened is Go's zero time. */
function seconds(time: string | undefined): number {
  return time === undefined ? -62_135_596_800 : Math.floor(Date.parse(time) / 1000);
}

/** As Go prints a time: 2026-11-22 14:01:01.295 +0000 UTC */
function goTime(iso: string): string {
  return iso.replace('T', ' ').replace(/\.?0*Z$/, ' +0000 UTC');
}

function namespaceNumbers(numbers: Record<string, string>): object {
  const keys = {
    Mnt: 'mnt',
    Cgroup: 'cgroup',
    Ipc: 'ipc',
    Net: 'net',
    Pidns: 'pid',
    Uts: 'uts',
    User: 'user',
  };
  return Object.fromEntries(Object.entries(keys).map(([key, name]) => [key, numbers[name] ?? '']));
}

/** Podman's headings of `table …`. */
const HEADERS = {
  ID: 'CONTAINER ID',
  Image: 'IMAGE',
  ImageID: 'IMAGE ID',
  Command: 'COMMAND',
  CreatedHuman: 'CREATED',
  Created: 'CREATED',
  CreatedAt: 'CREATED AT',
  RunningFor: 'RUNNING FOR',
  Status: 'STATUS',
  State: 'STATE',
  Ports: 'PORTS',
  ExposedPorts: 'EXPOSED PORTS',
  Names: 'NAMES',
  Labels: 'LABELS',
  Mounts: 'MOUNTS',
  Networks: 'NETWORKS',
  Namespaces: 'NAMESPACES',
  Pid: 'PID',
  Pod: 'POD ID',
  PodName: 'PODNAME',
  Exited: 'EXITED',
  ExitedAt: 'EXITED AT',
  ExitCode: 'EXIT CODE',
  StartedAt: 'STARTED AT',
  Size: 'SIZE',
  Restarts: 'RESTARTS',
  AutoRemove: 'AUTO REMOVE',
  CIDFile: 'CID FILE',
  IsInfra: 'IS INFRA',
};
