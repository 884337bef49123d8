/** Signals that this process gets, handed to somebody else. */

/**
 * All that a person or a supervisor may mean for the container. Not: what the kernel tells this process of itself (a
 * child, a broken pipe, a fault), the terminal's size, and job control.
 */
const FORWARDED: readonly NodeJS.Signals[] = [
  ...(['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const),
  ...(['SIGALRM', 'SIGVTALRM', 'SIGXCPU', 'SIGXFSZ', 'SIGIO', 'SIGPWR'] as const),
];

type Handler = (signal: NodeJS.Signals) => boolean;

/** The newest decides first. */
const handlers: Handler[] = [];

/**
 * Calls `handle` for each such signal instead of what it does by default, until what is returned is called. One that it
 * answers false to is not for it, nor is any later one: they go to who caught signals before, and in the end do what
 * they do by default.
 */
export function catchSignals(handle: Handler): () => void {
  if (handlers.length === 0) for (const signal of FORWARDED) process.on(signal, onSignal);
  handlers.push(handle);
  return () => drop(handle);
}

function drop(handle: Handler): void {
  const place = handlers.indexOf(handle);
  if (place === -1) return;
  handlers.splice(place, 1);
  if (handlers.length === 0) for (const signal of FORWARDED) process.off(signal, onSignal);
}

function onSignal(signal: NodeJS.Signals): void {
  for (const handle of [...handlers].reverse()) {
    if (handle(signal)) return;
    drop(handle);
  }
  process.kill(process.pid, signal);
}
