/**
 * Kernel files that a container must not see (masked) or not change (read-only).
 */
import type { SecurityConfig } from '../model/config.ts';
import { SELINUX_FILES } from '../model/selinux.ts';

/** Podman 5's set, less its duplicate of /sys/devices/virtual/powercap. */
const MASKED = [
  '/proc/acpi',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/devices/virtual/powercap',
  '/sys/firmware',
  SELINUX_FILES,
];

const READ_ONLY = ['/proc/asound', '/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/**
 * The defaults that `--security-opt unmask=` leaves, and what `mask=` adds; none at all when privileged.
 * A path that was asked to be masked stays so, whatever unmask says.
 */
export function maskedPaths(security: SecurityConfig): string[] {
  const kept = security.privileged === true ? [] : MASKED.filter((path) => !isUnmasked(security, path));
  return [...new Set([...kept, ...security.mask])];
}

export function readonlyPaths(security: SecurityConfig): string[] {
  return security.privileged === true ? [] : READ_ONLY.filter((path) => !isUnmasked(security, path));
}

/** Does `unmask=` name this path: `ALL`, literally, or by a shell pattern (`/proc/*`)? */
export function isUnmasked(security: SecurityConfig, path: string): boolean {
  return security.unmask === 'ALL' || security.unmask.some((pattern) => globToRegExp(pattern).test(path));
}

/** `*`, `?` and `[…]` as path.Match of Go has them: none of them matches a slash. */
function globToRegExp(pattern: string): RegExp {
  const source = pattern.replace(/\*|\?|\[\^?[^\]/]+\]|[^*?[]+|\[/g, (token) => {
    if (token === '*') {
      return '[^/]*';
    }
    if (token === '?') {
      return '[^/]';
    }
    return token.length > 2 && token.startsWith('[') ? token : RegExp.escape(token);
  });
  return new RegExp(`^${source}$`);
}
