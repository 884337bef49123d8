/** SELinux as the kernel has it (selinux(8)): whether it is on, what its policy has for containers, labels of files. */
import { statfsSync } from 'node:fs';
import { isErrno } from '../model/errors.ts';
import { parseContexts, policyName, SELINUX_FILES, type SelinuxContexts } from '../model/selinux.ts';
import { readFileIfAny } from './files.ts';
import { systemCall } from './libc.ts';
import { mountAt } from './mountinfo.ts';

/** linux/magic.h */
const SELINUX_MAGIC = 0xf97cff8c;
/** container-selinux's own, which counts before the policy's (opencontainers/selinux). */
const CONTAINER_CONTEXTS = '/usr/share/containers/selinux/contexts';
const CONFIG = '/etc/selinux/config';
/** xattr(7), "Security extended attributes". */
const ATTRIBUTE = 'security.selinux';

const setxattr = systemCall('int setxattr(const char *, const char *, const void *, size_t, int)');
const getxattr = systemCall('long getxattr(const char *, const char *, void *, size_t)');
/** Bytes. A label is a page at most (selinuxfs). */
const LONGEST = 4096;

/** Has this kernel a policy loaded, and may this process see it? One look at a path, where there is none. */
export function isSelinuxEnabled(): boolean {
  try {
    if (statfsSync(SELINUX_FILES).type >>> 0 !== SELINUX_MAGIC) return false;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
  if (mountAt(SELINUX_FILES)?.options.includes('ro') === true) return false;
  // What all processes have before a policy is loaded.
  return readFileIfAny('/proc/self/attr/current')?.replace(/[\0\n]+$/, '') !== 'kernel';
}

/** What the policy has for containers, empty if nothing; undefined where SELinux is off. */
export function selinuxContexts(): SelinuxContexts | undefined {
  if (!isSelinuxEnabled()) return undefined;
  const policy = policyName(readFileIfAny(CONFIG) ?? '') ?? '';
  const text =
    readFileIfAny(CONTAINER_CONTEXTS) ?? readFileIfAny(`/etc/selinux/${policy}/contexts/lxc_contexts`);
  return parseContexts(text ?? '');
}

/** The label of a file, links followed; '' for a file without, undefined on a file system that has no labels. */
export function readLabel(file: string): string | undefined {
  const value = Buffer.alloc(LONGEST);
  try {
    const length = getxattr(file, ATTRIBUTE, value, value.length);
    return value.toString('latin1', 0, length).replace(/\0+$/, '');
  } catch (error) {
    if (isErrno(error, 'ENODATA')) return '';
    if (isErrno(error, ...NOT_SUPPORTED)) return undefined;
    throw error;
  }
}

/** Labels a file, links followed. False on a file system that has no labels; throws with the code of setxattr(2). */
export function writeLabel(file: string, label: string): boolean {
  const value = Buffer.from(label);
  try {
    setxattr(file, ATTRIBUTE, value, value.length, 0);
    return true;
  } catch (error) {
    if (isErrno(error, ...NOT_SUPPORTED)) return false;
    throw error;
  }
}

/** One number, two names. */
const NOT_SUPPORTED = ['ENOTSUP', 'EOPNOTSUPP'];
