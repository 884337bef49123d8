import { execCommand, execDetached } from '../../lifecycle/exec.ts';
import type { Ports } from '../../lifecycle/ports.ts';
import { parseEnvFile, parseEnvFlags } from '../../model/env.ts';
import { BerthError } from '../../model/errors.ts';
import type { ContainerRecord } from '../../model/records.ts';
import { verdict } from '../../model/state.ts';
import { isTerminal } from '../../wiring/output.ts';
import type { Arguments, Command } from '../command.ts';
import { preservedDescriptors } from '../descriptors.ts';
import { DETACH_KEYS, detachKeys } from '../flags/attach.ts';
import { readEnvFile } from '../flags/env.ts';
import { latestContainer, SELECTING } from '../select.ts';

export const command: Command = {
  path: ['exec'],
  usage: 'CONTAINER COMMAND [ARG…]',
  summary: 'Run a command in a running container, on this terminal. Exits with its exit code.',
  flags: {
    detach: { type: 'bool', short: 'd', help: 'Leave it to run in the background and print its session' },
    'detach-keys': DETACH_KEYS,
    env: { type: 'strings', short: 'e', help: 'Set KEY=value' },
    'env-file': { type: 'strings', help: 'Read KEY=value lines from a file' },
    interactive: { type: 'bool', short: 'i', help: 'Pass standard input on' },
    latest: SELECTING.latest,
    'preserve-fd': { type: 'strings', help: 'Pass on these file descriptors, by commas' },
    'preserve-fds': { type: 'uint', help: 'Pass on so many file descriptors, from 3 on' },
    privileged: { type: 'bool', help: 'With all capabilities' },
    tty: { type: 'bool', short: 't', help: 'Give the command this terminal' },
    user: { type: 'string', short: 'u', help: 'User, user:group, uid or uid:gid' },
    wait: { type: 'int', help: 'Seconds to wait until the container exists and runs' },
    workdir: { type: 'string', short: 'w', help: 'Working directory' },
  },
  stopAtPositional: true,
  positionals: [0, Number.POSITIVE_INFINITY],
  async run(args, { ports, print, warn }) {
    const latest = args.bool('latest');
    const [name, ...words] = latest ? ['', ...args.positionals] : args.positionals;
    if (name === undefined)
      throw new BerthError('usage', 'exec requires the name or ID of a container or the --latest flag');
    const keys = detachKeys(args);
    const preserveFds = preservedDescriptors(args);
    const opened = await ports();
    const container = await find(args, name, opened);
    if (words.length === 0)
      throw new BerthError(
        'usage',
        'must provide a non-empty command to start an exec session: invalid argument',
      );
    const user = args.string('user');
    const workdir = args.string('workdir') || undefined;
    const [terminal, interactive] = [args.bool('tty'), args.bool('interactive')];
    const command = {
      args: words,
      env: [
        ...args.strings('env-file').flatMap((file) => parseEnvFile(readEnvFile(file), file, process.env)),
        ...parseEnvFlags(args.strings('env'), process.env),
      ],
      terminal,
      interactive,
      privileged: args.bool('privileged'),
      preserveFds,
      detachKeys: keys,
      ...(user === undefined ? {} : { user }),
      ...(workdir === undefined ? {} : { workdir }),
    };
    if (args.bool('detach')) {
      print(`${await execDetached(opened, container, command)}\n`);
      return 0;
    }
    if (terminal && interactive && !isTerminal(0))
      warn('The input device is not a TTY. The --tty and --interactive flags might not work properly');
    const onTerminal = terminal && interactive && isTerminal(0) && preserveFds.length === 0;
    return execCommand(opened, container, { ...command, onTerminal });
  },
};

/** The container; with --wait, once it exists and runs, or as it is when the time is up. */
async function find(args: Arguments, name: string, { store, host }: Ports): Promise<ContainerRecord> {
  const look = (): ContainerRecord => {
    return args.bool('latest') ? latestContainer({ store }) : store.findContainer(name);
  };
  const seconds = args.int('wait') ?? 0;
  if (seconds === 0) return look();
  let found: ContainerRecord | undefined;
  for (let leftMs = seconds * 1000; leftMs > 0; leftMs -= WAIT_POLL_MS) {
    try {
      found = look();
      if (verdict('exec', found.state.status) === 'allowed') return found;
    } catch (error) {
      if (!(error instanceof BerthError && error.code === 'no-such-container')) throw error;
    }
    await host.delay(WAIT_POLL_MS);
  }
  if (found !== undefined) return found;
  throw new BerthError('no-such-container', `timed out waiting for container: ${name}`);
}

const WAIT_POLL_MS = 50;
