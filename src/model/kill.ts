/**
 * Was an end what a `kill` asked for? Podman takes every `kill`, even of a signal that the payload handles, as a stop by
 * the user, after which no restart policy acts. Here only the end that the signal brought about is one; a payload that
 * goes on after a signal is restarted after a later crash as ever.
 */
import type { ContainerConfig } from './config.ts';
import type { ContainerState } from './state.ts';

const [SIGHUP, SIGINT, SIGQUIT, SIGKILL, SIGTERM] = [1, 2, 3, 9, 15];

/** Signals that ask a program to end, whatever exit code it then chooses. */
const ASKS_TO_END: readonly number[] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM];

/** How a shell, and conmon, tell a death by signal: 128 + its number. */
const SIGNAL_BASE = 128;

/**
 * Did the last `kill` end the run that `state` tells of? SIGKILL always. Any other signal if the end came within the
 * container's stop grace, and was either a death by that signal, or the answer to one that asks programs to end (the
 * container's own stop signal is one).
 */
export function endedByKill(
  { lastKill, exitCode, finishedAt }: ContainerState,
  { stopSignal, stopTimeoutSeconds }: Pick<ContainerConfig, 'stopSignal' | 'stopTimeoutSeconds'>,
): boolean {
  if (lastKill === undefined) return false;
  const { signal, at } = lastKill;
  if (signal === SIGKILL) return true;
  const tookMs = Date.parse(finishedAt ?? at) - Date.parse(at);
  if (tookMs > stopTimeoutSeconds * 1000) return false;
  return exitCode === SIGNAL_BASE + signal || signal === stopSignal || ASKS_TO_END.includes(signal);
}
