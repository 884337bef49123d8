/** What whoever stops a container does of its cleanup: systemd takes longer to start a program for that than it takes. */
import type { ContainerRecord } from '../model/records.ts';
import { type CleanupPorts, cleanupLocked } from './cleanup.ts';
import { withContainer } from './lock.ts';

/**
 * Cleans up after a stop whose record is all that follows from it, and leaves a receipt with which bin/berth lets
 * ExecStopPost= pass. Everything else, a failure of this too, is for berth-cleanup, which does what is not done.
 * @param run.invocation of the unit whose run was stopped: another one's is not touched
 */
export async function cleanUpStopped(
  ports: Omit<CleanupPorts, 'systemd'>,
  id: string,
  { invocation = '', inUnit }: { invocation: string | undefined; inUnit: boolean },
): Promise<void> {
  const { host, runtime } = ports;
  await withContainer(ports, id, async (container) => {
    if (container.state.invocation !== invocation || !isEndOfAll(container)) return;
    await cleanupLocked(ports, container, { inUnit });
    host.writeText(runtime.files(id).endReceipt, `${invocation}\n`);
  });
}

/** Is there nothing to weigh of the end: no removal, no restarts to ask systemd for, no boot that it may matter to? */
function isEndOfAll({ config, state }: ContainerRecord): boolean {
  const { name } = config.restart;
  const asksNothing = name === 'no' || (name !== 'unless-stopped' && state.startNumber < 2);
  return asksNothing && !config.autoRemove && state.status === 'stopping' && state.startFailure === 0;
}
