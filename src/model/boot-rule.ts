/** `unless-stopped`: what a person has stopped is not started by the next boot, even if its unit is enabled. */
import type { RestartPolicy } from './config.ts';
import type { ContainerState } from './state.ts';

/** Who starts the unit: systemd's own state, and the boot id, for a start that was passed over is so once in a boot. */
export interface BootFacts {
  bootId: string;
  /** org.freedesktop.systemd1(5), Manager.SystemState */
  systemState: string;
}

/** Can the rule keep this container from starting? Then it is worth asking systemd. */
export function mayStayStopped(
  { stopRequested, stoppedAtShutdown }: ContainerState,
  policy: Pick<RestartPolicy, 'name'>,
): boolean {
  return policy.name === 'unless-stopped' && stopRequested && stoppedAtShutdown !== true;
}

/**
 * Is this the start of a boot that the container is to be left out of? Once systemd is up, and from the second try on, it
 * is somebody who wants it to run.
 */
export function staysStopped(
  state: ContainerState,
  policy: Pick<RestartPolicy, 'name'>,
  { bootId, systemState }: BootFacts,
): boolean {
  const booting = systemState === 'initializing' || systemState === 'starting';
  return mayStayStopped(state, policy) && booting && state.leftOutOfBoot !== bootId;
}
