/** An event as `events` shows it: as Podman's object for templates and JSON, and as a line. */
import type { EventRecord } from '../../event.ts';
import { healthLogEntry } from '../../inspect/container.ts';
import { as, INT, int, map, pointer, STRING, struct } from '../types.ts';

const named = (name: string) => ({ kind: 'string' as const, name });

export const EVENT = struct('system.Event', {
  ContainerExitCode: pointer(INT),
  ID: STRING,
  Image: STRING,
  Name: STRING,
  Network: as('network', STRING),
  Status: named('events.Status'),
  Time: as('time', int('int64')),
  TimeNano: as('timeNano', int('int64')),
  Type: named('events.Type'),
  HealthStatus: as('health_status', STRING),
  Error: STRING,
  PodID: STRING,
  Attributes: map(STRING),
});

/** Podman's keys, in its order; what does not apply is left out. */
export function eventObject({ type, status, id, name, image, time, ...detail }: EventRecord): object {
  const ms = Date.parse(time);
  return {
    ...(detail.exitCode === undefined ? {} : { ContainerExitCode: detail.exitCode }),
    ...(type === 'volume' ? {} : { ID: id }),
    ...(image === '' || type !== 'container' ? {} : { Image: image }),
    ...(type === 'network' ? { network: name } : { Name: name }),
    Status: status,
    time: Math.floor(ms / 1000),
    timeNano: BigInt(ms) * 1_000_000n, // more than a double can hold
    Type: type,
    ...(detail.healthStatus === undefined ? {} : { health_status: detail.healthStatus }),
    Attributes: type === 'container' || type === 'network' ? (detail.attributes ?? {}) : null,
  };
}

/** `TIME container start ID (image=…, name=…, LABEL=…)` */
export function eventLine({ type, status, id, name, image, time, ...detail }: EventRecord): string {
  if (type === 'volume') return `${goTime(time)} ${type} ${status} ${name}`;
  const lead = `${goTime(time)} ${type} ${status} ${id}`;
  if (type === 'network') return `${lead} (name=${name}, type=${detail.attributes?.driver ?? ''})`;
  if (type !== 'container') return `${lead} ${name}`;
  const facts = [
    `image=${image}`,
    `name=${name}`,
    ...(detail.healthStatus === undefined
      ? []
      : [
          `health_status=${detail.healthStatus}`,
          `health_failing_streak=${detail.healthFailingStreak ?? 0}`,
          `health_log=${detail.healthLog === undefined ? '' : JSON.stringify(healthLogEntry(detail.healthLog))}`,
        ]),
    ...Object.entries(detail.attributes ?? {})
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => `${key}=${value}`),
  ];
  return `${lead} (${facts.join(', ')})`;
}

/** As Go prints a time: 2026-11-22 14:11:28.509 +0000 UTC */
function goTime(iso: string): string {
  return iso.replace('T', ' ').replace(/\.?0*Z$/, ' +0000 UTC');
}
