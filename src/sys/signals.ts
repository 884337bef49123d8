/** Signals that this process gets, handed to somebody else. */

/**
 * All that a person or a supervisor may mean for the container. Not: what the kernel tells this process of itself (a
 * child, a broken pipe, a fault), the terminal's size, and job control.
 */
const FORWARDED: readonly NodeJS.Signals[] = [
  ...(['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const),
  ...(['SIGALRM', 'SIGVTALRM', 'SIGXCPU', 'SIGXFSZ', 'SIGIO', 'SIGPWR'] as const),
];

/**
 * Calls `handle` for each such signal instead of what it does by default. When that answers false, or `until` is
 * called, signals do again what they do by default; the one that was not wanted does so at once.
 */
export function catchSignals(handle: (signal: NodeJS.Signals) => boolean): () => void {
  const until = (): void => {
    for (const signal of FORWARDED) process.off(signal, onSignal);
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (handle(signal)) return;
    until();
    process.kill(process.pid, signal);
  };
  for (const signal of FORWARDED) process.on(signal, onSignal);
  return until;
}
