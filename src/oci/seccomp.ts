/**
 * Resolves a seccomp profile in the form of containers-common and Docker (containers-seccomp.json(5)) to the
 * OCI form: conditions on architecture, capabilities and kernel version are decided, the rest is handed on.
 */
import { constants } from 'node:os';
import { BerthError } from '../model/errors.ts';
import type { Seccomp, SeccompArgument, SeccompRule } from './types.ts';

/** The file's form. Several writers leave a list `null` where it is empty. */
export interface SeccompProfile {
  defaultAction: string;
  defaultErrnoRet?: number | null;
  defaultErrno?: string;
  /** Already in OCI form, instead of archMap. */
  architectures?: string[] | null;
  archMap?: { architecture: string; subArchitectures?: string[] | null }[] | null;
  flags?: string[] | null;
  syscalls?: ProfileRule[] | null;
}

export interface ProfileRule {
  names?: string[] | null;
  /** The older form with one name per rule. */
  name?: string;
  action: string;
  errnoRet?: number | null;
  errno?: string;
  args?: SeccompArgument[] | null;
  includes?: RuleCondition | null;
  excludes?: RuleCondition | null;
}

interface RuleCondition {
  arches?: string[] | null;
  caps?: string[] | null;
  /** `4.8`: the rule is for this kernel and later. */
  minKernel?: string;
}

export interface SeccompHost {
  /** process.arch */
  arch: string;
  /** `uname -r` */
  kernelVersion: string;
}

/**
 * The OCI seccomp object for a container whose bounding set is `capabilities`.
 * Names that the runtime does not know are kept: it skips them.
 * @throws BerthError `unsupported` for an architecture without seccomp names, `invalid` for an unknown errno name.
 */
export function resolveSeccomp(
  profile: SeccompProfile,
  capabilities: readonly string[],
  host: SeccompHost,
): Seccomp {
  const arch = ARCHITECTURES[host.arch];
  if (arch === undefined) {
    throw new BerthError('unsupported', `no seccomp profile for the architecture ${host.arch}`);
  }
  const applies = (rule: ProfileRule): boolean =>
    included(rule.includes ?? {}, { arch: arch.name, capabilities, kernel: host.kernelVersion }) &&
    !excluded(rule.excludes ?? {}, { arch: arch.name, capabilities, kernel: host.kernelVersion });
  const defaultErrnoRet = errnoOf(profile.defaultErrnoRet, profile.defaultErrno);
  return {
    defaultAction: profile.defaultAction,
    ...(defaultErrnoRet === undefined ? {} : { defaultErrnoRet }),
    architectures: architectures(profile, arch.scmp),
    ...(profile.flags?.length ? { flags: profile.flags } : {}),
    syscalls: (profile.syscalls ?? []).filter(applies).map(ociRule),
  };
}

/** process.arch → the name in a profile's conditions (Go's, as both writers of the format use), and libseccomp's. */
const ARCHITECTURES: Readonly<Record<string, { name: string; scmp: string }>> = {
  x64: { name: 'amd64', scmp: 'SCMP_ARCH_X86_64' },
  ia32: { name: 'x86', scmp: 'SCMP_ARCH_X86' },
  arm64: { name: 'arm64', scmp: 'SCMP_ARCH_AARCH64' },
  arm: { name: 'arm', scmp: 'SCMP_ARCH_ARM' },
  ppc64: { name: 'ppc64le', scmp: 'SCMP_ARCH_PPC64LE' },
  s390x: { name: 's390x', scmp: 'SCMP_ARCH_S390X' },
  riscv64: { name: 'riscv64', scmp: 'SCMP_ARCH_RISCV64' },
  loong64: { name: 'loongarch64', scmp: 'SCMP_ARCH_LOONGARCH64' },
};

function architectures(profile: SeccompProfile, native: string): string[] {
  if (profile.architectures?.length) {
    return profile.architectures;
  }
  const entry = profile.archMap?.find((one) => one.architecture === native);
  return [native, ...(entry?.subArchitectures ?? [])];
}

interface Facts {
  arch: string;
  capabilities: readonly string[];
  kernel: string;
}

/** Every condition named must hold, and of the capabilities all. */
function included(condition: RuleCondition, facts: Facts): boolean {
  const { arches, caps, minKernel } = condition;
  return (
    (!arches?.length || arches.includes(facts.arch)) &&
    (caps ?? []).every((name) => facts.capabilities.includes(name)) &&
    (minKernel === undefined || atLeast(facts.kernel, minKernel))
  );
}

/** One condition that holds is enough, and of the capabilities any. */
function excluded(condition: RuleCondition, facts: Facts): boolean {
  const { arches, caps, minKernel } = condition;
  return (
    (arches ?? []).includes(facts.arch) ||
    (caps ?? []).some((name) => facts.capabilities.includes(name)) ||
    (minKernel !== undefined && atLeast(facts.kernel, minKernel))
  );
}

/** Compares major.minor only, as the format defines it: `6.12.48+deb13-amd64` is at least `4.8`. */
function atLeast(kernel: string, wanted: string): boolean {
  const [major = 0, minor = 0] = versionOf(kernel);
  const [wantedMajor = 0, wantedMinor = 0] = versionOf(wanted);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

function versionOf(text: string): number[] {
  return (/^(\d+)\.(\d+)/.exec(text) ?? []).slice(1).map(Number);
}

function ociRule(rule: ProfileRule): SeccompRule {
  const errnoRet = errnoOf(rule.errnoRet, rule.errno);
  return {
    names: rule.names ?? (rule.name === undefined ? [] : [rule.name]),
    action: rule.action,
    ...(errnoRet === undefined ? {} : { errnoRet }),
    ...(rule.args?.length ? { args: rule.args.map(ociArgument) } : {}),
  };
}

/** valueTwo is for masked comparison only; profiles write 0 where it has no meaning. */
function ociArgument({ index, value, valueTwo, op }: SeccompArgument): SeccompArgument {
  return { index, value, ...(valueTwo ? { valueTwo } : {}), op };
}

/** The number wins; the name (`ENOSYS`) is for files that have only that. */
function errnoOf(number: number | null | undefined, name: string | undefined): number | undefined {
  if (number !== null && number !== undefined) {
    return number;
  }
  if (name === undefined || name === '') {
    return undefined;
  }
  const known = (constants.errno as Record<string, number>)[name];
  if (known === undefined) {
    throw new BerthError('invalid', `unknown errno ${name} in the seccomp profile`);
  }
  return known;
}
