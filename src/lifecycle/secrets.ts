/** secret create and rm; and what a container has of secrets. */
import path from 'node:path';
import type { ContainerConfig } from '../model/config.ts';
import { BerthError } from '../model/errors.ts';
import { idFromBytes } from '../model/name.ts';
import {
  checkCredentialName,
  checkSecretName,
  checkSecretSize,
  findSecret,
  noSuchSecret,
  SECRETS_DIRECTORY,
  type SecretFile,
  type SecretRecord,
  type SecretRequest,
  secretText,
} from '../model/secret.ts';
import { hostOwner } from '../model/user-namespace/id-map.ts';
import type { Ports } from './ports.ts';

/** Podman's IDs of secrets are shorter than those of containers. */
const ID_LENGTH = 25;

/**
 * Stores a secret under a name. One that has the name is an error, or with `replace` gives way, or with `ignore` stays
 * and is returned. What containers have copies of stays with them.
 * @throws BerthError `invalid` for a wrong name or size, `name-in-use`
 */
export function createSecret(
  { store, secrets, now, randomBytes }: Pick<Ports, 'store' | 'secrets' | 'now' | 'randomBytes'>,
  request: Pick<SecretRecord, 'name' | 'labels' | 'driverOptions'> & {
    content: Uint8Array;
    replace: boolean;
    ignore: boolean;
  },
): SecretRecord {
  const { content, replace, ignore, labels, driverOptions } = request;
  const name = checkSecretName(request.name);
  checkSecretSize(content.length);
  return store.transaction(() => {
    const before = secrets.byName(name);
    if (before !== undefined && ignore) return before;
    if (before !== undefined && !replace)
      throw new BerthError('name-in-use', `${name}: secret name in use, or use --replace`);
    const updatedAt = now();
    const secret: SecretRecord = {
      id: idFromBytes(randomBytes(ID_LENGTH)).slice(0, ID_LENGTH),
      name,
      createdAt: before?.createdAt ?? updatedAt,
      updatedAt,
      driver: 'file',
      driverOptions,
      labels,
    };
    secrets.save(secret, content);
    return secret;
  });
}

/** Removes a secret and returns its ID. Throws as findSecret does. */
export function removeSecret({ store, secrets }: Pick<Ports, 'store' | 'secrets'>, nameOrId: string): string {
  return store.transaction(() => {
    const { id, name } = findSecret(secrets.list(), nameOrId);
    secrets.remove(name);
    return id;
  });
}

/**
 * The parts of a config that `--secret`s ask for.
 * @throws BerthError for a secret that there is not, or that cannot be what it is to be
 */
export function resolveSecrets(
  { secrets }: Pick<Ports, 'secrets'>,
  requests: readonly SecretRequest[] = [],
): Pick<ContainerConfig, 'secrets' | 'secretEnv' | 'credentials'> {
  if (requests.length === 0) return {};
  const known = secrets.list();
  const found = requests.map((request) => ({
    request,
    secret: request.type === 'credential' ? undefined : findSecret(known, request.source),
  }));
  const copies = found.flatMap(({ request, secret }) =>
    request.type !== 'mount' || secret === undefined
      ? []
      : [{ ...fileOf(request, secret.name), id: secret.id }],
  );
  const variables = found.flatMap(({ request, secret }) =>
    request.type !== 'env' || secret === undefined
      ? []
      : [{ name: secret.name, variable: request.target || request.source }],
  );
  const credentials = requests.flatMap((request) =>
    request.type === 'credential' ? [fileOf(request, checkCredentialName(request.source))] : [],
  );
  for (const { name } of variables) textOf({ secrets }, name);
  return {
    ...(copies.length === 0 ? {} : { secrets: copies }),
    ...(variables.length === 0 ? {} : { secretEnv: variables }),
    ...(credentials.length === 0 ? {} : { credentials }),
  };
}

function fileOf(request: Exclude<SecretRequest, { type: 'env' }>, name: string): SecretFile {
  const { uid, gid, mode, target } = request;
  const destination = path.posix.resolve(SECRETS_DIRECTORY, target || name);
  if (destination === '/')
    throw new BerthError('invalid', `secret ${name} cannot be the root file system: write another target`);
  return { name, destination, uid, gid, mode };
}

/** Copies the secrets of a container that is being created into its own directory. */
export function copySecretsFor(
  { secrets, rootfs }: Pick<Ports, 'secrets' | 'rootfs'>,
  { id, secrets: files = [], idMappings }: ContainerConfig,
): void {
  const copies = files.map((file) => ({
    ...file,
    ...hostOwner(idMappings, file),
    content: contentOf({ secrets }, file.name),
  }));
  rootfs.copySecrets(id, copies);
}

/**
 * The variables that secrets are in, as the secrets are now: `VARIABLE=text`.
 * @throws BerthError for one that has been removed or is no text (any more)
 */
export function secretVariables(
  ports: Pick<Ports, 'secrets'>,
  { secretEnv = [] }: Pick<ContainerConfig, 'secretEnv'>,
): string[] {
  return secretEnv.map(({ name, variable }) => `${variable}=${textOf(ports, name)}`);
}

function contentOf({ secrets }: Pick<Ports, 'secrets'>, name: string): Uint8Array {
  const content = secrets.content(name);
  if (content === undefined) throw noSuchSecret(name);
  return content;
}

function textOf(ports: Pick<Ports, 'secrets'>, name: string): string {
  const text = secretText(contentOf(ports, name));
  if (text !== undefined) return text;
  throw new BerthError(
    'invalid',
    `secret ${name} cannot be an environment variable: it is not UTF-8 text without NUL: use type=mount`,
  );
}
