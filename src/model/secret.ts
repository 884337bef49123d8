/** Secrets: names, sizes, the flag `--secret`, and what is shown of them. Pure. What they hold is never part of this. */
import { BerthError } from './errors.ts';
import { matchesAny, parseFilters } from './filters.ts';

/** What is known of a secret besides its content. */
export interface SecretRecord {
  /** 25 hex digits; a secret that is replaced gets another one. */
  id: string;
  name: string;
  /** ISO 8601, UTC; the first of that name, and the last. */
  createdAt: string;
  updatedAt: string;
  driver: 'file';
  driverOptions: Record<string, string>;
  labels: Record<string, string>;
}

/** A file that a container has of a secret or of a credential of its unit. */
export interface SecretFile {
  name: string;
  /** Absolute path in the container, cleaned. */
  destination: string;
  uid: number;
  gid: number;
  mode: number;
}

/** A secret of the store, copied into the container's own directory at create. */
export interface SecretCopy extends SecretFile {
  /** Of the secret as it was then. */
  id: string;
}

/** A secret as a variable: looked up at each start, so that no row has it. */
export interface SecretVariable {
  name: string;
  variable: string;
}

/** `--secret`, parsed: the name is as typed, and may be an ID. */
export type SecretRequest =
  | { type: 'mount' | 'credential'; source: string; target: string; uid: number; gid: number; mode: number }
  | { type: 'env'; source: string; target: string };

/** Where secrets are in a container, and its unit's credentials too. */
export const SECRETS_DIRECTORY = '/run/secrets';

/** By which programs find credentials (systemd.exec(5), CREDENTIALS). */
export const CREDENTIALS_VARIABLE = 'CREDENTIALS_DIRECTORY';

/** Podman's default; whom the payload runs as is not known before its image's users are looked up. */
export const SECRET_MODE = 0o444;

/** The first size that is too large, in bytes: Podman's. */
export const SECRET_LIMIT = 512_000;

/** @throws BerthError `invalid` in Podman's words */
export function checkSecretName(name: string): string {
  if (/^[^=/,\0]+$/.test(name) && Buffer.byteLength(name) <= 253) return name;
  throw new BerthError(
    'invalid',
    `secret name ${JSON.stringify(name)} can not include '=', '/', ',', or the '\\0' (NULL) and be between 1 and 253 characters: invalid secret name`,
  );
}

/** @throws BerthError `invalid` in Podman's words */
export function checkSecretSize(bytes: number): void {
  if (bytes > 0 && bytes < SECRET_LIMIT) return;
  throw new BerthError('invalid', `secret data must be larger than 0 and less than ${SECRET_LIMIT} bytes`);
}

/**
 * By name, whole ID, or the beginning of one, in that order.
 * @throws BerthError `no-such-secret`, or `invalid` when the beginning fits several; Podman's words
 */
export function findSecret(secrets: readonly SecretRecord[], nameOrId: string): SecretRecord {
  const exact = secrets.find(({ name }) => name === nameOrId) ?? secrets.find(({ id }) => id === nameOrId);
  if (exact !== undefined) return exact;
  const [only, second] = secrets.filter(({ id }) => id.startsWith(nameOrId));
  if (second !== undefined)
    throw new BerthError(
      'invalid',
      `more than one result secret with prefix ${nameOrId}: secret is ambiguous`,
    );
  if (only !== undefined) return only;
  throw noSuchSecret(nameOrId);
}

/** Podman's words. */
export function noSuchSecret(nameOrId: string): BerthError {
  return new BerthError(
    'no-such-secret',
    `no secret with name or id ${JSON.stringify(nameOrId)}: no such secret`,
  );
}

/** `NAME[,type=mount|env|credential][,target=…][,uid=…][,gid=…][,mode=…]`, also with `source=NAME` in any place. */
export function parseSecretFlag(text: string): SecretRequest {
  const given = new Map<string, string>();
  for (const [index, word] of (text.includes(',') ? text.split(',') : []).entries()) {
    const equals = word.indexOf('=');
    if (equals < 0 && index > 0) throw wrong(`option ${word} must be in form option=value`);
    const [key, value] = equals < 0 ? ['source', word] : [word.slice(0, equals), word.slice(equals + 1)];
    if (!OPTIONS.includes(key)) throw wrong(`option ${word} invalid`);
    CHECKS[key]?.(value);
    given.set(key, value);
  }
  // Without a comma all of it is the name, as with Podman.
  const source = text.includes(',') ? given.get('source') : text;
  const type = given.get('type') ?? 'mount';
  const isOwned = OWNING.some((key) => given.has(key));
  if (type === 'env' && isOwned) throw wrong('UID, GID, Mode options cannot be set with secret type env');
  if (source === undefined || (source === '' && text !== '')) throw wrong(`no source found ${text}`);
  const target = given.get('target') ?? '';
  if (type === 'env') {
    if (target.includes('=')) throw wrong(`the variable ${target} cannot have a "=" in its name`);
    return { type, source, target };
  }
  return {
    type: type === 'credential' ? type : 'mount',
    source,
    target,
    uid: Number(given.get('uid') ?? 0),
    gid: Number(given.get('gid') ?? 0),
    mode: given.has('mode') ? Number.parseInt(given.get('mode') ?? '', 8) : SECRET_MODE,
  };
}

/**
 * A credential's name as it may be asked for: what ImportCredential= takes for a pattern, and systemd for no name, is
 * refused.
 */
export function checkCredentialName(name: string): string {
  if (/^[a-zA-Z0-9_@.+-]{1,255}$/.test(name) && name !== '.' && name !== '..') return name;
  throw new BerthError(
    'invalid',
    `${JSON.stringify(name)} is no name for a credential: write letters, digits, dots, dashes, underscores, plus and at signs`,
  );
}

/** A test that a secret passes when it passes all filters (`name=`, `id=`); values of one key are alternatives. */
export function secretFilter(texts: readonly string[]): (secret: SecretRecord) => boolean {
  const filters = parseFilters(
    texts,
    (text) => `filter input must be in the form of filter=value: ${text} is invalid`,
  );
  const passes = [...filters].map(([key, values]) => {
    if (key !== 'name' && key !== 'id')
      throw new BerthError('usage', `invalid filter ${JSON.stringify(key)}: use name or id`);
    if (key === 'name') return ({ name }: SecretRecord) => matchesAny(name, values);
    return ({ id }: SecretRecord) => values.some((value) => isIdLike(id, value));
  });
  return (secret) => passes.every((pass) => pass(secret));
}

/** A beginning of an ID, or a regular expression. */
function isIdLike(id: string, value: string): boolean {
  return /^[0-9a-f]+$/i.test(value) ? id.startsWith(value.toLowerCase()) : matchesAny(id, [value]);
}

/** What a variable can hold; undefined for what a runtime would cut short or change. */
export function secretText(content: Uint8Array): string | undefined {
  if (content.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    return undefined;
  }
}

/** The environment as inspect shows it: without what secrets are in, and with Podman's line for each. */
export function maskedEnv(env: readonly string[], secrets: readonly SecretVariable[] = []): string[] {
  const hidden = new Set(secrets.map(({ variable }) => variable));
  return [
    ...env.filter((entry) => !hidden.has(keyOf(entry))),
    ...secrets.map(({ name }) => `${name}=*******`),
  ];
}

/** Of an environment, what secrets are in. */
export function secretEntries(env: readonly string[], secrets: readonly SecretVariable[] = []): string[] {
  const hidden = new Set(secrets.map(({ variable }) => variable));
  return env.filter((entry) => hidden.has(keyOf(entry)));
}

function keyOf(entry: string): string {
  return entry.split('=', 1)[0] ?? '';
}

const OWNING = ['uid', 'gid', 'mode'];
const OPTIONS = ['source', 'type', 'target', ...OWNING];

/** Podman's words, and its order: each option is looked at when its turn comes. */
const CHECKS: Record<string, (value: string) => void> = {
  type: (value) => {
    if (!['mount', 'env', 'credential'].includes(value)) throw wrong(`type ${value} is invalid`);
  },
  uid: (value) => {
    if (!is32Bits(value, 10)) throw wrong(`UID ${value} invalid`);
  },
  gid: (value) => {
    if (!is32Bits(value, 10)) throw wrong(`GID ${value} invalid`);
  },
  mode: (value) => {
    if (!is32Bits(value, 8)) throw wrong(`mode ${value} invalid`);
  },
};

function is32Bits(text: string, base: 8 | 10): boolean {
  return (base === 8 ? /^[0-7]+$/ : /^\d+$/).test(text) && Number.parseInt(text, base) < 2 ** 32;
}

function wrong(why: string): BerthError {
  return new BerthError('invalid', `${why}: parsing secret`);
}
