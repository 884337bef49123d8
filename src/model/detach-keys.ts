/** The keys that leave a container without ending it (podman-run(1), --detach-keys). */
import { BerthError } from './errors.ts';

export const DEFAULT_DETACH_KEYS = 'ctrl-p,ctrl-q';

/** What follows `ctrl-`: a letter, or one of the characters that make control codes 0 and 27 to 31. */
const CONTROL = /^ctrl-([a-z@[\\\]^_])$/i;

/** Bytes of a sequence like `ctrl-p,q`; none for the empty text, which switches detaching off. */
export function parseDetachKeys(text: string): number[] {
  if (text === '') return [];
  return text.split(',').map((key) => {
    const control = CONTROL.exec(key)?.[1];
    if (control !== undefined) return control.toUpperCase().charCodeAt(0) & 0x1f;
    if (/^[\x20-\x7e]$/.test(key)) return key.charCodeAt(0);
    throw new BerthError('invalid', `invalid detach keys: Unknown character: '${key}'`);
  });
}

/**
 * Looks for the sequence in what is typed, across chunks. What may be its beginning is held back until it is clear
 * that it is not; the sequence itself is never passed on.
 */
export function detachFilter(
  sequence: readonly number[],
): (typed: Uint8Array) => { pass: Uint8Array; detached: boolean } {
  const held: number[] = [];
  return (typed) => {
    if (sequence.length === 0) return { pass: typed, detached: false };
    const pass: number[] = [];
    for (const byte of typed) {
      held.push(byte);
      while (!held.every((one, at) => one === sequence[at])) pass.push(held.shift() ?? 0);
      if (held.length === sequence.length) return { pass: Uint8Array.from(pass), detached: true };
    }
    return { pass: Uint8Array.from(pass), detached: false };
  };
}
