/** run: create and start in one, in the foreground or not. */
import type { ContainerConfig } from '../model/config.ts';
import type { CreateRequest } from '../model/create-config.ts';
import { RollbackError } from '../model/errors.ts';
import type { ContainerRecord } from '../model/records.ts';
import { initialState } from '../model/state.ts';
import { type AttachOptions, canceledBy, startAttached } from './attach.ts';
import { type CreatePorts, createFromHere, type PullForCreate, withImage } from './create.ts';
import { startJob } from './jobs.ts';
import type { Ports } from './ports.ts';
import { removeContainer } from './remove.ts';

export interface RunOptions {
  pull: PullForCreate;
  /** Absent: in the background. */
  attach?: AttachOptions;
  /** Called when the container exists. */
  onCreated?: (config: ContainerConfig) => void;
}

/**
 * Creates and starts a container. Returns its exit code, 0 in the background or when detached from. A container that
 * cannot be started stays, unless it was made with --rm. So does one that a signal comes for before its start begins:
 * what is half-made is finished first, so that there is something to remove.
 */
export async function runContainer(
  ports: CreatePorts & Pick<Ports, 'startHealthTimer' | 'catchSignals'>,
  request: CreateRequest,
  { pull, attach, onCreated }: RunOptions,
): Promise<number> {
  const here = await withImage(ports, request, pull);
  let starting = false;
  let canceled: string | undefined;
  const release = ports.catchSignals((signal) => {
    if (starting) return false;
    canceled ??= signal;
    return true;
  });
  try {
    const config = await createFromHere(ports, here);
    onCreated?.(config);
    return await orRemoved(ports, config, async (container) => {
      if (canceled !== undefined) throw canceledBy(canceled);
      starting = true;
      if (attach !== undefined) return await startAttached(ports, container, attach);
      await startJob(ports, container);
      return 0;
    });
  } finally {
    release();
  }
}

/** What the start of a new container returns; if it fails, one that was made with --rm goes. */
async function orRemoved(
  ports: CreatePorts,
  config: ContainerConfig,
  start: (container: ContainerRecord) => Promise<number>,
): Promise<number> {
  const container = { config, state: initialState() };
  try {
    return await start(container);
  } catch (error) {
    if (config.autoRemove) {
      await removeContainer(ports, container, { force: true, timeoutSeconds: 0 }).catch(
        (failure: unknown) => {
          throw new RollbackError(error, [failure]);
        },
      );
    }
    throw error;
  }
}
