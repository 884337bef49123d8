/** The flags of the environment. */
import { readFileSync } from 'node:fs';
import type { CreateRequest } from '../../model/create-config.ts';
import { parseEnvFile, parseEnvFlags } from '../../model/env.ts';
import { BerthError, systemReason } from '../../model/errors.ts';
import type { Arguments, Flag } from '../command.ts';

export const ENV_FLAGS: Record<string, Flag> = {
  env: { type: 'strings', short: 'e', help: 'Set KEY=value, or pass KEY on' },
  'env-file': { type: 'strings', help: 'Read KEY=value lines from a file' },
  'env-host': { type: 'bool', help: 'Pass the whole environment on' },
  'env-merge': { type: 'strings', help: "Set KEY=value, in which $NAME is the image's variable" },
  'http-proxy': { type: 'bool', help: 'Pass http_proxy and its like on', default: 'true' },
  unsetenv: { type: 'strings', help: "Leave out a variable of the image's or Berth's own" },
  'unsetenv-all': { type: 'bool', help: 'Leave out all of these' },
};

/** What --http-proxy passes on, in small letters and in capitals (containers.conf(5), http_proxy). */
const PROXY_VARIABLES = ['http_proxy', 'https_proxy', 'ftp_proxy', 'no_proxy'];

/** `own` is the caller's environment. Reads --env-file. Throws BerthError in Podman's words. */
export function envRequest(
  args: Arguments,
  own: Record<string, string | undefined>,
): Pick<CreateRequest, 'env' | 'envMerge' | 'unsetEnv'> {
  const merge = args.strings('env-merge');
  for (const entry of merge)
    if (!entry.includes('='))
      throw new BerthError('invalid', `missing \`=\` for --env-merge substitution ${entry}`);
  const unset = unsetEnv(args);
  return {
    env: [
      ...(args.bool('http-proxy', true) ? proxies(own) : []),
      ...(args.bool('env-host') ? parseEnvFlags(['*'], own) : []),
      ...args.strings('env-file').flatMap((file) => parseEnvFile(readEnvFile(file), file, own)),
      ...parseEnvFlags(args.strings('env'), own),
    ],
    ...(merge.length === 0 ? {} : { envMerge: merge }),
    ...(unset === undefined ? {} : { unsetEnv: unset }),
  };
}

/** Text of an --env-file; an unreadable one is a BerthError. */
export function readEnvFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new BerthError('invalid', `parsing file ${JSON.stringify(file)}: ${systemReason(error)}`, {
      cause: error,
    });
  }
}

function proxies(own: Record<string, string | undefined>): string[] {
  return parseEnvFlags(
    PROXY_VARIABLES.flatMap((name) => [name, name.toUpperCase()]),
    own,
  );
}

function unsetEnv(args: Arguments): CreateRequest['unsetEnv'] {
  const names = args.strings('unsetenv').filter((name) => name !== '');
  return args.bool('unsetenv-all') ? 'ALL' : names.length === 0 ? undefined : names;
}
