import { execa } from 'execa';
import { execCommand } from '../../lifecycle/exec.ts';
import type { Ports } from '../../lifecycle/ports.ts';
import { containerProcesses, runningPayload } from '../../lifecycle/top.ts';
import { DESCRIPTORS, topColumns } from '../../lifecycle/top-columns.ts';
import { BerthError } from '../../model/errors.ts';
import type { ContainerRecord } from '../../model/records.ts';
import type { Arguments, Command } from '../command.ts';
import { latestContainer } from '../select.ts';
import { table } from '../table.ts';

export const command: Command = {
  path: ['top'],
  usage: 'CONTAINER [DESCRIPTOR…|PS-ARGUMENT…]',
  summary: `Show the processes of a container.\n\nDescriptors: ${DESCRIPTORS.join(', ')}`,
  flags: {
    latest: { type: 'bool', short: 'l', help: 'The container that was created last' },
  },
  stopAtPositional: true,
  positionals: [0, Number.POSITIVE_INFINITY],
  async run(args, { ports, print }) {
    const opened = await ports();
    const { container, words } = selected(args, opened);
    const columns = topColumns(words);
    if (columns === undefined) return runPs(opened, container, { words, print });
    const { headings, rows } = containerProcesses(opened, container, columns);
    print(table(headings, rows));
    return 0;
  },
};

function selected(args: Arguments, ports: Ports): { container: ContainerRecord; words: string[] } {
  if (args.bool('latest')) return { container: latestContainer(ports), words: args.positionals };
  const [name, ...rest] = args.positionals;
  if (name === undefined)
    throw new BerthError('usage', 'you must provide the name or id of a running container');
  // `top NAME -- aux`: the dashes end what is Berth's.
  const words = rest[0] === '--' ? rest.slice(1) : rest;
  try {
    return { container: ports.store.findContainer(name), words };
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    throw new BerthError(error.code, `unable to look up requested container: ${error.message}`);
  }
}

/** ps(1) as it sees the container: the host's, in the container's PID namespace, or else the container's own. */
async function runPs(
  ports: Ports,
  container: ContainerRecord,
  { words, print }: { words: string[]; print: (text: string) => void },
): Promise<number> {
  const { pid } = runningPayload(ports, container);
  const programs = ['nsenter', 'unshare', 'ps'].map((program) => ports.host.findProgram(program));
  if (programs.includes(undefined)) {
    return execCommand(ports, container, {
      args: ['ps', ...words],
      env: [],
      terminal: false,
      interactive: false,
      privileged: false,
      preserveFds: [],
      detachKeys: [],
      onTerminal: false,
    });
  }
  const [nsenter = '', unshare = '', ps = ''] = programs;
  // unshare mounts a /proc of that PID namespace for ps alone.
  const inside = ['--target', String(pid), '--pid', '--', unshare, '--mount-proc', '--', ps, ...words];
  const result = await execa(nsenter, inside, { reject: false, stdin: 'ignore', stripFinalNewline: false });
  if (result.exitCode !== 0)
    throw new BerthError(
      'runtime',
      `ps(1) failed with exit code ${result.exitCode}: ${result.stderr.split('\n')[0]}`,
    );
  print(result.stdout);
  return 0;
}
