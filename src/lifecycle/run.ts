/** run: create and start in one, in the foreground or not. */
import type { ContainerConfig } from '../model/config.ts';
import type { CreateRequest } from '../model/create-config.ts';
import { RollbackError } from '../model/errors.ts';
import { initialState } from '../model/state.ts';
import { type AttachOptions, startAttached } from './attach.ts';
import { type CreatePorts, createContainer, type PullForCreate } from './create.ts';
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
 * cannot be started stays, unless it was made with --rm.
 */
export async function runContainer(
  ports: CreatePorts & Pick<Ports, 'startHealthTimer'>,
  request: CreateRequest,
  { pull, attach, onCreated }: RunOptions,
): Promise<number> {
  const config = await createContainer(ports, request, pull);
  const container = { config, state: initialState() };
  onCreated?.(config);
  try {
    if (attach !== undefined) return await startAttached(ports, container, attach);
    await startJob(ports, container);
    return 0;
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
