/** container refresh: taken down and brought back to the state it was in, whatever has become of mounts and processes. */
import type { ContainerRecord } from '../model/records.ts';
import type { CleanupPorts } from './cleanup.ts';
import { initialize } from './init.ts';
import { endUnit, restartUnit } from './jobs.ts';
import { withContainer } from './lock.ts';
import { current } from './observe.ts';
import { type PausePorts, pauseContainer, unpauseContainer } from './pause.ts';
import { record } from './record.ts';
import { syncContainer } from './sync.ts';

/** Ends the container's run and begins another one: initialized, running or paused as before. One at rest stays so. */
export async function refreshContainer(
  ports: CleanupPorts & PausePorts & Parameters<typeof restartUnit>[0] & Parameters<typeof initialize>[0],
  container: ContainerRecord,
): Promise<void> {
  const { status } = current(container, ports).state;
  if (status === 'paused') await unpauseContainer(ports, container);
  if (status === 'running' || status === 'paused') await restartUnit(ports, container);
  const fresh = ports.store.getContainer(container.config.id);
  if (status === 'paused' && fresh !== undefined) await pauseContainer(ports, fresh);
  if (status === 'created') {
    await endUnit(ports, container);
    await initialize(ports, container);
  }
  await syncContainer(ports, container);
  await withContainer(ports, container.config.id, ({ config, state }) =>
    record(ports, { config, state, events: [{ status: 'refresh' }] }),
  );
}
