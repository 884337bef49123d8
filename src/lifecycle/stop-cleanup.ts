/** What berth-stop does of the cleanup: systemd takes longer to start a second program than that takes. */
import type { ContainerRecord } from '../model/records.ts';
import { type CleanupPorts, cleanupLocked } from './cleanup.ts';
import { withContainer } from './lock.ts';

/**
 * Cleans up after a stop whose record is all that follows from it, and leaves a receipt with which bin/berth lets
 * ExecStopPost= pass. Everything else, a failure of this too, is for berth-cleanup, which does what is not done.
 */
export async function cleanUpStopped(ports: Omit<CleanupPorts, 'systemd'>, id: string): Promise<void> {
  const { host, runtime } = ports;
  await withContainer(ports, id, async (container) => {
    const { invocation } = host.unitRun();
    if (container.state.invocation !== invocation || !isEndOfAll(container)) return;
    await cleanupLocked(ports, container, { inUnit: true });
    host.writeText(runtime.files(id).endReceipt, `${invocation}\n`);
  });
}

/** Is there nothing to weigh of the end: no removal, no restarts to ask systemd for, no boot that it may matter to? */
function isEndOfAll({ config, state }: ContainerRecord): boolean {
  const { name } = config.restart;
  const asksNothing = name === 'no' || (name !== 'unless-stopped' && state.startNumber < 2);
  return asksNothing && !config.autoRemove && state.status === 'stopping' && state.startFailure === 0;
}
