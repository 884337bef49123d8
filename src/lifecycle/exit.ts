/** The exit code of one start of a container, once everything after its end is done. */
import { BerthError } from '../model/errors.ts';
import type { ContainerRecord } from '../model/records.ts';
import { current } from './observe.ts';
import type { Ports } from './ports.ts';
import { awaitExit } from './wait.ts';

type ExitPorts = Parameters<typeof awaitExit>[0] & Pick<Ports, 'host' | 'store' | 'runtime' | 'now'>;

/** berth-cleanup comes at once; one that does not come in this time was killed, and its work is left to the next start. */
const CLEANUP_WAIT_MS = 60_000;

/**
 * For a start whose conmon has just ended: waits until the end is recorded and the unit has ended too, so that the name of a
 * container with --rm is free. -1 when the exit code is lost.
 * @param start.cgroupId of the unit's cgroup in that run
 */
export async function exitOfStart(
  ports: ExitPorts,
  { config }: ContainerRecord,
  { startNumber, cgroup, cgroupId }: { startNumber: number; cgroup: string; cgroupId: number | undefined },
): Promise<number> {
  const exitCode = await awaitExit(ports, { id: config.id, run: startNumber }, CLEANUP_WAIT_MS);
  if (exitCode !== undefined) {
    if (config.restart.name === 'no' && cgroupId !== undefined)
      await ports.host.waitUntilGone(cgroup, cgroupId, CLEANUP_WAIT_MS);
    return exitCode;
  }
  const container = ports.store.getContainer(config.id);
  const state = container === undefined ? undefined : current(container, ports).state;
  if (state?.startNumber === startNumber && state.status === 'stopped') return state.exitCode;
  throw new BerthError(
    'state',
    `container ${config.name} has ended, but its exit code could not be retrieved: see journalctl -u ${config.unit}`,
  );
}
