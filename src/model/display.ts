/** Words for people about a container. */
import type { ContainerConfig } from './config.ts';
import { humanDuration } from './duration.ts';
import type { ContainerRecord } from './records.ts';

/** The STATUS column of `ps`: "Up 3 seconds (healthy)", "Exited (0) 2 minutes ago", "Created". */
export function containerStatus({ state, health }: ContainerRecord, now: number): string {
  const since = (time: string | undefined): string =>
    humanDuration(Math.max(0, now - Date.parse(time ?? '')));
  switch (state.status) {
    case 'configured':
      return 'Created';
    case 'created':
      return 'Initialized';
    case 'running':
      return `Up ${since(state.startedAt)}${health === undefined ? '' : ` (${health.status})`}`;
    case 'paused':
      return 'Paused';
    case 'stopping':
      return 'Stopping';
    case 'removing':
      return 'Removing';
    case 'stopped':
    case 'exited':
      return `Exited (${state.exitCode}) ${since(state.finishedAt)} ago`;
  }
}

/** The COMMAND column of `ps`: cut to 20 characters unless all of it is wanted. */
export function commandColumn({ entrypoint, command }: ContainerConfig, whole: boolean): string {
  const text = [...entrypoint, ...command].join(' ');
  return whole || text.length <= 20 ? text : `${text.slice(0, 17)}...`;
}
