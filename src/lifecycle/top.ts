/** top: the processes of a container, read from /proc by way of its cgroup. Takes no lock, runs nothing in it. */
import { BerthError } from '../model/errors.ts';
import { namesById, type ProcessFacts, processFacts } from '../model/process.ts';
import type { ContainerRecord } from '../model/records.ts';
import { PAYLOAD_CGROUP } from '../model/unit-cgroups.ts';
import { current } from './observe.ts';
import type { Ports } from './ports.ts';
import type { Column, TopContext } from './top-columns.ts';

type TopPorts = Pick<Ports, 'host' | 'runtime' | 'rootfs' | 'now'>;

/** The container's first process. Throws BerthError 'state', with Podman's words, for one that does not run. */
export function runningPayload(ports: TopPorts, container: ContainerRecord): { pid: number; cgroup: string } {
  const { state } = current(container, ports);
  const runs = state.status === 'running' || state.status === 'stopping';
  if (!runs || state.payload === undefined || state.cgroup === undefined)
    throw new BerthError('state', 'top can only be used on running containers');
  return { pid: state.payload.pid, cgroup: `${state.cgroup}/${PAYLOAD_CGROUP}` };
}

/** Headings and one row for each process, in the order of their pids. */
export function containerProcesses(
  ports: TopPorts,
  container: ContainerRecord,
  columns: readonly Column[],
): { headings: string[]; rows: string[][] } {
  const { host, rootfs } = ports;
  const { cgroup } = runningPayload(ports, container);
  const processes = host
    .cgroupProcesses(cgroup)
    .flatMap((pid) => readProcess(host, pid) ?? [])
    .sort((a, b) => a.pid - b.pid);
  const inContainer = (file: string) => namesById(rootfs.readInRoot(container.config.id, file) ?? '');
  const onHost = (file: string) => namesById(host.readText(file) ?? '');
  const context: TopContext = {
    uptime: Number.parseFloat(host.readText('/proc/uptime') ?? '0'),
    now: Date.parse(ports.now()),
    processes,
    users: inContainer('/etc/passwd'),
    groups: inContainer('/etc/group'),
    hostUsers: onHost('/etc/passwd'),
    hostGroups: onHost('/etc/group'),
    ids: container.config.idMappings,
    label: ({ hostPid }) => host.securityLabel(hostPid) || '?',
  };
  return {
    headings: columns.map(({ heading }) => heading),
    rows: processes.map((process) => columns.map(({ value }) => value(process, context))),
  };
}

/** Undefined if it has ended meanwhile. */
function readProcess(host: Ports['host'], pid: number): ProcessFacts | undefined {
  const [stat, status, cmdline] = ['stat', 'status', 'cmdline'].map((name) =>
    host.readText(`/proc/${pid}/${name}`),
  );
  return stat === undefined || status === undefined || cmdline === undefined
    ? undefined
    : processFacts(stat, status, cmdline);
}
