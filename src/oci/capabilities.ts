/**
 * Linux capabilities: which ones a container gets. Names are those of capabilities(7), `CAP_` in front.
 */
import { BerthError } from '../model/errors.ts';
import type { CapabilitySets } from './types.ts';

/** Every capability of Linux 6, by number: the index is the bit in /proc/PID/status. */
export const ALL_CAPABILITIES: readonly string[] = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_DAC_READ_SEARCH',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETPCAP',
  'CAP_LINUX_IMMUTABLE',
  'CAP_NET_BIND_SERVICE',
  'CAP_NET_BROADCAST',
  'CAP_NET_ADMIN',
  'CAP_NET_RAW',
  'CAP_IPC_LOCK',
  'CAP_IPC_OWNER',
  'CAP_SYS_MODULE',
  'CAP_SYS_RAWIO',
  'CAP_SYS_CHROOT',
  'CAP_SYS_PTRACE',
  'CAP_SYS_PACCT',
  'CAP_SYS_ADMIN',
  'CAP_SYS_BOOT',
  'CAP_SYS_NICE',
  'CAP_SYS_RESOURCE',
  'CAP_SYS_TIME',
  'CAP_SYS_TTY_CONFIG',
  'CAP_MKNOD',
  'CAP_LEASE',
  'CAP_AUDIT_WRITE',
  'CAP_AUDIT_CONTROL',
  'CAP_SETFCAP',
  'CAP_MAC_OVERRIDE',
  'CAP_MAC_ADMIN',
  'CAP_SYSLOG',
  'CAP_WAKE_ALARM',
  'CAP_BLOCK_SUSPEND',
  'CAP_AUDIT_READ',
  'CAP_PERFMON',
  'CAP_BPF',
  'CAP_CHECKPOINT_RESTORE',
];

/** What a container has when nothing was asked for: Podman 5's `default_capabilities`. */
export const DEFAULT_CAPABILITIES: readonly string[] = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_NET_BIND_SERVICE',
  'CAP_SETFCAP',
  'CAP_SETGID',
  'CAP_SETPCAP',
  'CAP_SETUID',
  'CAP_SYS_CHROOT',
];

export interface CapabilityRequest {
  /** `--cap-add`, `--cap-drop`: any case, with or without `CAP_`, or `ALL`. */
  capAdd: readonly string[];
  capDrop: readonly string[];
  privileged?: boolean;
  uid: number;
  /** The bounding set of the process that starts the container: what it lacks, it cannot give. */
  hostBounding: readonly string[];
}

/**
 * The five capability sets of a container's first process.
 *
 * Root gets everything in the bounding set. Another user gets only what `--cap-add` names, made ambient so that it
 * survives execve; the rest of the bounding set stays reachable through setuid and file capabilities.
 * A capability that the host's bounding set lacks is left out silently, as Podman does: asking for ALL must work
 * inside a machine that has fewer.
 * @throws BerthError `invalid` for an unknown name or a contradiction.
 */
export function capabilitySets(request: CapabilityRequest): CapabilitySets {
  const bounding = boundingSet(request);
  if (request.uid === 0) {
    return setsOf(bounding, bounding, []);
  }
  const added = normalizeCapabilities(request.capAdd);
  const kept = added.includes('ALL') ? bounding : bounding.filter((name) => added.includes(name));
  return setsOf(bounding, kept, kept);
}

/** What a bounding set has beyond the usual one of its kind, and what it lacks of it. */
export function beyondDefault(
  bounding: readonly string[],
  { privileged }: { privileged: boolean },
): { added: string[]; dropped: string[] } {
  const usual = privileged ? ALL_CAPABILITIES : DEFAULT_CAPABILITIES;
  return {
    added: bounding.filter((name) => !usual.includes(name)),
    dropped: usual.filter((name) => !bounding.includes(name)),
  };
}

/**
 * The five sets of a further process (`exec`) in a container whose first process has `container`.
 * Root gets the bounding set; another user gets what the container made ambient, as execve would leave it.
 */
export function execCapabilitySets(
  container: CapabilitySets,
  options: { uid: number; privileged: boolean; hostBounding: readonly string[] },
): CapabilitySets {
  const bounding = options.privileged ? sorted(options.hostBounding) : container.bounding;
  return options.uid === 0
    ? setsOf(bounding, bounding, [])
    : setsOf(bounding, container.ambient, container.ambient);
}

/**
 * Names in one form: upper case, `CAP_` in front, `ALL` alone, each once.
 * @throws BerthError `invalid` for a name that capabilities(7) does not have.
 */
export function normalizeCapabilities(names: readonly string[]): string[] {
  const normal = names.map((given) => {
    const upper = given.trim().toUpperCase();
    if (upper === 'ALL') {
      return upper;
    }
    const name = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
    if (!ALL_CAPABILITIES.includes(name)) {
      throw new BerthError('invalid', `"${name}": unknown capability`);
    }
    return name;
  });
  return [...new Set(normal)];
}

/** The names of a mask as /proc/PID/status prints it (`CapBnd: 000001ffffffffff`); bits without a name are skipped. */
export function capabilitiesOfMask(hex: string): string[] {
  const mask = BigInt(`0x${hex.trim()}`);
  return ALL_CAPABILITIES.filter((_, bit) => (mask >> BigInt(bit)) & 1n);
}

function boundingSet({ capAdd, capDrop, privileged, hostBounding }: CapabilityRequest): string[] {
  const add = normalizeCapabilities(capAdd);
  const drop = normalizeCapabilities(capDrop);
  const addAll = privileged === true || add.includes('ALL');
  const dropAll = drop.includes('ALL');
  if (add.includes('ALL') && dropAll) {
    throw new BerthError('invalid', 'adding all caps and removing all caps not allowed');
  }
  const both = add.find((name) => drop.includes(name));
  if (both !== undefined) {
    throw new BerthError('invalid', `capability "${both}" cannot be dropped and added`);
  }
  const base = dropAll ? [] : addAll ? ALL_CAPABILITIES : DEFAULT_CAPABILITIES;
  const wanted = new Set([...base, ...add].filter((name) => !drop.includes(name)));
  return sorted(hostBounding.filter((name) => wanted.has(name)));
}

function setsOf(
  bounding: readonly string[],
  held: readonly string[],
  inherited: readonly string[],
): CapabilitySets {
  return {
    bounding: [...bounding],
    effective: [...held],
    permitted: [...held],
    inheritable: [...inherited],
    ambient: [...inherited],
  };
}

function sorted(names: readonly string[]): string[] {
  return [...names].sort();
}
