/** `--mount type=…,key=value,…` → RequestedMount. What the option words mean is checked by oci/mount-options.ts, as for `-v`. */
import path from 'node:path';
import type { RequestedMount } from './config.ts';
import { BerthError } from './errors.ts';
import { containerPath, volumeNamed } from './mount-flags.ts';

type MountType = RequestedMount['type'] | 'glob';

const TYPES: readonly MountType[] = ['bind', 'tmpfs', 'ramfs', 'volume', 'image', 'devpts', 'glob'];
const FORMAT = `type=<${TYPES.join('|')}>,[src=<source>,]target=<ctr-dir>[,options]`;
/** Words that mean the same after `-v` and `--tmpfs`. */
const PLAIN = /^(z|Z|r?(private|shared|slave|unbindable)|(no)?(exec|suid|dev))$/;
const OF_BINDS = ['bind-propagation', 'bind-nonrecursive'];
const OF_TMPFS = ['tmpfs-size', 'tmpfs-mode', 'tmpcopyup', 'notmpcopyup'];
const OF_VOLUMES = ['volume-opt', 'volume-label'];
/** Options that are of other types. */
const FOREIGN: Partial<Record<MountType, readonly string[]>> = {
  glob: [...OF_BINDS, ...OF_TMPFS, ...OF_VOLUMES],
  // Podman takes the last four, and fails at the start or does nothing.
  ramfs: [...OF_BINDS, ...OF_TMPFS, ...OF_VOLUMES, 'U', 'chown', 'idmap', 'no-dereference'],
  bind: [...OF_TMPFS, ...OF_VOLUMES],
  tmpfs: [...OF_BINDS, ...OF_VOLUMES, 'src', 'source'],
  volume: [...OF_BINDS, ...OF_TMPFS],
};
/** All that there is for these two, beside where they are mounted. */
const ALL: Partial<Record<MountType, RegExp>> = {
  image: /^(src|source|rw|readwrite|ro|readonly|subpath)$/,
  devpts: /^(uid|gid|mode|max)$/,
};
/** What is given twice, where the error does not name the option that was typed. */
const TWICE: Record<string, string> = {
  access: "'readonly', 'ro', or 'rw' mnt.Options",
  relabel: "'relabel' option",
};

interface Option {
  key: string;
  /** Undefined without `=`. */
  value: string | undefined;
}

/**
 * Relative sources are found from `directory`; a bind mount without a source shows the path of its destination, as
 * Podman's, and a volume without one is anonymous.
 * @throws BerthError with Podman's words where it has them; `unsupported` for types and options that Berth lacks
 */
export function parseMountFlag(text: string, directory: string): RequestedMount {
  const options = fields(text).map(option);
  const at = options.findIndex(({ key, value }) => key === 'type' && value !== undefined);
  const type = options[at]?.value;
  if (type === undefined)
    throw new BerthError('invalid', `incorrect mount format: should be --mount ${FORMAT}`);
  if (!(TYPES as readonly string[]).includes(type))
    throw new BerthError('invalid', `invalid filesystem type ${JSON.stringify(type)}`);
  return mountOf(type as MountType, options.toSpliced(at, 1), directory);
}

function mountOf(type: MountType, options: Option[], directory: string): RequestedMount {
  const given = new Map<string, string>();
  const words: string[] = [];
  for (const one of options) {
    refuseForeign(type, one);
    const what = subject(one.key);
    if (what !== undefined && given.has(what)) {
      const named = TWICE[what] ?? `${JSON.stringify(one.key)} option`;
      throw new BerthError(
        'invalid',
        `cannot pass ${named} more than once: must provide an argument for option`,
      );
    }
    if (what !== undefined) given.set(what, one.value ?? '');
    if (what === 'source' || what === 'destination' || what === 'subpath') place(one);
    else words.push(...(type === 'devpts' ? devptsWord(one) : wordsOf(one)));
  }
  const target = given.get('destination');
  const source = given.get('source');
  if (type === 'image' && (target === undefined || source === undefined))
    throw new BerthError('invalid', 'must set source and destination for image volume');
  if (type === 'glob') {
    const pattern = { glob: source ?? '', source: path.posix.resolve(directory, source ?? '') };
    const destination = target === undefined ? '' : containerPath(target);
    return { type: 'bind', ...pattern, destination, options: words };
  }
  if (target === undefined) throw new BerthError('invalid', 'must set volume destination');
  const subpath = given.get('subpath');
  if (type === 'image' && subpath !== undefined && !subpath.startsWith('/'))
    throw new BerthError('invalid', `volume subpath ${JSON.stringify(subpath)} must be an absolute path`);
  const destination = containerPath(target);
  return {
    type,
    ...(type === 'bind' ? { source: path.posix.resolve(directory, source ?? destination) } : {}),
    ...(type === 'volume' && source !== undefined ? { volume: volumeNamed(source) } : {}),
    ...(type === 'image' && source !== undefined ? { imageName: source } : {}),
    ...(subpath === undefined ? {} : { subpath }),
    destination,
    options: words,
  };
}

/** The same for options that say the same. */
function subject(key: string): string | undefined {
  if (key === 'src' || key === 'source') return 'source';
  if (key === 'target' || key === 'dst' || key === 'destination') return 'destination';
  if (key === 'subpath' || key === 'volume-subpath') return 'subpath';
  if (/^(ro|readonly|rw|readwrite)$/.test(key)) return 'access';
  return key === 'relabel' ? key : undefined;
}

function refuseForeign(type: MountType, { key }: Option): void {
  const what = subject(key);
  if (what === 'destination') return;
  if (what === 'subpath' && type !== 'volume' && type !== 'image')
    throw new BerthError('invalid', `cannot set option ${JSON.stringify(key)} on non-volume mounts`);
  if (FOREIGN[type]?.includes(key))
    throw new BerthError('invalid', `${JSON.stringify(key)} option not supported for "${type}" mount types`);
  if (ALL[type]?.test(key) === false) throw new BerthError('invalid', `${key}: invalid mount option`);
  if (key === 'volume-label')
    throw new BerthError('unsupported', 'the --volume-label option is not presently implemented');
}

/** A source or destination says where. */
function place({ key, value }: Option): void {
  if (value === undefined) throw needsArgument(key);
  if (value !== '') return;
  throw subject(key) === 'source'
    ? needsArgument('host directory cannot be empty')
    : new BerthError('invalid', 'container directory cannot be empty');
}

/** What `-v` or `--tmpfs` would have said. */
function wordsOf(one: Option): string[] {
  const { key, value } = one;
  switch (key) {
    case 'ro':
    case 'readonly':
      return [isOn(one) ? 'ro' : 'rw'];
    case 'rw':
    case 'readwrite':
      return [isOn(one) ? 'rw' : 'ro'];
    case 'U':
    case 'chown':
      return isOn(one) ? ['U'] : [];
    case 'bind-nonrecursive':
      return isOn(one) ? ['bind'] : [];
    case 'bind-propagation':
      if (value === undefined) throw needsArgument(key);
      if (!/^r?(private|shared|slave|unbindable)$/.test(value))
        throw new BerthError('invalid', `invalid value ${JSON.stringify(`${key}=${value}`)}`);
      return [value];
    case 'relabel':
      if (value === 'shared') return ['z'];
      if (value === 'private') return ['Z'];
      throw new BerthError(
        'invalid',
        "relabel mount option must be 'private' or 'shared': invalid mount option",
      );
    case 'tmpfs-size':
    case 'tmpfs-mode':
      // An empty one too: the kernel takes none.
      if (value === undefined || value === '') throw needsArgument(key);
      return [`${key.slice('tmpfs-'.length)}=${value}`];
    case 'tmpcopyup':
    case 'notmpcopyup':
      return isOn(one) ? [key] : [];
    case 'idmap':
      return [value === undefined ? key : `${key}=${value}`];
    case 'no-dereference':
      return isOn(one) ? [key] : [];
    case 'volume-opt':
      if (value?.includes('=') !== true)
        throw new BerthError(
          'invalid',
          'cannot parse driver opts: invalid mount option: write volume-opt=KEY=VALUE',
        );
      return [`${key}=${value}`];
    case 'consistency':
      // Docker Desktop's, and of no meaning on Linux.
      return [];
    default:
      if (value !== undefined || !PLAIN.test(key))
        throw new BerthError('invalid', `${key}: invalid mount option`);
      return [key];
  }
}

/** Of devpts(5). */
function devptsWord({ key, value = '' }: Option): string[] {
  if (!/^\d+$/.test(value)) throw needsArgument(key);
  return [`${key}=${value}`];
}

function isOn({ key, value = 'true' }: Option): boolean {
  if (/^(1|t|T|true|True|TRUE)$/.test(value)) return true;
  if (/^(0|f|F|false|False|FALSE)$/.test(value)) return false;
  throw new BerthError('invalid', `invalid value ${JSON.stringify(`${key}=${value}`)}: write true or false`);
}

function needsArgument(what: string): BerthError {
  return new BerthError('invalid', `${what}: must provide an argument for option`);
}

function option(field: string): Option {
  const equals = field.indexOf('=');
  return equals < 0
    ? { key: field, value: undefined }
    : { key: field.slice(0, equals), value: field.slice(equals + 1) };
}

/** One line of RFC 4180: a field in quotes may have commas in it, and doubled quotes. Columns count from 1. */
function fields(text: string): string[] {
  const found: string[] = [];
  for (let at = 0; at <= text.length; at++) {
    if (text[at] !== '"') {
      const comma = text.indexOf(',', at);
      const end = comma < 0 ? text.length : comma;
      const quote = text.slice(at, end).indexOf('"');
      if (quote >= 0) throw quoteError('bare " in non-quoted-field', at + quote);
      found.push(text.slice(at, end));
      at = end;
      continue;
    }
    const begin = at + 1;
    do {
      at = text.indexOf('"', at + 1);
    } while (at >= 0 && text[at + 1] === '"' && ++at);
    const end = at < 0 ? text.length : at;
    if (at < 0 || (text[at + 1] ?? ',') !== ',')
      throw quoteError('extraneous or missing " in quoted-field', end);
    found.push(text.slice(begin, end).replaceAll('""', '"'));
    at++;
  }
  return found;
}

function quoteError(why: string, offset: number): BerthError {
  return new BerthError('invalid', `parse error on line 1, column ${offset + 1}: ${why}`);
}
