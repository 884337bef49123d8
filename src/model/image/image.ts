/** What an image says about itself (OCI image spec, config.md; Docker's additions), and how images are named. */
import { BerthError } from '../errors.ts';

export interface ImageConfig {
  /** GOARCH: amd64, arm64 … */
  architecture: string;
  variant?: string;
  /** GOOS: linux. */
  os: string;
  /** As written: RFC 3339. */
  created?: string;
  author?: string;
  /** Docker's: what a commit was told to say. */
  comment?: string;

  /** Empty = root. */
  user: string;
  env: string[];
  entrypoint: string[];
  cmd: string[];
  /** Empty = `/`. */
  workingDir: string;
  labels: Record<string, string>;
  /** `80/tcp` … */
  exposedPorts: string[];
  volumes: string[];
  /** A name or a number, as written. */
  stopSignal?: string;
  healthcheck?: ImageHealthcheck;

  /** sha256 hex of each uncompressed layer, lowest first. */
  diffIds: string[];
  history: ImageHistory[];
}

/** Docker's HEALTHCHECK; an absent field was not given (the default applies). */
export interface ImageHealthcheck {
  /** `['NONE']`, `['CMD', …]`, `['CMD-SHELL', 'command line']`; empty = inherited. */
  test: string[];
  intervalMs?: number;
  timeoutMs?: number;
  startPeriodMs?: number;
  startIntervalMs?: number;
  retries?: number;
}

export interface ImageHistory {
  created?: string;
  createdBy?: string;
  author?: string;
  comment?: string;
  /** True for a step that made no layer. */
  emptyLayer: boolean;
}

/**
 * Parses an image's config blob. Fields that are absent or null become empty; a field of a wrong type is a
 * BerthError('archive'), for an image that lies about its own form is not to be run.
 */
export function parseImageConfig(json: string): ImageConfig {
  const blob = fields(parseJson(json), 'the image config');
  const config = fields(blob.config ?? {}, 'config');
  const rootfs = fields(blob.rootfs ?? {}, 'rootfs');
  return {
    architecture: text(blob, 'architecture') ?? '',
    ...optional('variant', text(blob, 'variant')),
    os: text(blob, 'os') ?? '',
    ...optional('created', text(blob, 'created')),
    ...optional('author', text(blob, 'author')),
    ...optional('comment', text(blob, 'comment') || undefined),
    user: text(config, 'User') ?? '',
    env: texts(config, 'Env'),
    entrypoint: texts(config, 'Entrypoint'),
    cmd: texts(config, 'Cmd'),
    workingDir: text(config, 'WorkingDir') ?? '',
    labels: labels(config.Labels),
    exposedPorts: Object.keys(fields(config.ExposedPorts ?? {}, 'ExposedPorts')),
    volumes: Object.keys(fields(config.Volumes ?? {}, 'Volumes')),
    ...optional('stopSignal', text(config, 'StopSignal') || undefined),
    ...optional('healthcheck', healthcheck(config.Healthcheck)),
    diffIds: texts(rootfs, 'diff_ids').map(digestHex),
    history: history(blob.history),
  };
}

/** The 64 hex digits of a `sha256:` digest; other algorithms and forms are a BerthError('archive'). */
export function digestHex(digest: unknown): string {
  const hex = typeof digest === 'string' ? /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1] : undefined;
  if (hex === undefined) throw broken(`${JSON.stringify(digest)} is not a sha256 digest`);
  return hex;
}

/**
 * The full form of an image name. Short names belong to `localhost`, as Podman 5 does it for names in archives and for
 * `podman tag` (tried: `redis` → `localhost/redis:latest`, `me/app:1` → `localhost/me/app:1`), or to `docker.io`, as for
 * pulls (`redis` → `docker.io/library/redis:latest`). The first component is a registry if it has a dot or a colon, or is
 * `localhost`. A digest reference (`name@sha256:…`) gets no tag. Throws BerthError('invalid').
 */
export function normaliseImageName(
  name: string,
  shortNames: 'docker.io' | 'localhost' = 'localhost',
): string {
  const parts = NAME.exec(name);
  const path = parts?.groups?.path ?? '';
  const [first = '', ...rest] = path.split('/');
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const registry = hasRegistry ? first : shortNames;
  const repository = hasRegistry ? rest : [first, ...rest];
  if (!REGISTRY.test(registry) || !repository.every((component) => COMPONENT.test(component))) {
    const why =
      name === ''
        ? 'repository name must have at least one component'
        : parts !== null && /[A-Z]/.test(path) && /^[\w./:-]+$/.test(path)
          ? 'repository name must be lowercase'
          : 'invalid reference format: names look like registry/path/name:tag';
    throw new BerthError('invalid', `parsing reference ${JSON.stringify(name)}: ${why}`);
  }
  if (registry === 'docker.io' && repository.length === 1) repository.unshift('library');
  const digest = parts?.groups?.digest ?? '';
  const tag = parts?.groups?.tag ?? (digest === '' ? ':latest' : '');
  return `${registry === 'index.docker.io' ? 'docker.io' : registry}/${repository.join('/')}${tag}${digest}`;
}

/** The grammar of github.com/distribution/reference: path, then tag, then digest. */
const NAME = /^(?<path>[^@]+?)(?<tag>:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?<digest>@sha256:[0-9a-f]{64})?$/;
const REGISTRY = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]+)?$/;
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;

/** GOARCH of Node's process.arch, as images name it. */
export function imageArchitecture(nodeArch: string): string {
  return ARCHITECTURES[nodeArch] ?? nodeArch;
}

const ARCHITECTURES: Record<string, string> = {
  x64: 'amd64',
  ia32: '386',
  ppc64: 'ppc64le',
  loong64: 'loong64',
};

type Fields = Record<string, unknown>;

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new BerthError('archive', 'the image config is not valid JSON', { cause: error });
  }
}

function fields(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw broken(`${what} is not an object`);
  return value as Fields;
}

function text(from: Fields, key: string): string | undefined {
  const value = from[key] ?? undefined;
  if (value !== undefined && typeof value !== 'string') throw broken(`${key} is not a string`);
  return value;
}

function texts(from: Fields, key: string): string[] {
  const value = from[key] ?? [];
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string'))
    throw broken(`${key} is not a list of strings`);
  return value;
}

function labels(value: unknown): Record<string, string> {
  const object = fields(value ?? {}, 'Labels');
  return Object.fromEntries(Object.keys(object).map((key) => [key, text(object, key) ?? '']));
}

function healthcheck(value: unknown): ImageHealthcheck | undefined {
  if (value === undefined || value === null) return undefined;
  const check = fields(value, 'Healthcheck');
  return {
    test: texts(check, 'Test'),
    ...optional('intervalMs', milliseconds(check, 'Interval')),
    ...optional('timeoutMs', milliseconds(check, 'Timeout')),
    ...optional('startPeriodMs', milliseconds(check, 'StartPeriod')),
    ...optional('startIntervalMs', milliseconds(check, 'StartInterval')),
    ...optional('retries', count(check, 'Retries')),
  };
}

/** Docker writes nanoseconds; 0 means "not given". */
function milliseconds(from: Fields, key: string): number | undefined {
  const nanoseconds = count(from, key);
  return nanoseconds === undefined ? undefined : nanoseconds / 1e6;
}

function count(from: Fields, key: string): number | undefined {
  const value = from[key] ?? 0;
  if (typeof value !== 'number' || value < 0) throw broken(`${key} is not a number of 0 or more`);
  return value === 0 ? undefined : value;
}

function history(value: unknown): ImageHistory[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw broken('history is not a list');
  return value.map((item) => {
    const step = fields(item, 'a step of the history');
    return {
      ...optional('created', text(step, 'created')),
      ...optional('createdBy', text(step, 'created_by')),
      ...optional('author', text(step, 'author')),
      ...optional('comment', text(step, 'comment')),
      emptyLayer: step.empty_layer === true,
    };
  });
}

function optional<Key extends string, Value>(key: Key, value: Value | undefined): { [K in Key]?: Value } {
  return (value === undefined ? {} : { [key]: value }) as { [K in Key]?: Value };
}

function broken(why: string): BerthError {
  return new BerthError('archive', `broken image: ${why}`);
}
