/** Why a start failed: what berth-start left in the container's state, or what systemd says of the job. */
import { BerthError, type ErrorCode, messageOf } from '../model/errors.ts';
import type { ContainerRecord } from '../model/records.ts';
import { readyWhen } from '../model/sdnotify.ts';
import type { Ports } from './ports.ts';

/** The failure itself, with the exit code that it means to a shell: 125, 126 or 127. */
export function failureOfStart(
  { store }: Pick<Ports, 'store'>,
  { config }: Pick<ContainerRecord, 'config'>,
  result: string,
): BerthError {
  const state = store.getContainer(config.id)?.state;
  const isOfThisStart = state?.startFailure !== 0 || readyWhen(config) !== 'running';
  if (state === undefined || !isOfThisStart || state.error === '')
    return new BerthError(
      'unit',
      `the job of ${config.unit} ended as ${result}: see journalctl -u ${config.unit}`,
    );
  return new BerthError(CODES[state.startFailure] ?? 'unit', state.error);
}

const CODES: Record<number, ErrorCode> = { 126: 'command-not-invocable', 127: 'command-not-found' };

/** The same as a command of that name says it: always 125. */
export function unableTo(verb: 'start' | 'init', { config }: ContainerRecord, failure: unknown): BerthError {
  return new BerthError(
    'unit',
    `unable to ${verb} container ${JSON.stringify(config.id)}: ${messageOf(failure)}`,
    { cause: failure },
  );
}

/** Does it, and says what made the start fail in that way. An error of another kind is thrown as it is. */
export async function saying<T>(
  verb: 'start' | 'init',
  container: ContainerRecord,
  work: Promise<T>,
): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const isFailure = error instanceof BerthError && error.code !== 'state';
    throw isFailure ? unableTo(verb, container, error) : error;
  }
}
