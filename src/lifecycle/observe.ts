/** observe + reconcile: what every verb does before it decides. */

import { type Facts, type Reconciled, reconcile } from '../model/reconcile.ts';
import type { ContainerRecord } from '../model/records.ts';
import { hasPayload } from '../model/state.ts';
import { PAYLOAD_CGROUP } from '../model/unit-cgroups.ts';
import type { Host, Ports, Runtime } from './ports.ts';

type ObservePorts = Pick<Ports, 'now'> & { host: Host; runtime: Pick<Runtime, 'files'> };

/** Asks the kernel and conmon's files about one container. */
export function observe(record: ContainerRecord, { host, runtime, now }: ObservePorts): Facts {
  const files = runtime.files(record.config.id);
  const { state } = record;
  const exit = readExit(files.exitFile, host);
  return {
    payloadAlive: host.isAlive(state.payload),
    payloadFrozen: state.cgroup !== undefined && host.isFrozen(`${state.cgroup}/${PAYLOAD_CGROUP}`),
    conmonAlive: host.isAlive(state.conmon),
    ...(exit === undefined ? {} : { exit }),
    oomKilled:
      host.exists(files.oomFile) ||
      (state.cgroup !== undefined && host.wasOomKilled(`${state.cgroup}/${PAYLOAD_CGROUP}`)),
    now: now(),
  };
}

/** The record as it really is now; nothing is written. */
export function current(record: ContainerRecord, ports: ObservePorts): Reconciled {
  if (!hasPayload(record.state.status)) return { state: record.state, events: [], changed: false };
  return reconcile(record.state, observe(record, ports));
}

/** conmon writes the exit code as decimal text, at once; the file's ctime is the moment of the end. */
function readExit(file: string, host: Host): Facts['exit'] {
  const text = host.readText(file);
  const at = host.changedAt(file);
  if (text === undefined || at === undefined || !/^-?\d+$/.test(text.trim())) return undefined;
  return { code: Number(text), at };
}
