/** netavark: connects a network namespace to networks and takes it out of them (netavark(8)), its JSON on standard input. */
import { BerthError } from '../model/errors.ts';
import type { NetworkRequest, NetworkStatus } from '../model/network/network.ts';
import { type RunResult, run } from '../sys/spawn.ts';
import { networkProgram, PROGRAM_DIRECTORIES } from './programs.ts';

/** Podman's own directory: whoever uses a network together has one firewall and one name server (aardvark-dns) for it. */
export const RUN_DIRECTORY = '/run/containers/networks';

/** netavark waits for its own lock, and for aardvark-dns; beyond this something is stuck. */
const TIMEOUT_MS = 60_000;

/**
 * Puts the namespace into the networks of the request. Throws BerthError 'network', in netavark's words.
 * Its addresses are those of the request: netavark allocates none.
 */
export async function setUp(
  namespace: string,
  request: NetworkRequest,
): Promise<Record<string, NetworkStatus>> {
  const result = await netavark(['setup', namespace], request);
  if (result.code !== 0) throw failure(reasons(result).join(': '));
  const { stdout } = result;
  try {
    return JSON.parse(stdout) as Record<string, NetworkStatus>;
  } catch (error) {
    throw new BerthError(
      'network',
      `netavark answered ${JSON.stringify(stdout.slice(0, 200))}, which is no JSON`,
      {
        cause: error,
      },
    );
  }
}

/**
 * Takes the namespace out of the networks, with the rules and names that it had. netavark does all that it can, and then
 * tells of what was not there, too: that is success. Throws BerthError 'network' for the rest.
 */
export async function tearDown(namespace: string, request: NetworkRequest): Promise<void> {
  const result = await netavark(['teardown', namespace], request);
  if (result.code === 0) return;
  const left = reasons(result).filter((text) => !IS_GONE.test(text));
  if (left.length > 0) throw failure(left.join('; '));
}

/**
 * Gives the running name server of a network other servers to ask; where none runs for it, that is success. Throws BerthError
 * 'network'.
 */
export async function updateServers(network: string, servers: readonly string[]): Promise<void> {
  const result = await netavark(['update', network, '--network-dns-servers', servers.join(',')]);
  if (result.code !== 0) throw failure(reasons(result).join(': '));
}

/** ENOENT, ENODEV and ENXIO, as Rust words them; but not of a program (nft, iptables) that could not be run. */
const IS_GONE = /^(?!.*unable to execute).*\(os error (2|6|19)\)$/;

/**
 * Nothing of the caller's: a firewall that was set up by a unit is taken down by `berth run` of a cron job, whose PATH lacks the
 * directories of nft and iptables, and netavark chooses the firewall by a variable ($NETAVARK_FW).
 */
const ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  RUST_LOG: 'netavark=warn',
};

/** Throws BerthError 'missing-program': before anything is done that it would have to undo. */
export function assertInstalled(): void {
  helper('netavark');
}

async function netavark(words: [verb: string, ...string[]], request?: NetworkRequest): Promise<RunResult> {
  const result = await run(
    helper('netavark'),
    [
      ...['--config', RUN_DIRECTORY, '--rootless=false', `--aardvark-binary=${helper('aardvark-dns')}`],
      ...words,
    ],
    {
      ...(request === undefined ? {} : { input: JSON.stringify(request) }),
      env: ENVIRONMENT,
      timeoutMs: TIMEOUT_MS,
    },
  );
  if (result.timedOut) throw failure(`${words[0]} took longer than ${TIMEOUT_MS / 1000} s`);
  return result;
}

function failure(why: string): BerthError {
  return new BerthError('network', `netavark: ${why}`, { exitCode: 126 });
}

/** `{"error": TEXT}` on standard output, several with a line each; a panic is on the other one. */
function reasons({ code, stdout, stderr }: RunResult): string[] {
  try {
    const { error } = JSON.parse(stdout) as { error?: unknown };
    if (typeof error === 'string')
      return error
        .split('\n')
        .filter((line) => !/multiple errors:$/.test(line))
        .map((line) => line.replace(/^\s*(- )?/, '').trimEnd())
        .filter(Boolean);
  } catch {
    // Then it has said nothing of its own.
  }
  return [stderr.trim().split('\n').at(-1) || `exit code ${code}`];
}

function helper(name: 'netavark' | 'aardvark-dns'): string {
  const file = (name === 'netavark' && process.env.BERTH_NETAVARK) || networkProgram(name);
  // Without aardvark-dns netavark goes on: a network without names needs none.
  if (file !== undefined || name === 'aardvark-dns') return file ?? '';
  throw new BerthError(
    'missing-program',
    `could not find ${JSON.stringify(name)} in ${PROGRAM_DIRECTORIES.join(', ')}: install the package netavark, or use --network none or host`,
  );
}
