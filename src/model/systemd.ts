/**
 * systemd as a container's payload (`--systemd=true`, the default): recognised by its command.
 */

/** By this systemd(1) as PID 1 powers off. The stop signal of such a container unless another was given. */
export const SYSTEMD_STOP_SIGNAL = 'SIGRTMIN+3';

const INIT = ['/sbin/init', '/usr/sbin/init', '/usr/local/sbin/init'];

/**
 * Does this argv (entrypoint and command) start systemd? By Podman's rule: one of the three init paths or a program
 * named `systemd`, directly or as the whole script of `/bin/sh -c`.
 */
export function runsSystemd(argv: readonly string[]): boolean {
  const [first, second, third] = argv;
  const program = first === '/bin/sh' && second === '-c' ? third : first;
  return program !== undefined && (INIT.includes(program) || program.split('/').at(-1) === 'systemd');
}
