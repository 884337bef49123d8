/** wait: until a container has ended, or is in some state. */
import type { ContainerConfig } from '../model/config.ts';
import { BerthError } from '../model/errors.ts';
import type { ContainerRecord } from '../model/records.ts';
import { type ContainerState, displayStatus, hasPayload } from '../model/state.ts';
import { type Answer, type LookPorts, lookUntil } from './look.ts';
import type { Ports } from './ports.ts';

export type WaitPorts = LookPorts & Pick<Ports, 'systemd'>;

/** Words of `--condition` that are not states. */
export const HEALTH_CONDITIONS: readonly string[] = ['healthy', 'unhealthy'];

/** The states that mean the end of a run; their answer is its exit code. */
const ENDS: readonly string[] = ['stopped', 'exited'];

/** What every other condition answers. */
const NO_EXIT_CODE = -1;

/** How long berth-cleanup may take to record an end that the kernel's facts already tell. */
const CLEANUP_MS = 5000;

export interface WaitOptions {
  /** States as people see them, healthy and unhealthy; one of them is enough. */
  conditions: readonly string[];
  /** How long a container whose health is waited for may be stopped, in ms. */
  intervalMs: number;
}

/**
 * Waits until the container meets a condition. For `stopped` and `exited` the answer is the exit code of the run that is
 * under way (or about to be, when its unit is starting), whatever restarts or removes the container meanwhile; of the
 * last run if none is; 0 if there never was one. For any other condition it is -1.
 */
export async function waitForContainer(
  ports: WaitPorts,
  { config }: ContainerRecord,
  options: WaitOptions,
): Promise<number> {
  const wantsEnd = options.conditions.some((condition) => ENDS.includes(condition));
  const health = options.conditions.find((condition) => HEALTH_CONDITIONS.includes(condition));
  if (health !== undefined && config.health === undefined) {
    throw new BerthError(
      'invalid',
      `cannot use condition ${JSON.stringify(health)}: container ${config.id} has no healthcheck`,
    );
  }
  const restedMs = timeAtRest(ports);
  let run: number | undefined;
  const code = await lookUntil(ports, config.id, async (container): Promise<Answer<number>> => {
    const ended = wantsEnd && run !== undefined ? exitCodeOf(ports, { id: config.id, run }) : undefined;
    if (ended !== undefined) return { answer: ended };
    if (container === undefined) {
      if (options.conditions.includes('removing')) return { answer: NO_EXIT_CODE };
      throw gone(config);
    }
    if (meets(container, options.conditions)) return { answer: NO_EXIT_CODE };
    const { state } = container;
    const restingMs = restedMs(!hasPayload(state.status));
    if (hasPayload(state.status)) {
      run ??= runNumber(state);
      return 'wait';
    }
    if (wantsEnd) {
      // Initialized, as far as is recorded: its payload may have begun, and ended, a moment ago.
      if (run === undefined && ports.store.getContainer(config.id)?.state.status === 'created')
        run = state.startNumber + 1;
      if (run === undefined && (await isStarting(ports, container))) return 'soon';
      run ??= state.startNumber;
      // A payload that ended before its start was recorded looks as if it had never run.
      const unrecorded = state.status === 'stopped' || run > state.startNumber;
      if (unrecorded && restingMs < CLEANUP_MS) return 'soon';
      return { answer: state.status === 'configured' ? 0 : state.exitCode };
    }
    if (health === undefined) return 'wait';
    if (restingMs > options.intervalMs) throw new BerthError('state', 'container is stopped');
    return 'soon';
  });
  return code ?? NO_EXIT_CODE;
}

/** Waits, at most so long, until the end of one run is recorded; its exit code, undefined if there is none yet. */
export function awaitExit(
  ports: LookPorts,
  { id, run }: Run,
  timeoutMs: number,
): Promise<number | undefined> {
  return lookUntil(
    ports,
    id,
    () => {
      const exitCode = exitCodeOf(ports, { id, run });
      return exitCode === undefined ? 'wait' : { answer: exitCode };
    },
    timeoutMs,
  );
}

/** The last exit code that is known of a container that is gone, by its full ID; undefined if there is none. */
export function lastExitCode({ store }: Pick<Ports, 'store'>, id: string): number | undefined {
  return store.exitRecords(id)[0]?.exitCode;
}

interface Run {
  id: string;
  /** startNumber of its start. */
  run: number;
}

function exitCodeOf({ store }: Pick<Ports, 'store'>, { id, run }: Run): number | undefined {
  return store.exitRecords(id).find(({ startNumber }) => startNumber === run)?.exitCode;
}

/** What is initialized is counted when its payload starts. */
function runNumber({ status, startNumber }: ContainerState): number {
  return status === 'created' ? startNumber + 1 : startNumber;
}

function meets({ state, health }: ContainerRecord, conditions: readonly string[]): boolean {
  const word = displayStatus(state.status);
  if (!ENDS.includes(word) && conditions.includes(word)) return true;
  return hasPayload(state.status) && health !== undefined && conditions.includes(health.status);
}

/** Is there a job that will start it? What waits for its next restart is at rest meanwhile. */
async function isStarting(ports: WaitPorts, { config, state }: ContainerRecord): Promise<boolean> {
  if (state.status === 'removing') return false;
  return (await ports.systemd()).hasStartJob(config.unit);
}

/** For how many ms the container has been seen at rest. */
function timeAtRest({ now }: Pick<Ports, 'now'>): (isAtRest: boolean) => number {
  let since: number | undefined;
  return (isAtRest) => {
    const time = Date.parse(now());
    since = isAtRest ? (since ?? time) : undefined;
    return since === undefined ? 0 : time - since;
  };
}

function gone({ id }: Pick<ContainerConfig, 'id'>): BerthError {
  return new BerthError(
    'no-such-container',
    `no container with ID ${id} found in database: no such container`,
  );
}
