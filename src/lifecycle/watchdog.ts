/** A check that passes is the container's sign of life to systemd: WatchdogSec= of its unit, where there is one. */
import type { ContainerConfig } from '../model/config.ts';
import { messageOf } from '../model/errors.ts';
import type { HealthFold } from '../model/health/health.ts';
import type { ContainerRecord } from '../model/records.ts';
import { withContainer } from './lock.ts';
import type { Ports } from './ports.ts';
import { record } from './record.ts';

/** Is there a watchdog that waits for the word of a passing check? */
export function feedsWatchdog(
  { host, runtime }: Pick<Ports, 'host' | 'runtime'>,
  { id, sdNotify }: Pick<ContainerConfig, 'id' | 'sdNotify'>,
): boolean {
  return sdNotify !== 'container' && host.exists(runtime.files(id).notifySocket);
}

/**
 * Tells systemd through conmon, the unit's main process: it takes nobody else's word. Not for a failure that counts, nor
 * for a payload that has the socket itself (`--sdnotify=container`): that one speaks for itself.
 */
export async function feedWatchdog(
  { host, runtime, notify, warn }: Pick<Ports, 'host' | 'runtime' | 'notify' | 'warn'>,
  config: Pick<ContainerConfig, 'id' | 'name' | 'sdNotify'>,
  { counts }: Pick<HealthFold, 'counts'>,
): Promise<void> {
  if (counts || !feedsWatchdog({ host, runtime }, config)) return;
  try {
    await notify(['WATCHDOG=1'], runtime.files(config.id).notifySocket);
  } catch (error) {
    warn(`the watchdog of ${config.name} cannot be fed: ${messageOf(error)}`);
  }
}

type WatchdogPorts = Pick<Ports, 'host' | 'store' | 'locks' | 'runtime' | 'systemd' | 'now'>;

/** What is paused gives no sign of life, on purpose: systemd's watchdog is off until releaseWatchdog. */
export async function holdWatchdog(ports: WatchdogPorts, { config, state }: ContainerRecord): Promise<void> {
  if (state.conmon === undefined || !ports.host.exists(ports.runtime.files(config.id).notifySocket)) return;
  const systemd = await ports.systemd();
  const usec = await systemd.watchdogUsec(config.unit);
  if (usec === 0) return;
  await withContainer(ports, config.id, (fresh) =>
    record(ports, { config, state: { ...fresh.state, heldWatchdogUsec: usec }, events: [] }),
  );
  await systemd.overrideWatchdog(state.conmon.pid, 0);
}

/** Switches it on again, from now. */
export async function releaseWatchdog(ports: WatchdogPorts, { config }: ContainerRecord): Promise<void> {
  const held = await withContainer(ports, config.id, ({ state: { heldWatchdogUsec, ...state } }) => {
    if (heldWatchdogUsec === undefined) return undefined;
    record(ports, { config, state, events: [] });
    return { usec: heldWatchdogUsec, conmon: state.conmon };
  });
  if (held?.conmon !== undefined) await (await ports.systemd()).overrideWatchdog(held.conmon.pid, held.usec);
}
