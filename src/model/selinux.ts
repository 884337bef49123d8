/**
 * SELinux labels of containers, chosen as Podman chooses them (podman-run(1), `--security-opt label=`). A process label and
 * the label of the container's files have a pair of categories that no other container has; what is shared has none. Pure.
 */
import { BerthError } from './errors.ts';

/** Whole labels, `user:role:type:level`; '' where there is none. */
export interface SelinuxLabels {
  process: string;
  /** Of everything that is mounted for the container alone; where a container has labels, it has this one. */
  mount: string;
}

/** What the host's policy has for containers: the file `lxc_contexts`, or container-selinux's own in its place. */
export interface SelinuxContexts {
  process?: string;
  file?: string;
  /** For a payload that is systemd. */
  initProcess?: string;
}

interface Context {
  user: string;
  role: string;
  type: string;
  /** Absent in a policy without levels. */
  level?: string;
}

/** Where the kernel shows its policy; a container with `label=nested` has it too. */
export const SELINUX_FILES = '/sys/fs/selinux';

const CATEGORIES = 1024;
/** Pairs of two different ones. */
const PAIRS = (CATEGORIES * (CATEGORIES - 1)) / 2;
/** Of the files of containers that are not confined: never a confined one's. */
const UNCONFINED_LEVEL = `s0:c${CATEGORIES - 2},c${CATEGORIES - 1}`;
const SHARED_LEVEL = 's0';

/** `KEY = "VALUE"` lines of the policy's contexts for containers; others are left out. */
export function parseContexts(text: string): SelinuxContexts {
  const values = settings(text);
  const { process, file, init_process: initProcess } = values;
  return {
    ...(process ? { process } : {}),
    ...(file ? { file } : {}),
    ...(initProcess ? { initProcess } : {}),
  };
}

/** SELINUXTYPE of /etc/selinux/config (selinux_config(5)): the directory of the policy; undefined if it is not said. */
export function policyName(text: string): string | undefined {
  return settings(text).SELINUXTYPE || undefined;
}

function settings(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => !/^\s*[#;]/.test(line));
  return Object.fromEntries(
    lines.flatMap((line) => {
      const [, key, value] = /^\s*([^=\s]+)\s*=\s*"?([^"]*?)"?\s*$/.exec(line) ?? [];
      return key === undefined || value === undefined ? [] : [[key, value]];
    }),
  );
}

export interface LabelRequest {
  /** Values of `label=` in order: `disable`, or `user:`, `role:`, `type:`, `level:` or `filetype:` with a value. */
  options: readonly string[];
  /** Of those whose namespaces are joined, by joinedOptions; they count after the person's own. */
  joined?: readonly string[];
  isSystemd?: boolean;
}

export interface LabelSupply {
  contexts: SelinuxContexts;
  /** Levels of the containers that there are. */
  used: ReadonlySet<string>;
  /** A whole number from 0 to 2^32 - 1. */
  random: number;
}

/**
 * The labels of a new container. One that is not confined (`disable`) has none for its process, and one for its files that
 * confined containers cannot read. A policy that has nothing for containers gives no process label either.
 * @throws BerthError `invalid` for an option that is none
 */
export function selinuxLabels(
  { options, joined = [], isSystemd = false }: LabelRequest,
  { contexts, used, random }: LabelSupply,
): SelinuxLabels {
  const asked = parseOptions([...options, ...joined]);
  if (contexts.process === undefined || contexts.file === undefined)
    return { process: '', mount: contexts.file ?? '' };
  const process = parseLabel(contexts.process);
  const mount = parseLabel(contexts.file);
  if (asked === 'disable') return { process: '', mount: text({ ...mount, level: UNCONFINED_LEVEL }) };
  if (process.level !== undefined) {
    process.level = asked.level ?? freeLevel(used, random);
    mount.level = process.level;
  }
  const { filetype, ...ofProcess } = asked;
  Object.assign(process, ofProcess);
  if (asked.user !== undefined) mount.user = asked.user;
  if (asked.level !== undefined) mount.level = asked.level;
  if (filetype !== undefined) mount.type = filetype;
  if (
    isSystemd &&
    contexts.initProcess !== undefined &&
    !options.some((option) => option.startsWith('type:'))
  )
    process.type = parseLabel(contexts.initProcess).type;
  return { process: text(process), mount: text(mount) };
}

const OPTIONS = ['user', 'role', 'type', 'level', 'filetype'] as const;
type Asked = Partial<Record<(typeof OPTIONS)[number], string>>;

/**
 * What the options come to; a later one of a kind counts.
 * @throws BerthError `invalid`
 */
export function parseOptions(options: readonly string[]): Asked | 'disable' {
  const asked: Asked = {};
  for (const option of options) {
    if (option === 'disable') return 'disable';
    const [, word = '', value] = /^([^:]*)(?::(.*))?$/s.exec(option) ?? [];
    const key = OPTIONS.find((known) => known === word);
    if (key === undefined || !value)
      throw new BerthError(
        'invalid',
        `bad label option ${JSON.stringify(option)}: use disable, or one of ${OPTIONS.join(', ')} followed by ':' and a value`,
      );
    asked[key] = value;
  }
  return asked;
}

/** Options by which a container gets the process label of one whose processes or memory it shares; none for none. */
export function joinedOptions(processLabel: string): string[] {
  if (processLabel === '') return [];
  const { user, role, type, level } = parseLabel(processLabel);
  return [`user:${user}`, `role:${role}`, `type:${type}`, ...(level === undefined ? [] : [`level:${level}`])];
}

/** The labels of a container, unless the host has no SELinux any more: then nothing could be labelled. */
export function labelsInForce(
  { selinux }: { selinux?: SelinuxLabels },
  isEnabled: () => boolean,
): SelinuxLabels | undefined {
  return selinux !== undefined && isEnabled() ? selinux : undefined;
}

/** The level of a label; undefined for one without. */
export function levelOf(label: string): string | undefined {
  return parseLabel(label).level;
}

/** The same for what all containers may use. */
export function sharedLabel(label: string): string {
  const context = parseLabel(label);
  return text(context.level === undefined ? context : { ...context, level: SHARED_LEVEL });
}

/** Of a mount that one container has or, with `z`, shares; undefined if it keeps the labels that it has. */
export function relabelTo(options: readonly string[], mountLabel: string): string | undefined {
  if (options.includes('Z')) return mountLabel;
  return options.includes('z') ? sharedLabel(mountLabel) : undefined;
}

/** The option of mount(8) by which a whole file system has a label, or with `nested` only its root. A level has commas. */
export function contextOption(label: string, { nested = false } = {}): string {
  return `${nested ? 'rootcontext' : 'context'}="${label}"`;
}

/** Directories whose content other services of the host need with the labels that it has; as for Podman. */
const NOT_TO_RELABEL =
  /^\/(|bin|boot|dev|etc(\/(passwd|pki|shadow))?|home|lib|lib64|media|opt|proc|root|run|sbin|srv|sys|tmp|usr|var(\/(lib|log))?)$/;

/**
 * Throws BerthError `invalid` for a path of the host that must keep its labels.
 * @param homes home directories that must, too
 */
export function assertMayRelabel(path: string, homes: readonly string[] = []): void {
  const plain = path === '/' ? path : path.replace(/\/+$/, '');
  if (!NOT_TO_RELABEL.test(plain) && !homes.includes(plain)) return;
  throw new BerthError(
    'invalid',
    `SELinux relabeling of ${path} is not allowed: mount a directory below it, or use --security-opt label=disable without z and Z`,
  );
}

/** The first free one from a random place on: with all others taken it is still found, or said that there is none. */
function freeLevel(used: ReadonlySet<string>, random: number): string {
  for (let step = 0; step < PAIRS; step++) {
    const level = levelAt((random + step) % PAIRS);
    if (level !== UNCONFINED_LEVEL && !used.has(level)) return level;
  }
  throw new BerthError('state', `all ${PAIRS} pairs of SELinux categories are taken: remove containers`);
}

/** Pairs in the order (0,1), (0,2), (1,2), (0,3) … */
function levelAt(index: number): string {
  const high = Math.floor((1 + Math.sqrt(1 + 8 * index)) / 2);
  return `s0:c${index - (high * (high - 1)) / 2},c${high}`;
}

function parseLabel(label: string): Context {
  const [user = '', role = '', type = '', ...level] = label.split(':');
  return { user, role, type, ...(level.length === 0 ? {} : { level: level.join(':') }) };
}

function text({ user, role, type, level }: Context): string {
  return [user, role, type, ...(level === undefined ? [] : [level])].join(':');
}
