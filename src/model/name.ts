/** Names and ids of containers, and the unit names made from them. */
import { BerthError } from './errors.ts';

/** Podman's rule for names (podman-create(1), --name). No `@`: Berth's own helper units have one in theirs. */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

/** systemd's limit for a unit name is 255 bytes (UNIT_NAME_MAX); the prefixes and suffixes need some of it. */
const NAME_MAX = 200;

/** Returns the name if it is valid, throws one line saying what is allowed otherwise. */
export function checkName(name: string): string {
  if (!NAME.test(name)) {
    throw new BerthError(
      'invalid',
      `names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument: ${JSON.stringify(name)}`,
    );
  }
  if (name.length > NAME_MAX) {
    throw new BerthError(
      'invalid',
      `container name is too long: ${name.length} characters, at most ${NAME_MAX}`,
    );
  }
  return name;
}

/** The service unit of a container. */
export function unitName(name: string): string {
  return `berth-${name}.service`;
}

/** The transient units of a container's health check; the `@` keeps them apart from every container's unit. */
export function healthUnits(name: string): { timer: string; service: string } {
  return { timer: `berth-health@${name}.timer`, service: `berth-health@${name}.service` };
}

/** A random 256-bit id as 64 hex digits, from random bytes. */
export function idFromBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** The first 12 digits, as people see ids. */
export function shortId(id: string): string {
  return id.slice(0, 12);
}

const LEFT = [
  'calm',
  'brave',
  'quiet',
  'swift',
  'salty',
  'steady',
  'bright',
  'fair',
  'keen',
  'trim',
  'able',
  'brisk',
];
const RIGHT = [
  'anchor',
  'bollard',
  'capstan',
  'cutter',
  'fender',
  'halyard',
  'harbour',
  'keel',
  'mooring',
  'pier',
  'quay',
  'rudder',
];

/** A name for a container that was given none: two words and, from the second try on, a number. */
export function randomName(random: () => number, attempt = 0): string {
  const pick = (words: string[]): string => words[Math.floor(random() * words.length)] ?? 'berth';
  const base = `${pick(LEFT)}_${pick(RIGHT)}`;
  return attempt === 0 ? base : `${base}${Math.floor(random() * 10 ** Math.min(9, attempt))}`;
}

/** The error of a second container with the same name; Podman's words. */
export function nameInUse(name: string, id: string): BerthError {
  return new BerthError(
    'name-in-use',
    `the container name ${JSON.stringify(name)} is already in use by ${id}. You have to remove that container to be able to reuse that name: that name is already in use, or use --replace to instruct Berth to do so.`,
  );
}

/** A name for what is kept with a container: no path, nothing hidden, nothing that a terminal would act on. */
export function checkArtifactName(name: string): void {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,199}$/.test(name)) return;
  throw new BerthError(
    'invalid',
    `${JSON.stringify(name)} is no name for an artifact: write letters, digits, dots, dashes and underscores`,
  );
}
