/** The Go type behind a row of `stats`, its table and its JSON. */
import { formatDuration } from '../../duration.ts';
import { shortId } from '../../name.ts';
import { binarySize, shortSize } from '../../size.ts';
import type { Sample } from '../../stats.ts';
import { as, DURATION, embedded, FLOAT, type Method, map, STRING, slice, struct, uint } from '../types.ts';

export interface StatsRow {
  id: string;
  name: string;
  sample: Sample;
  /** --no-trunc */
  whole: boolean;
}

/** Where a row keeps what is computed for templates: not part of its JSON. */
const VIEW = Symbol('view');

type View = Record<keyof typeof VIEWED, string>;

const VIEWED = {
  ID: ({ id, whole }: StatsRow) => (whole ? id : shortId(id)),
  CPUPerc: ({ sample }: StatsRow) => percent(sample.cpuPercent),
  AVGCPU: ({ sample }: StatsRow) => percent(sample.averageCpuPercent),
  MemUsage: ({ sample }: StatsRow) =>
    pair(sample.memoryBytes, sample.memoryLimitBytes, (n) => shortSize(n, 4)),
  MemUsageBytes: ({ sample }: StatsRow) => pair(sample.memoryBytes, sample.memoryLimitBytes, binarySize),
  MemPerc: ({ sample }: StatsRow) => percent(sample.memoryPercent),
  NetIO: ({ sample: { networks } }: StatsRow) => {
    const all = Object.values(networks);
    const sum = (key: 'receivedBytes' | 'sentBytes') => all.reduce((total, each) => total + each[key], 0);
    return pair(sum('receivedBytes'), sum('sentBytes'), shortSize);
  },
  BlockIO: ({ sample }: StatsRow) => pair(sample.readBytes, sample.writtenBytes, shortSize),
  PIDS: ({ sample }: StatsRow) => String(sample.pids),
};

function percent(value: number): string {
  return `${value.toFixed(2)}%`;
}

function pair(a: number, b: number, size: (bytes: number) => string): string {
  return `${size(a)} / ${size(b)}`;
}

/** The object that templates see. */
export function statsObject(row: StatsRow): object {
  const { sample } = row;
  return {
    AvgCPU: sample.averageCpuPercent,
    ContainerID: row.id,
    Name: row.name,
    PerCPU: null,
    CPU: sample.cpuPercent,
    CPUNano: sample.cpuNanoseconds,
    CPUSystemNano: sample.systemNanoseconds,
    SystemNano: BigInt(sample.at) * 1_000_000n, // more than a double can hold
    MemUsage: sample.memoryBytes,
    MemLimit: sample.memoryLimitBytes,
    MemPerc: sample.memoryPercent,
    Network: Object.fromEntries(
      Object.entries(sample.networks).map(([name, { receivedBytes, sentBytes }]) => [
        name,
        { RxBytes: receivedBytes, TxBytes: sentBytes },
      ]),
    ),
    BlockInput: sample.readBytes,
    BlockOutput: sample.writtenBytes,
    PIDs: sample.pids,
    UpTime: sample.cpuNanoseconds,
    Duration: sample.cpuNanoseconds,
    [VIEW]: Object.fromEntries(Object.entries(VIEWED).map(([name, text]) => [name, text(row)])),
  };
}

/** What `--format json` prints of a row. */
export function statsJson(row: StatsRow): object {
  return {
    id: VIEWED.ID(row),
    name: row.name,
    cpu_time: formatDuration(row.sample.cpuNanoseconds / 1e6),
    cpu_percent: VIEWED.CPUPerc(row),
    avg_cpu: VIEWED.AVGCPU(row),
    mem_usage: VIEWED.MemUsage(row),
    mem_percent: VIEWED.MemPerc(row),
    net_io: VIEWED.NetIO(row),
    block_io: VIEWED.BlockIO(row),
    pids: VIEWED.PIDS(row),
  };
}

const UINT64 = uint('uint64');

export const STATS = struct(
  'containers.containerStats',
  {
    ContainerStats: embedded(
      struct('define.ContainerStats', {
        AvgCPU: FLOAT,
        ContainerID: STRING,
        Name: STRING,
        PerCPU: slice(UINT64),
        CPU: FLOAT,
        CPUNano: UINT64,
        CPUSystemNano: UINT64,
        SystemNano: UINT64,
        MemUsage: UINT64,
        MemLimit: UINT64,
        MemPerc: FLOAT,
        Network: map(
          struct('define.ContainerNetworkStats', {
            RxBytes: as('RxBytes', UINT64),
            TxBytes: as('TxBytes', UINT64),
          }),
        ),
        BlockInput: UINT64,
        BlockOutput: UINT64,
        PIDs: UINT64,
        UpTime: DURATION,
        Duration: UINT64,
      }),
    ),
  },
  Object.fromEntries(
    Object.keys(VIEWED).map((name): [string, Method] => [
      name,
      { type: STRING, get: (object) => (object as { [VIEW]?: View })[VIEW]?.[name as keyof View] ?? '' },
    ]),
  ),
);

/** Podman's headings of `table …`. */
export const STATS_HEADINGS = {
  ID: 'ID',
  Name: 'NAME',
  CPUPerc: 'CPU %',
  CPU: 'CPU',
  MemUsage: 'MEM USAGE / LIMIT',
  MemUsageBytes: 'MEM USAGE / LIMIT',
  MemPerc: 'MEM %',
  MemLimit: 'MEM LIMIT',
  NetIO: 'NET IO',
  BlockIO: 'BLOCK IO',
  PIDS: 'PIDS',
  PIDs: 'PIDS',
  UpTime: 'CPU TIME',
  AVGCPU: 'AVG CPU %',
  AvgCPU: 'AVG CPU',
  ContainerID: 'CONTAINER ID',
};

export const STATS_TABLE = [
  ...['{{.ID}}', '{{.Name}}', '{{.CPUPerc}}', '{{.MemUsage}}', '{{.MemPerc}}', '{{.NetIO}}'],
  ...['{{.BlockIO}}', '{{.PIDS}}', '{{.UpTime}}', '{{.AVGCPU}}'],
].join('\t');
