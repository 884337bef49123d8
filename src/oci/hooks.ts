/**
 * OCI hook files: which hooks run at which stage of which container. The form is version 1.0.0 of oci-hooks(5), as
 * CRI-O and Podman read it.
 */
import { BerthError, messageOf } from '../model/errors.ts';

/** A program that is run at some stage; config.md of the runtime specification, "POSIX-platform Hooks". */
export interface Hook {
  /** Absolute. */
  path: string;
  /** With the program's own name first; only that unless given. */
  args?: string[];
  /** The whole environment, if given. */
  env?: string[];
  /** Seconds. */
  timeout?: number;
}

/** Run by the runtime: they are a part of the spec. */
export const RUNTIME_STAGES = [
  ...(['prestart', 'createRuntime', 'createContainer'] as const),
  ...(['startContainer', 'poststart'] as const),
];
export type RuntimeStage = (typeof RUNTIME_STAGES)[number];

/** Run by Berth, `precreate` with the spec on standard input and output, `poststop` after the runtime's delete. */
export type HookStage = RuntimeStage | 'precreate' | 'poststop';

const STAGES: readonly string[] = [...RUNTIME_STAGES, 'precreate', 'poststop'];

/** One hook file. */
export interface HookFile {
  hook: Hook;
  matches: (container: HookedContainer) => boolean;
  stages: HookStage[];
}

/** What conditions may ask about. */
export interface HookedContainer {
  /** First word of the process. */
  command: string;
  annotations: Readonly<Record<string, string>>;
  /** Volumes and bind mounts that were asked for. */
  hasBindMounts: boolean;
}

export type Hooks = Partial<Record<HookStage, Hook[]>>;

/** The hooks of each stage that apply to a container, in the order of the files. */
export function hooksFor(files: readonly HookFile[], container: HookedContainer): Hooks {
  const found: Hooks = {};
  for (const { hook, matches, stages } of files) {
    if (!matches(container)) continue;
    for (const stage of stages) found[stage] = [...(found[stage] ?? []), hook];
  }
  return found;
}

/**
 * Reads a hook file.
 * @throws BerthError 'invalid' (126, as Podman) that names the file
 */
export function parseHookFile(text: string, file: string): HookFile {
  try {
    const { version, hook, when, stages } = objectOf(JSON.parse(text), 'the file');
    if (version !== '1.0.0') throw new Error(`unrecognized hook version: ${JSON.stringify(version ?? '')}`);
    if (stages === undefined) throw new Error('missing required property: stages');
    return {
      hook: parseHook(objectOf(hook, 'hook')),
      matches: parseWhen(objectOf(when ?? {}, 'when')),
      stages: strings(stages, 'stages').map(parseStage),
    };
  } catch (error) {
    throw new BerthError(
      'invalid',
      `setting up OCI Hooks: parsing hook ${JSON.stringify(file)}: ${messageOf(error)}`,
      {
        exitCode: 126,
      },
    );
  }
}

function parseHook({ path, args, env, timeout }: Record<string, unknown>): Hook {
  if (typeof path !== 'string') throw new Error('missing required property: hook.path');
  if (timeout !== undefined && !(Number.isSafeInteger(timeout) && Number(timeout) > 0))
    throw new Error('hook.timeout must be a whole number of seconds, greater than 0');
  return {
    path,
    ...(args === undefined ? {} : { args: strings(args, 'hook.args') }),
    ...(env === undefined ? {} : { env: strings(env, 'hook.env') }),
    ...(timeout === undefined ? {} : { timeout: Number(timeout) }),
  };
}

function parseStage(stage: string): HookStage {
  if (!STAGES.includes(stage)) throw new Error(`unknown stage ${JSON.stringify(stage)}`);
  return stage as HookStage;
}

type Condition = (container: HookedContainer) => boolean;

/** All given conditions must hold, any of the commands; one at least must be given. */
function parseWhen({
  always,
  annotations,
  commands,
  hasBindMounts,
}: Record<string, unknown>): HookFile['matches'] {
  const conditions: Condition[] = [];
  if (always !== undefined) {
    const holds = boolean(always, 'when.always');
    conditions.push(() => holds);
  }
  if (hasBindMounts !== undefined) {
    const wanted = boolean(hasBindMounts, 'when.hasBindMounts');
    conditions.push((container) => wanted && container.hasBindMounts);
  }
  for (const [keyPattern, valuePattern] of Object.entries(objectOf(annotations ?? {}, 'when.annotations'))) {
    const key = regex(keyPattern, 'annotation key');
    const value = regex(String(valuePattern), 'annotation value');
    conditions.push((container) =>
      Object.entries(container.annotations).some(([name, text]) => key.test(name) && value.test(text)),
    );
  }
  const patterns = strings(commands ?? [], 'when.commands').map((pattern) => regex(pattern, 'command'));
  if (patterns.length > 0)
    conditions.push(({ command }) => patterns.some((pattern) => pattern.test(command)));
  return (container) => conditions.length > 0 && conditions.every((holds) => holds(container));
}

/** Hook files are written for Go's regexp: flags in front and (?P<name> are the two forms that JavaScript spells otherwise. */
function regex(pattern: string, what: string): RegExp {
  const [, flags = '', rest = ''] = /^(?:\(\?([ims]+)\))?(.*)$/s.exec(pattern) ?? [];
  try {
    return new RegExp(rest.replaceAll('(?P<', '(?<'), flags);
  } catch (error) {
    throw new Error(`invalid ${what} ${JSON.stringify(pattern)}: ${messageOf(error)}`);
  }
}

function objectOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new Error(`${what} must be an object`);
}

function strings(value: unknown, what: string): string[] {
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw new Error(`${what} must be a list of strings`);
}

function boolean(value: unknown, what: string): boolean {
  if (typeof value === 'boolean') return value;
  throw new Error(`${what} must be true or false`);
}
