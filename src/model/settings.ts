/** Where an instance of Berth keeps things. */
import path from 'node:path';
import type { ContainerConfig } from './config.ts';
import { BerthError } from './errors.ts';

export interface Settings {
  /** Database, containers, layers: survives a reboot. */
  stateDir: string;
  /** Bundles, locks, sockets: means nothing after a reboot. */
  runDir: string;
  /** Container unit files. Below /usr/local, so that `systemctl mask` and `edit --full` can override them in /etc. */
  unitDir: string;
  /** The units of `run --rm`: gone with the boot, as their containers. */
  runtimeUnitDir: string;
  /** The entry points that units run. */
  libexec: string;
  /** What every generated command line needs to find a relocated instance. */
  rootArgs: string[];
}

/**
 * Settings from `--root DIR` (or BERTH_ROOT, which says the same); without either the system's own instance.
 * A second instance has its own containers, images and locks; unit names are systemd's and thus shared.
 */
export function settingsFor(root: string | undefined, env: Record<string, string | undefined>): Settings {
  const directory = root ?? (env.BERTH_ROOT === '' ? undefined : env.BERTH_ROOT);
  if (directory !== undefined && !path.isAbsolute(directory)) {
    throw new BerthError('usage', `--root must be an absolute path, not ${JSON.stringify(directory)}`);
  }
  return {
    stateDir: directory ?? '/var/lib/berth',
    runDir: directory === undefined ? '/run/berth' : path.join(directory, 'run'),
    unitDir: env.BERTH_UNIT_DIR ?? '/usr/local/lib/systemd/system',
    runtimeUnitDir: '/run/systemd/system',
    libexec: env.BERTH_LIBEXEC ?? '/usr/libexec/berth',
    rootArgs: directory === undefined ? [] : ['--root', directory],
  };
}

/** Where the output of a container goes whose log driver is k8s-file. */
export function logFile(
  { stateDir }: Pick<Settings, 'stateDir'>,
  { id, logOptions }: Pick<ContainerConfig, 'id' | 'logOptions'>,
): string {
  return logOptions?.path ?? path.join(stateDir, 'containers', id, 'ctr.log');
}
