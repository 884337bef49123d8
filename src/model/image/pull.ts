/** What `pull` is asked for, and where an image of that name may be. Pure. */
import { BerthError } from '../errors.ts';
import { normaliseImageName } from './image.ts';
import type { ShortNames } from './registries-conf.ts';

/** When an image that is here already is asked for again. */
export const PULL_POLICIES = ['missing', 'never', 'always', 'newer'] as const;
export type PullPolicy = (typeof PULL_POLICIES)[number];

/** Throws BerthError 'invalid'. */
export function parsePullPolicy(text: string): PullPolicy {
  const lower = text.toLowerCase().replace(/^ifnewer$/, 'newer');
  const found = PULL_POLICIES.find((policy) => policy === lower);
  if (found === undefined) {
    throw new BerthError(
      'invalid',
      `unsupported pull policy ${JSON.stringify(text)}: use ${PULL_POLICIES.join(', ')}`,
    );
  }
  return found;
}

/** How a registry is reached: the flags of pull, and those of create that Podman's create has. */
export interface RegistryAccess {
  authFile?: string;
  /** USERNAME:PASSWORD */
  creds?: string;
  certDir?: string;
  /** Absent: as registries.conf says. */
  tlsVerify?: boolean;
  retries: number;
  /** A duration as Go writes it. */
  retryDelay: string;
}

/** Files and directories that hold images, as containers-transports(5) has them. */
const LOCAL = ['docker-archive', 'oci-archive', 'oci', 'dir'] as const;
export type LocalTransport = (typeof LOCAL)[number];

/** Transports that Podman knows beside. */
const FOREIGN = /^(docker-daemon|ostree|sif|tarball):/;

export type Place =
  | { transport: 'docker'; name: string }
  /** What Podman, Buildah or Skopeo keep on this host, by name or ID. */
  | { transport: 'containers-storage'; name: string }
  | { transport: LocalTransport; path: string; reference: string };

/** A name, `docker://NAME`, or `TRANSPORT:PATH[:REFERENCE]`. Throws BerthError in Podman's words. */
export function parsePlace(text: string): Place {
  const [, transport, rest = ''] = /^([a-z-]+):(.*)$/s.exec(text) ?? [];
  const local = LOCAL.find((known) => known === transport);
  if (local !== undefined) {
    const at = local === 'dir' ? -1 : rest.indexOf(':');
    const path = at < 0 ? rest : rest.slice(0, at);
    if (path === '') throw new BerthError('usage', `invalid image reference ${text}: write ${local}:PATH`);
    return { transport: local, path, reference: at < 0 ? '' : rest.slice(at + 1) };
  }
  if (transport === 'containers-storage') {
    if (rest === '' || rest.startsWith('['))
      throw new BerthError('usage', `invalid image reference ${text}: write containers-storage:NAME`);
    return { transport, name: rest };
  }
  if (FOREIGN.test(text))
    throw new BerthError(
      'unsupported',
      `pulling from ${transport} is not supported: use docker://, ${LOCAL.join(':, ')}:, containers-storage:`,
    );
  // `docker:27` is an image of Docker's own, and a short name behind docker:// is Docker's, as skopeo has it.
  const qualified = text.startsWith('docker://');
  const name = qualified ? rest.slice(2) : text;
  const full = normaliseImageName(name, 'docker.io');
  return { transport: 'docker', name: qualified && isShortName(name) ? full : name };
}

/** Does the name say no registry? */
export function isShortName(name: string): boolean {
  const [first = '', ...rest] = name.split('/');
  return rest.length === 0 || !(/[.:]/.test(first) || first === 'localhost');
}

export interface Candidates {
  /** Full names, to be tried in order. */
  names: string[];
  /** What a person is told first. */
  say?: string;
}

/** The full names that a name may stand for: containers-registries.conf(5), "SHORT-NAME ALIASING". Throws BerthError. */
export function pullCandidates(name: string, conf: ShortNames): Candidates {
  if (!isShortName(name)) return { names: [registryName(name)] };
  const [, repository = name, rest = ''] = /^(.+?)((?::[^:@/]+)?(?:@.+)?)$/s.exec(name) ?? [];
  const alias = conf.mode === 'disabled' ? undefined : conf.aliases[repository];
  if (alias !== undefined)
    return {
      names: [registryName(`${alias.repository}${rest}`)],
      say: `Resolved ${JSON.stringify(repository)} as an alias (${alias.file})`,
    };
  const { searchRegistries, searchFile, mode } = conf;
  if (searchRegistries.length === 0)
    throw new BerthError(
      'no-such-image',
      `short-name ${JSON.stringify(name)} did not resolve to an alias and no unqualified-search registries are defined in ${JSON.stringify(searchFile)}: write the registry too, like docker.io/library/${name}`,
    );
  if (mode === 'enforcing' && searchRegistries.length > 1)
    throw new BerthError(
      'no-such-image',
      'short-name resolution enforced but cannot prompt without a TTY: write the registry too',
    );
  return {
    names: searchRegistries.map((registry) => registryName(`${registry}/${name}`)),
    say: `Resolving ${JSON.stringify(repository)} using unqualified-search registries (${searchFile})`,
  };
}

/** The full name by which an image is asked for and stored: of a tag and a digest, the digest counts. */
export function registryName(name: string): string {
  return normaliseImageName(name, 'docker.io').replace(/:[^:@/]+(@)/, '$1');
}

/** `localhost:5000/a/b:tag` or `…@sha256:…` → `localhost:5000/a/b`. */
export function repositoryOf(name: string): string {
  return name.replace(/@.*$/s, '').replace(/:[^:/]*$/, '');
}

/** The names that an image from a file or directory gets: that of its reference, if the reference is one. */
export function localNames({ transport, reference }: Extract<Place, { path: string }>): string[] {
  if (transport === 'dir' || reference === '' || reference.startsWith('@')) return [];
  return [normaliseImageName(reference, transport === 'oci-archive' ? 'localhost' : 'docker.io')];
}
