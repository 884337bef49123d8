/** berth-condition: what ExecCondition= of the unit of an `unless-stopped` container asks before a start. */
import { mayStayStopped, staysStopped } from '../model/boot-rule.ts';
import { withContainer } from './lock.ts';
import type { Ports } from './ports.ts';
import { record } from './record.ts';

/**
 * Shall the unit start? False for what a person stopped before this boot, when it is the boot that starts it; that is
 * remembered, so that the next start in this boot is taken for a person's.
 */
export async function mayStart(
  ports: Pick<Ports, 'host' | 'store' | 'locks' | 'systemd' | 'now'>,
  id: string,
): Promise<boolean> {
  const container = ports.store.getContainer(id);
  // A unit whose container is gone is for berth-start to explain.
  if (container === undefined || !mayStayStopped(container.state, container.config.restart)) return true;
  const facts = { bootId: ports.host.bootId(), systemState: await (await ports.systemd()).systemState() };
  const starts = await withContainer(ports, id, ({ config, state }) => {
    if (!staysStopped(state, config.restart, facts)) return true;
    record(ports, { config, state: { ...state, leftOutOfBoot: facts.bootId }, events: [] });
    return false;
  });
  return starts ?? true;
}
