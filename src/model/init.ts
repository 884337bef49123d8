/** `--init`: a small program as the first process, which passes signals on and waits for orphans. */
import type { ContainerConfig } from './config.ts';

/** The program that is taken unless another is named, and the Debian package that has it. */
export const DEFAULT_INIT = 'catatonit';

/** Where it is mounted; the name is Podman's, by which scripts know it. */
export const INIT_PATH = '/run/podman-init';

/** The argv of a container's first process. */
export function argvOf({
  init,
  entrypoint,
  command,
}: Pick<ContainerConfig, 'init' | 'entrypoint' | 'command'>): string[] {
  return [...(init === undefined ? [] : [INIT_PATH, '--']), ...entrypoint, ...command];
}
