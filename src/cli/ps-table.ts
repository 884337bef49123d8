/** The tables of `ps` without a format. */
import { commandColumn, containerStatus } from '../model/display.ts';
import { humanDuration } from '../model/duration.ts';
import type { Listed } from '../model/listed.ts';
import { shortId } from '../model/name.ts';
import { portsColumn } from '../model/network/port-display.ts';
import { shortSize } from '../model/size.ts';
import { table } from './table.ts';

export interface PsView {
  /** ms since the epoch */
  now: number;
  /** --no-trunc */
  whole: boolean;
  noHeading: boolean;
}

export interface PsColumns extends PsView {
  /** --ns: another table altogether */
  namespaces: boolean;
  size: boolean;
  pod: boolean;
}

/** The table that the flags ask for. */
export function psTable(listed: readonly Listed[], columns: PsColumns): string {
  const { noHeading } = columns;
  if (columns.namespaces) return namespaceTable(listed, columns);
  const headings = ['CONTAINER ID', 'IMAGE', 'COMMAND', 'CREATED', 'STATUS', 'PORTS', 'NAMES'];
  if (columns.pod) headings.push('POD ID', 'PODNAME');
  if (columns.size) headings.push('SIZE');
  return table(
    headings,
    listed.map((each) => row(each, columns)),
    { noHeading },
  );
}

function row({ record, published, size }: Listed, { now, whole, pod, size: withSize }: PsColumns): string[] {
  const { config } = record;
  return [
    whole ? config.id : shortId(config.id),
    config.image?.name ?? config.rootfs ?? '',
    commandColumn(config, whole),
    `${humanDuration(now - Date.parse(config.createdAt))} ago`,
    containerStatus(record, now),
    portsColumn(published, config.exposedPorts),
    config.name,
    ...(pod ? ['', ''] : []),
    ...(withSize ? [sizeColumn(size)] : []),
  ];
}

/** `10.8kB (virtual 2.48MB)` */
export function sizeColumn(size: Listed['size']): string {
  return size === undefined ? '' : `${shortSize(size.rw)} (virtual ${shortSize(size.rootFs)})`;
}

/** Podman's columns, and the names of /proc/PID/ns. */
const NAMESPACES: [heading: string, name: string][] = [
  ['CGROUPNS', 'cgroup'],
  ['IPC', 'ipc'],
  ['MNT', 'mnt'],
  ['NET', 'net'],
  ['PIDNS', 'pid'],
  ['USERNS', 'user'],
  ['UTS', 'uts'],
];

function namespaceTable(listed: readonly Listed[], { whole, noHeading }: PsColumns): string {
  const headings = ['CONTAINER ID', 'NAMES', 'PID', ...NAMESPACES.map(([heading]) => heading)];
  const rows = listed.map(({ record: { config, state }, namespaces }) => [
    whole ? config.id : shortId(config.id),
    config.name,
    String(state.payload?.pid ?? 0),
    ...NAMESPACES.map(([, name]) => namespaces?.[name] ?? ''),
  ]);
  return table(headings, rows, { noHeading });
}
