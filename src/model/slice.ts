/** Slices of systemd, in which units lie (systemd.slice(5)). Names are as `a-b.slice`, which lies in `a.slice`. */
import { BerthError } from './errors.ts';

/** Where units of the system lie unless they say otherwise. */
export const DEFAULT_SLICE = 'system.slice';

/**
 * The slice that --cgroup-parent names, be it with those above it.
 * @throws BerthError `invalid`, in Podman's words for what is no slice.
 */
export function parseCgroupParent(text: string): string {
  const name = text.slice(text.lastIndexOf('/') + 1);
  if (!name.endsWith('.slice'))
    throw new BerthError(
      'invalid',
      'did not receive systemd slice as cgroup parent when using systemd to manage cgroups: invalid argument',
    );
  if (name !== '-.slice' && !/^[\w:.\\]+(-[\w:.\\]+)*\.slice$/.test(name))
    throw new BerthError('invalid', `invalid slice name: ${name}: invalid argument`);
  return name;
}

/** The control group of a slice: `/a.slice/a-b.slice`. */
export function sliceCgroup(slice: string): string {
  if (slice === '-.slice') return '';
  const words = slice.slice(0, -'.slice'.length).split('-');
  return words.map((_, index) => `/${words.slice(0, index + 1).join('-')}.slice`).join('');
}

/** A slice of that one-word name in another one. */
export function sliceWithin(slice: string, name: string): string {
  return slice === '-.slice' ? `${name}.slice` : slice.replace(/\.slice$/, `-${name}.slice`);
}
