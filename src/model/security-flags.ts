/** `--security-opt` entries → SecurityConfig. */
import path from 'node:path';
import type { RequestedMount, SecurityConfig } from './config.ts';
import { BerthError } from './errors.ts';
import { SELINUX_FILES } from './selinux.ts';

/**
 * What `label=nested` adds to a container: the policy's files, and that crun labels the roots of its mounts alone, not all that
 * comes into them (crun(1), run.oci.mount_context_type).
 */
export const NESTED = {
  mounts: [{ type: 'bind', source: SELINUX_FILES, destination: SELINUX_FILES, options: [] }],
  annotations: { 'run.oci.mount_context_type': 'rootcontext' },
} satisfies { mounts: RequestedMount[]; annotations: Record<string, string> };

/** Folds the entries into a config; podman-create(1), --security-opt. */
export function parseSecurityFlags(
  options: readonly string[],
  capabilities: { add: string[]; drop: string[] },
): SecurityConfig {
  const security: SecurityConfig = {
    capAdd: capabilities.add,
    capDrop: capabilities.drop,
    noNewPrivileges: false,
    seccomp: 'default',
    mask: [],
    unmask: [],
    label: [],
  };
  for (const [index, option] of options.entries()) apply(security, option, index);
  // It needs the policy's own files, and to see them.
  if (security.labelNested === true && security.unmask !== 'ALL')
    security.unmask.push(SELINUX_FILES, '/proc');
  return security;
}

function apply(security: SecurityConfig, option: string, index: number): void {
  const [key = '', value] = split(option);
  switch (key) {
    case 'no-new-privileges':
      if (value !== undefined && value !== 'true' && value !== 'false')
        throw new BerthError(
          'invalid',
          `invalid --security-opt 2: ${JSON.stringify(option)}: use true or false`,
        );
      security.noNewPrivileges = value !== 'false';
      return;
    case 'seccomp':
      security.seccomp = value === 'unconfined' ? 'unconfined' : { path: needed(option, value) };
      if (security.seccomp !== 'unconfined' && !path.isAbsolute(security.seccomp.path)) {
        throw new BerthError('invalid', `seccomp profile ${JSON.stringify(value)} must be an absolute path`);
      }
      return;
    case 'apparmor':
      security.apparmor = needed(option, value);
      return;
    case 'label':
      if (value === 'nested') security.labelNested = true;
      else security.label.push(needed(option, value));
      return;
    case 'mask':
      security.mask.push(...paths(option, value));
      return;
    case 'unmask':
      if (value?.toUpperCase() === 'ALL') security.unmask = 'ALL';
      else if (security.unmask !== 'ALL') security.unmask.push(...paths(option, value));
      return;
    default:
      throw new BerthError(
        'invalid',
        `invalid --security-opt ${index + 1}: ${JSON.stringify(option)}: use no-new-privileges, seccomp=, apparmor=, label=, mask= or unmask=`,
      );
  }
}

function split(option: string): [string, string | undefined] {
  const at = option.search(/[=:]/);
  return at < 0 ? [option, undefined] : [option.slice(0, at), option.slice(at + 1)];
}

/** `/a:/b`; an empty or relative path would mean something else to each runtime. */
function paths(option: string, value: string | undefined): string[] {
  const list = needed(option, value).split(':');
  const wrong = list.find((file) => !path.isAbsolute(file));
  if (wrong !== undefined) {
    throw new BerthError(
      'invalid',
      `invalid --security-opt: ${JSON.stringify(option)}: ${JSON.stringify(wrong)} is not an absolute path`,
    );
  }
  return list;
}

function needed(option: string, value: string | undefined): string {
  if (value === undefined || value === '')
    throw new BerthError('invalid', `invalid --security-opt 1: ${JSON.stringify(option)}: it needs a value`);
  return value;
}
