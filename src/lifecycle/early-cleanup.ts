/**
 * The cleanup by whoever is there when a container ends: systemd takes longer to start berth-cleanup than the cleanup takes. It is
 * done where nothing has to be weighed, and leaves a receipt, with which bin/berth lets ExecStopPost= pass. Everything else, and
 * what fails here, is for berth-cleanup, which does what is not done.
 */
import type { ContainerConfig } from '../model/config.ts';
import { outcome } from '../model/outcome.ts';
import type { ContainerRecord } from '../model/records.ts';
import { type CleanupPorts, cleanupLocked } from './cleanup.ts';
import { leaveReceipt, type Receipt } from './end-receipt.ts';
import { forgetContainer } from './forget.ts';
import { withContainer } from './lock.ts';
import { current } from './observe.ts';
import type { Ports } from './ports.ts';

type StoppedPorts = Omit<CleanupPorts, 'systemd'>;

/**
 * After a stop whose record is all that follows from it.
 * @param run.invocation of the unit whose run was stopped: another one's is not touched
 */
export async function cleanUpStopped(
  ports: StoppedPorts,
  id: string,
  { invocation = '', inUnit }: { invocation: string | undefined; inUnit: boolean },
): Promise<void> {
  await withContainer(ports, id, async (container) => {
    if (container.state.invocation !== invocation || !isEndOfAll(container)) return;
    if (!inUnit && hasPoststopHooks(ports, id)) return;
    await cleanupLocked(ports, container, { inUnit });
    leaveReceipt(ports, id, { invocation, exitCode: 0 });
  });
}

/** Is there nothing to weigh of the end: no removal, no restarts to ask systemd for, no boot that it may matter to? */
function isEndOfAll({ config, state }: ContainerRecord): boolean {
  const { name } = config.restart;
  const asksNothing = name === 'no' || (name !== 'unless-stopped' && state.startNumber < 2);
  return asksNothing && !config.autoRemove && state.status === 'stopping' && state.startFailure === 0;
}

/**
 * After a run that ended by itself and that nothing starts again, for a command that has waited for that; removes what was made
 * with --rm. Its conmon must be gone.
 * @param run the number of that start: another one is not touched
 */
export async function cleanUpEnded(ports: CleanupPorts, id: string, run: number): Promise<void> {
  const goes = await withContainer(ports, id, async (container) => {
    const { config } = container;
    const { status, startNumber } = current(container, ports).state;
    if (status !== 'stopped' || startNumber !== run || container.state.stopRequested) return undefined;
    if (config.restart.name !== 'no' || config.autoRemoveImage === true || hasPoststopHooks(ports, id))
      return undefined;
    const state = await cleanupLocked(ports, container, { inUnit: false });
    if (config.autoRemove) return config;
    leaveReceipt(ports, id, receiptOf({ config, state }));
    return undefined;
  });
  if (goes !== undefined) await removeEnded(ports, goes, run);
}

/**
 * The removal that --rm asks for, of a run that is cleaned up. Not before the unit is in ExecStopPost=: until then, a container that
 * is made anew under the name would have the end of this one's unit for its own. A berth-cleanup that comes meanwhile finds
 * the container or the receipt.
 */
async function removeEnded(ports: CleanupPorts, { id, unit }: ContainerConfig, run: number): Promise<void> {
  const systemd = await ports.systemd();
  await systemd.untilInStopPost(unit);
  const startsAgain = await systemd.hasStartJob(unit);
  await withContainer(ports, id, async (container) => {
    const { state } = container;
    if (startsAgain || state.status !== 'exited' || state.startNumber !== run) return;
    if (ports.store.dependentsOf(id).length > 0) return;
    const leave = (): void => leaveReceipt(ports, id, receiptOf(container));
    await forgetContainer(ports, container, { inUnit: true, volumes: true, beforeGone: leave });
  });
}

function receiptOf({ config, state }: Pick<ContainerRecord, 'config' | 'state'>): Receipt {
  return { invocation: state.invocation, exitCode: outcome(state, config.restart).exitCode };
}

/** They belong into the unit. */
function hasPoststopHooks({ host, runtime }: Pick<Ports, 'host' | 'runtime'>, id: string): boolean {
  return host.exists(runtime.files(id).poststopHooks);
}
