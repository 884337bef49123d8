/** --pidfile and --conmon-pidfile. */
import type { ContainerConfig } from '../model/config.ts';
import { BerthError, systemReason } from '../model/errors.ts';
import type { ProcessRef } from '../model/state.ts';
import type { Ports } from './ports.ts';

/** For people and their tools; what Berth itself goes by lies in the bundle. */
export function writePidFiles(
  { host }: Pick<Ports, 'host'>,
  { pidFile, conmonPidFile }: ContainerConfig,
  { payload, conmon }: { payload: ProcessRef; conmon: ProcessRef },
): void {
  for (const [file, { pid }] of [
    [pidFile, payload],
    [conmonPidFile, conmon],
  ] as const)
    if (file !== undefined) {
      try {
        host.writeText(file, String(pid), { mode: 0o644 });
      } catch (error) {
        // Without the temporary name that it has until it is whole.
        const reason = systemReason(error).replace(/^.*: /s, '');
        throw new BerthError('command-not-invocable', `cannot write ${file}: ${reason}`, { cause: error });
      }
    }
}
