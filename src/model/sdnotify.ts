/** `--sdnotify`: when a container's unit is active (sd_notify(3), READY=1). */
import type { ContainerConfig } from './config.ts';
import { BerthError } from './errors.ts';

/** The first is the default. */
export const SD_NOTIFY_MODES = [
  'conmon', // when the first process runs
  'container', // when the payload says so
  'healthy', // when its check has passed
  'ignore', // as conmon: the unit must become active at some time
] as const;

export type SdNotifyMode = (typeof SD_NOTIFY_MODES)[number];

/** Throws BerthError 'invalid' in Podman's words. */
export function parseSdNotify(text: string): SdNotifyMode {
  const mode = SD_NOTIFY_MODES.find((one) => one === text);
  if (mode === undefined)
    throw new BerthError(
      'invalid',
      `invalid config provided: invalid argument: invalid sdnotify value ${JSON.stringify(text)}: must be conmon, container, healthy or ignore`,
    );
  return mode;
}

/** Throws for a container that would never be healthy; the first text is Podman's. */
export function assertCanBecomeReady(
  mode: SdNotifyMode | undefined,
  health: ContainerConfig['health'] | undefined,
): void {
  if (mode !== 'healthy') return;
  const rule = 'invalid argument: sdnotify policy "healthy" requires a healthcheck';
  if (health === undefined) throw new BerthError('invalid', `${rule} to be set`);
  if (health.intervalMs === 0 || health.startup?.intervalMs === 0)
    throw new BerthError('invalid', `${rule} with an interval`);
}

/** What READY=1 waits for, once the payload runs. */
export type ReadyWhen = 'running' | 'told' | 'healthy';

/** A check that was taken away since create is not waited for. */
export function readyWhen({ sdNotify, health }: Pick<ContainerConfig, 'sdNotify' | 'health'>): ReadyWhen {
  if (sdNotify === 'container') return 'told';
  const isChecked = health !== undefined && health.intervalMs > 0 && health.startup?.intervalMs !== 0;
  return sdNotify === 'healthy' && isChecked ? 'healthy' : 'running';
}

/** Where the payload finds the socket for its own messages, and the directory that is mounted for it. */
export const NOTIFY_DIRECTORY = '/run/notify';
export const NOTIFY_VARIABLE = `NOTIFY_SOCKET=${NOTIFY_DIRECTORY}/notify.sock`;
