/** The flags by which a command attaches to a container, and what they mean. */
import type { AttachOptions } from '../../lifecycle/attach.ts';
import { DEFAULT_DETACH_KEYS, parseDetachKeys } from '../../model/detach-keys.ts';
import { BerthError } from '../../model/errors.ts';
import type { Arguments, Flag } from '../command.ts';

export const DETACH_KEYS: Flag = {
  type: 'string',
  help: "Keys that leave the container running: letters or ctrl-X, by commas; '' for none",
  default: DEFAULT_DETACH_KEYS,
};

export const SIG_PROXY: Flag = {
  type: 'bool',
  help: 'Hand the signals that this command gets to the container',
  default: 'true',
};

export function detachKeys(args: Arguments): number[] {
  return parseDetachKeys(args.string('detach-keys') ?? DEFAULT_DETACH_KEYS);
}

const STREAMS = ['stdin', 'stdout', 'stderr'] as const;

/** Streams of `--attach`, in any case of letters; undefined if there is none. */
export function chosenStreams(args: Arguments): Pick<AttachOptions, (typeof STREAMS)[number]> | undefined {
  const chosen = args.strings('attach').flatMap((text) => text.split(','));
  if (chosen.length === 0) return undefined;
  for (const text of chosen) {
    if (STREAMS.some((name) => name === text.toLowerCase())) continue;
    throw new BerthError(
      'invalid',
      `invalid stream ${JSON.stringify(text)} for --attach - must be one of stdin, stdout, or stderr: invalid argument`,
    );
  }
  const has = (name: string): boolean => chosen.some((text) => text.toLowerCase() === name);
  return { stdin: has('stdin'), stdout: has('stdout'), stderr: has('stderr') };
}
