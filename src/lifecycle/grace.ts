/** The grace of a stop: what the payload has between the stop signal and SIGKILL. */
import type { ContainerConfig } from '../model/config.ts';
import { signalName } from '../model/signal.ts';
import type { Ports } from './ports.ts';

/** How often the rest of the grace is looked at anew. */
const SLICE_SECONDS = 1;

/** How often systemd is told that the stop goes on, and how much longer than that it is to have patience. */
const EXTEND_EVERY_SECONDS = 10;
const EXTEND_MARGIN_SECONDS = 20;

export interface Grace {
  id: ContainerConfig['id'];
  payloadCgroup: string;
  seconds: number;
}

/**
 * Waits until the payload has ended or its grace is over. A stop that is asked for meanwhile with a shorter grace than
 * what is left (`berth stop -t`, whose word is in the container's state) counts; a longer one does not. systemd is told
 * every so often that the stop goes on, because the grace may be longer than the unit's TimeoutStopSec=.
 *
 * Undefined when the payload has ended, else the seconds that it was given.
 */
export async function waitOutGrace(
  { host, store, notify }: Pick<Ports, 'host' | 'store' | 'notify'>,
  { id, payloadCgroup, seconds }: Grace,
): Promise<number | undefined> {
  let left = seconds;
  let given = 0;
  while (left > 0) {
    if (left > EXTEND_EVERY_SECONDS && given % EXTEND_EVERY_SECONDS === 0)
      await notify([`EXTEND_TIMEOUT_USEC=${(EXTEND_EVERY_SECONDS + EXTEND_MARGIN_SECONDS) * 1_000_000}`]);
    if (await host.waitUntilEmpty(payloadCgroup, SLICE_SECONDS * 1000)) return undefined;
    given += SLICE_SECONDS;
    left -= SLICE_SECONDS;
    left = Math.min(left, endlessIfNegative(store.getContainer(id)?.state.stopTimeoutSeconds ?? left));
  }
  return given;
}

/** `berth stop -t -1`: no SIGKILL. */
export function endlessIfNegative(seconds: number): number {
  return seconds < 0 ? Number.POSITIVE_INFINITY : seconds;
}

/**
 * The grace that counts when a stop asks for `asked` while another one's word may not have been read yet: the shorter
 * one, so that no later stop takes back an earlier one's.
 */
export function shorterGrace(asked: number, word: number | undefined): number {
  return word === undefined || endlessIfNegative(asked) < endlessIfNegative(word) ? asked : word;
}

/** What is said of a payload that did not end in its grace; Podman's words. */
export function graceWarning({ name, stopSignal }: ContainerConfig, seconds: number): string {
  return `StopSignal ${signalName(stopSignal)} failed to stop container ${name} in ${seconds} seconds, resorting to SIGKILL`;
}
