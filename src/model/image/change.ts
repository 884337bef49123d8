/** `--change` of import and commit: instructions of a Dockerfile on the config of an image. As Podman 5.4 answers (tried). */
import path from 'node:path/posix';
import { BerthError } from '../errors.ts';
import { parseSignal } from '../signal.ts';

/** The part of an image's document that is called config, with its own names (OCI image spec, config.md). */
export interface DocumentConfig {
  User?: string;
  ExposedPorts?: Record<string, object>;
  Env?: string[];
  Entrypoint?: string[];
  Cmd?: string[];
  Volumes?: Record<string, object>;
  WorkingDir?: string;
  Labels?: Record<string, string>;
  StopSignal?: string;
  OnBuild?: string[];
  Healthcheck?: unknown;
  [other: string]: unknown;
}

/** The config with all changes made, in their order: `CMD=/bin/sh`, `ENV A=b`. Throws BerthError in Podman's words. */
export function withChanges(config: DocumentConfig, changes: readonly string[]): DocumentConfig {
  let changed = config;
  for (const change of changes) changed = { ...changed, ...changeOf(changed, change) };
  return changed;
}

function changeOf(config: DocumentConfig, change: string): DocumentConfig {
  const fail = (why: string): never => {
    throw new BerthError('invalid', `invalid change ${JSON.stringify(change)} - ${why}`);
  };
  const [, word = '', value] = /^([^\s=]*)(?:\s+|=)(.*)$/s.exec(change) ?? [];
  if (value === undefined) return fail('must be formatted as KEY VALUE');
  const key = word.toUpperCase();
  const make = Object.hasOwn(INSTRUCTIONS, key) ? INSTRUCTIONS[key] : undefined;
  if (make === undefined) return fail(`invalid instruction ${key}`);
  return make(value.trim(), config, fail);
}

type Instruction = (value: string, config: DocumentConfig, fail: (why: string) => never) => DocumentConfig;

const INSTRUCTIONS: Record<string, Instruction> = {
  USER: (value, _, fail) => ({ User: value === '' ? fail('must provide a value to USER') : value }),
  EXPOSE: (value, { ExposedPorts }, fail) => ({
    ExposedPorts: { ...ExposedPorts, [exposedPort(value, fail)]: {} },
  }),
  ENV: (value, { Env = [] }, fail) => {
    const [, key = '', rest = ''] = /^([^\s=]*)(?:=|\s+|$)(.*)$/s.exec(value) ?? [];
    if (key === '') fail('ENV must have at least one argument');
    const others = Env.filter((entry) => entry.split('=', 1)[0] !== key);
    return { Env: [...others, `${key}=${unquoted(rest)}`] };
  },
  ENTRYPOINT: (value) => ({ Entrypoint: words(value) ?? shell(value) }),
  CMD: (value) => ({ Cmd: words(value) ?? shell(value) }),
  VOLUME: (value, { Volumes }, fail) => {
    const paths = words(value) ?? value.split(/\s+/).filter(Boolean);
    if (paths.length === 0) fail('must provide at least one argument to VOLUME');
    return { Volumes: { ...Volumes, ...Object.fromEntries(paths.map((each) => [each, {}])) } };
  },
  WORKDIR: (value, { WorkingDir = '' }, fail) => ({
    WorkingDir:
      value === '' ? fail('must provide a non-empty WORKDIR') : path.resolve('/', WorkingDir, value),
  }),
  LABEL: (value, { Labels }, fail) => {
    const [, key = '', text] = /^([^=]*)=(.*)$/s.exec(value) ?? [];
    if (text === undefined) fail('LABEL must be formatted key=value');
    if (key === '') fail('LABEL key cannot be empty');
    return { Labels: { ...Labels, [unquoted(key)]: unquoted(text ?? '') } };
  },
  STOPSIGNAL: (value, _, fail) => {
    try {
      return { StopSignal: String(parseSignal(value)) };
    } catch {
      return fail(`KILLSIGNAL must be given a valid signal: invalid signal: ${value}`);
    }
  },
  ONBUILD: (value, { OnBuild = [] }) => ({ OnBuild: [...OnBuild, value] }),
};

function exposedPort(value: string, fail: (why: string) => never): string {
  const [port = '', protocol = 'tcp', ...more] = value.split('/');
  if (more.length > 0) fail('EXPOSE port must be formatted as PORT[/PROTO]');
  if (!/^(tcp|udp|sctp)$/i.test(protocol)) fail('EXPOSE protocol must be TCP or UDP');
  if (!/^\d+$/.test(port))
    fail(`EXPOSE port must be an integer: strconv.Atoi: parsing ${JSON.stringify(port)}: invalid syntax`);
  if (Number(port) < 1 || Number(port) > 65_535) fail('EXPOSE port must be a valid port number');
  return `${Number(port)}/${protocol.toLowerCase()}`;
}

/** A JSON array of strings; anything else is not one. */
function words(value: string): string[] | undefined {
  try {
    const parsed: unknown = JSON.parse(value);
    return Array.isArray(parsed) && parsed.every((word) => typeof word === 'string') ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function shell(value: string): string[] {
  return ['/bin/sh', '-c', value];
}

function unquoted(text: string): string {
  const [, inside] = /^"(.*)"$/s.exec(text) ?? [];
  return inside ?? text;
}
