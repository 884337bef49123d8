/** stats: one look at what containers use. Takes no lock. */
import type { ContainerRecord } from '../model/records.ts';
import { hasPayload } from '../model/state.ts';
import { type CgroupTexts, NO_USAGE, parseUsage, type Sample, sample } from '../model/stats.ts';
import { PAYLOAD_CGROUP } from '../model/unit-cgroups.ts';
import { current } from './observe.ts';
import type { Ports } from './ports.ts';

const FILES: (keyof CgroupTexts)[] = [
  ...(['cpu.stat', 'memory.current', 'memory.max'] as const),
  ...(['memory.stat', 'io.stat', 'pids.current'] as const),
];

/** Measures one container; `before` is its sample of the last time. One that does not run uses nothing. */
export function measure(
  ports: Pick<Ports, 'host' | 'runtime' | 'now'>,
  container: ContainerRecord,
  before?: Sample,
): Sample {
  const { host } = ports;
  const { state } = current(container, ports);
  const at = Date.parse(ports.now());
  if (!hasPayload(state.status) || state.cgroup === undefined) return sample(NO_USAGE, { at });
  const cgroup = `/sys/fs/cgroup${state.cgroup}/${PAYLOAD_CGROUP}`;
  const texts = Object.fromEntries(FILES.map((file) => [file, host.readText(`${cgroup}/${file}`)]));
  const usage = parseUsage(texts, {
    meminfo: host.readText('/proc/meminfo'),
    network:
      container.config.network === 'host' ? undefined : host.readText(`/proc/${state.payload?.pid}/net/dev`),
  });
  const startedAt = state.startedAt === undefined ? undefined : Date.parse(state.startedAt);
  return sample(usage, { at, startedAt, before });
}
