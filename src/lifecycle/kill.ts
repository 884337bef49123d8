/** kill: one signal to the payload's first process, directly; no job, and no wait but for SIGKILL. */
import type { ContainerRecord } from '../model/records.ts';
import { displayStatus, verdict } from '../model/state.ts';
import { PAYLOAD_CGROUP } from '../model/unit-cgroups.ts';
import { improper } from './improper.ts';
import { withContainer } from './lock.ts';
import { current } from './observe.ts';
import { thawUnit } from './pause.ts';
import type { Ports } from './ports.ts';
import { record } from './record.ts';
import { awaitExit } from './wait.ts';

export type KillPorts = Pick<Ports, 'host' | 'store' | 'locks' | 'runtime' | 'systemd' | 'now'>;

const SIGKILL = 9;

/** After SIGKILL: the kernel, conmon and berth-cleanup. A payload that hangs in the kernel is not waited for longer. */
const END_WAIT_MS = 10_000;

/**
 * Sends one signal. Accepts running, stopping and paused; a paused payload sees any but SIGKILL when it goes on. The
 * signal is recorded before it is sent, for cleanup to tell an end that was asked for from a crash (model/kill.ts).
 * Only after SIGKILL the end is waited for, without the lock.
 */
export async function killContainer(
  ports: KillPorts,
  container: ContainerRecord,
  signal: number,
): Promise<void> {
  const { id } = container.config;
  const killed = await withContainer(ports, id, ({ config, ...fresh }) => {
    const { state, events } = current({ config, ...fresh }, ports);
    if (verdict('kill', state.status) !== 'allowed' || state.payload === undefined) {
      throw improper(`can only kill running containers. ${id} is in state ${displayStatus(state.status)}`);
    }
    record(ports, {
      config,
      state: { ...state, lastKill: { signal, at: ports.now() } },
      events: [...events, { status: 'kill' }],
    });
    ports.host.signal(state.payload, signal);
    return state;
  });
  if (killed === undefined || signal !== SIGKILL) return;
  await thawUnit(ports, { ...container, state: killed });
  await ports.host.waitUntilEmpty(`${killed.cgroup}/${PAYLOAD_CGROUP}`, END_WAIT_MS);
  await awaitExit(ports, { id, run: killed.startNumber }, END_WAIT_MS);
}
